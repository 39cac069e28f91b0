//! The form for a new environment, with its live preview.

use super::allowances::Standing;
use super::error::PageError;
use super::fields::{Errors, Fields, Query, Rules, errors};
use super::page::{Page, html, html_with};
use super::session::SignedIn;
use super::state::Web;
use crate::actions::allowances;
use crate::actions::creation::{self, Draft};
use crate::actions::environments::Refusal;
use crate::actions::sources::{self, Look};
use crate::domain::environment::Suffix;
use crate::domain::invalid::{Wrong, Wrongs};
use crate::domain::name::{self, isolated};
use crate::domain::source::BuiltFrom;
use crate::domain::variable;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize)]
struct Form {
    name: String,
    repository: String,
    source_repository: String,
    source_branch: String,
    /// The names of variables, without their values.
    variables: String,
    memory: String,
    cpus: String,
    suffix: String,
    errors: Errors,
}

/// The form's fields, which its preview sends too.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    name: String,
    password: SecretString,
    repository: String,
    source_repository: String,
    source_branch: String,
    variables: SecretString,
    memory: String,
    cpus: String,
    suffix: String,
    deploy: String,
}

#[derive(Debug, Serialize)]
struct Preview {
    host: String,
    problem: Option<String>,
}

/// What is known of what was chosen to build from.
#[derive(Debug, Serialize)]
struct Chosen {
    sentence: String,
    bad: bool,
}

impl Chosen {
    /// What is known without looking.
    fn standard(web: &Web) -> Self {
        let BuiltFrom { repository, branch } = sources::standard(&web.app);
        Self {
            sentence: format!("Without a choice it is {branch} of {repository}."),
            bad: false,
        }
    }

    fn new(web: &Web, look: Look) -> Self {
        let sentence = match look {
            Look::Standard => return Self::standard(web),
            Look::Wrong(wrongs) => {
                let each = wrongs.iter().map(|wrong| wrong.invalid.to_string());
                let sentence = each.collect::<Vec<_>>().join(" ");
                return Self {
                    sentence,
                    bad: true,
                };
            }
            Look::Found(source) => format!(
                "It can be read: {} of {}.",
                source.branch, source.repository
            ),
            Look::Silent(why) => format!(
                "It cannot be reached from here now: {why}. You may create the environment all the same; its deployment says whether Coolify can read it."
            ),
            Look::Later => "It is looked at when you send the form.".to_owned(),
        };
        Self {
            sentence,
            bad: false,
        }
    }
}

#[derive(Serialize)]
struct New {
    page: Page,
    form: Form,
    preview: Preview,
    chosen: Chosen,
    /// What may be created yet.
    allowed: Standing,
    rules: Rules,
    demo: bool,
}

/// The form for a new environment; it reserves the address's suffix.
pub async fn new(State(web): State<Web>, me: SignedIn) -> Result<Response, PageError> {
    let form = Form {
        suffix: creation::suffix().as_str().to_owned(),
        ..Form::default()
    };
    form_page(&web, &me, StatusCode::OK, form).await
}

async fn form_page(
    web: &Web,
    me: &SignedIn,
    status: StatusCode,
    mut form: Form,
) -> Result<Response, PageError> {
    let suffix = Suffix::parse(&form.suffix).unwrap_or_else(creation::suffix);
    suffix.as_str().clone_into(&mut form.suffix);
    let mut preview = preview_of(web, &form.name, &suffix).await?;
    if form.errors.has("name") {
        preview.problem = None;
    }
    let standing = allowances::of(&web.app, me.user.id).await?;
    let page = Page::new(&me.visitor, "New environment").await;
    let mut page = page.refused(form.errors.any());
    // The form is submitted to the list's path.
    "/environments/new".clone_into(&mut page.url);
    Ok(html_with(
        status,
        "environments/new.html",
        New {
            page,
            form,
            preview,
            chosen: Chosen::standard(web),
            allowed: Standing::from(&standing),
            rules: Rules::default(),
            demo: web.demo,
        },
    ))
}

async fn preview_of(web: &Web, name: &str, suffix: &Suffix) -> Result<Preview, PageError> {
    let (host, invalid) = creation::preview(&web.app, name, suffix).await?;
    let host = host.unwrap_or_else(|| web.app.domain.host(&format!("…-{}", suffix.as_str())));
    Ok(Preview {
        host,
        problem: invalid.map(|invalid| invalid.to_string()),
    })
}

/// Previews the address for a name, and whether the name is available.
pub async fn preview(
    State(web): State<Web>,
    _me: SignedIn,
    Query(typed): Query<Typed>,
) -> Result<Response, PageError> {
    let suffix = Suffix::parse(&typed.suffix).unwrap_or_else(creation::suffix);
    let preview = preview_of(&web, &typed.name, &suffix).await?;
    Ok(html(
        "environments/_preview.html",
        serde_json::json!({ "preview": preview }),
    ))
}

/// Redirects to the form. Open pages of a release that asked with a query would put that page into their form: their request
/// changes nothing there.
pub async fn page(RawQuery(query): RawQuery) -> Response {
    if query.is_some_and(|query| !query.is_empty()) {
        return StatusCode::NO_CONTENT.into_response();
    }
    Redirect::to("/environments/new").into_response()
}

/// Looks whether what is chosen to build from can be read. What is typed may hold a secret, so it is in no query.
pub async fn source(
    State(web): State<Web>,
    me: SignedIn,
    Fields(typed): Fields<Typed>,
) -> Response {
    let (repository, branch) = (&typed.source_repository, &typed.source_branch);
    let look = sources::look(&web.app, me.user.id, repository, branch).await;
    html(
        "environments/_source.html",
        serde_json::json!({ "chosen": Chosen::new(&web, look) }),
    )
}

/// Creates an environment, and deploys it if requested.
pub async fn create(
    State(web): State<Web>,
    me: SignedIn,
    Fields(typed): Fields<Typed>,
) -> Result<Response, PageError> {
    let deploy = matches!(typed.deploy.as_str(), "1" | "true" | "on");
    let variables = variable::lines(typed.variables.expose_secret());
    // Nobody sees the field, so an odd value is none.
    let suffix = Suffix::parse(&typed.suffix);
    let draft = Draft {
        name: &typed.name,
        password: typed.password.expose_secret(),
        suffix: suffix.as_ref().map_or("", Suffix::as_str),
        repository: &typed.repository,
        source_repository: &typed.source_repository,
        source_branch: &typed.source_branch,
        variables: &variables,
        memory: &typed.memory,
        cpus: &typed.cpus,
        deploy,
    };
    let (wrongs, form_error) = match creation::create(&web.app, &me.actor(), &draft).await {
        Ok(id) => {
            me.visitor.is_at_home().await;
            me.visitor.accepted(created(&typed.name, deploy), id).await;
            me.visitor.warn_of_password(draft.password).await;
            return Ok(Redirect::to(&format!("/environments#{id}")).into_response());
        }
        Err(refusal) => refused(refusal)?,
    };
    let form = again(typed, &wrongs, form_error);
    form_page(&web, &me, StatusCode::UNPROCESSABLE_ENTITY, form).await
}

/// The form as it was sent, without what is secret.
fn again(typed: Typed, wrongs: &[Wrong], form_error: Option<String>) -> Form {
    let mut errors = errors(wrongs);
    let mut suffix = typed.suffix;
    if let Some(sentence) = form_error {
        errors.insert("form", sentence);
        creation::suffix().as_str().clone_into(&mut suffix);
    }
    Form {
        name: typed.name,
        repository: typed.repository,
        source_repository: typed.source_repository,
        source_branch: typed.source_branch,
        variables: variable::names(typed.variables.expose_secret()),
        memory: typed.memory,
        cpus: typed.cpus,
        suffix,
        errors,
    }
}

fn created(name: &str, deploy: bool) -> String {
    let name = isolated(&name::shown(name));
    if deploy {
        format!("{name} is created, and is being deployed.")
    } else {
        format!("{name} is created. Deploy it when you like.")
    }
}

/// Field errors, or a message about the whole form; any other refusal becomes an error page.
fn refused(refusal: Refusal) -> Result<(Wrongs, Option<String>), PageError> {
    match refusal {
        Refusal::Wrong(wrongs) => Ok((wrongs, None)),
        Refusal::NotNow(sentence) => Ok((vec![], Some(sentence.to_owned()))),
        Refusal::Limit(reached) => Ok((vec![], Some(reached.to_string()))),
        refusal => Err(refusal.into()),
    }
}
