//! What environments are built from: which repository and branch people choose, and whether they can be read.

use super::refusal::Refusal;
use crate::app::App;
use crate::coolify::Unread;
use crate::domain::id::UserId;
use crate::domain::invalid::{Invalid, Wrong, Wrongs};
use crate::domain::source::BuiltFrom;
use crate::redis::limits::SOURCES_BY_USER;

/// What was found of a choice, while it is typed.
#[derive(Debug)]
pub enum Look {
    /// Nothing else than the standard is chosen.
    Standard,
    Found(BuiltFrom),
    Wrong(Wrongs),
    /// Its host does not answer; why, as the end of a sentence.
    Silent(&'static str),
    /// It was looked at too often.
    Later,
}

/// What is taken when nothing is chosen.
pub fn standard(app: &App) -> &BuiltFrom {
    &app.repositories.choices().standard
}

/// The repository and the branch that an environment is built from: what was chosen for it, or else the standard.
pub fn of<'a>(
    app: &'a App,
    repository: Option<&'a str>,
    branch: Option<&'a str>,
) -> (&'a str, &'a str) {
    let standard = standard(app);
    (
        repository.unwrap_or(&standard.repository),
        branch.unwrap_or(&standard.branch),
    )
}

/// Looks at a choice.
pub async fn look(app: &App, who: UserId, repository: &str, branch: &str) -> Look {
    let source = match app.repositories.choices().choose(repository, branch) {
        Ok(Some(source)) => source,
        Ok(None) => return Look::Standard,
        Err(wrongs) => return Look::Wrong(wrongs),
    };
    let read = match app.repositories.recent(&source) {
        Some(read) => read,
        None if is_limited(app, who).await => return Look::Later,
        None => app.repositories.read(&source).await,
    };
    match read {
        Ok(()) => Look::Found(source),
        Err(Unread::Unreachable(why)) => Look::Silent(why),
        Err(unread) => Look::Wrong(vec![wrong(unread)]),
    }
}

async fn is_limited(app: &App, who: UserId) -> bool {
    let taken = app.limits.take(&SOURCES_BY_USER, &who.to_string()).await;
    taken.is_err()
}

/// Makes sure that what was chosen can be read. A host that does not answer is no hindrance: Coolify may reach it, and the
/// deployment says it otherwise.
///
/// # Errors
/// When it is wrong, or was looked at too often.
pub async fn check(app: &App, who: UserId, source: Option<&BuiltFrom>) -> Result<(), Refusal> {
    let Some(source) = source else {
        return Ok(());
    };
    match look(app, who, &source.repository, &source.branch).await {
        Look::Wrong(wrongs) => Err(Refusal::Wrong(wrongs)),
        Look::Later => Err(Refusal::NotNow(
            "Repositories were looked at too often. Wait a minute, then send the form again.",
        )),
        Look::Standard | Look::Found(_) | Look::Silent(_) => Ok(()),
    }
}

fn wrong(unread: Unread) -> Wrong {
    let (field, invalid) = match unread {
        Unread::NoBranch => ("source_branch", Invalid::SourceBranchMissing),
        Unread::NoGit => ("source_repository", Invalid::SourceNoGit),
        Unread::NoAddress => ("source_repository", Invalid::SourceHost),
        Unread::NoRepository | Unread::Unreachable(_) => {
            ("source_repository", Invalid::SourceMissing)
        }
    };
    Wrong { field, invalid }
}
