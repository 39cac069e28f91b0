//! What builds are told to do: end well, or fail in one of the ways builds fail.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    #[default]
    Finish,
    FailBuild,
    FailClone,
    FailBranch,
    DiskFull,
    OutOfMemory,
    /// The server refuses connections when the build begins.
    ServerOff,
    Unhealthy,
    /// Ends well, and the container crashes a moment later.
    ExitAfterStart,
    StuckQueued,
    StuckInProgress,
    /// Ends well, but the application's status says so much later.
    SlowStatus,
    /// Ends well and runs, but its address answers 502 for ever.
    NeverAnswers,
    SlowBuild,
}

impl Outcome {
    /// What an application's name asks for by its beginning, in demonstrations.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            name if name.starts_with("fail") => Some(Self::FailBuild),
            name if name.starts_with("slow") => Some(Self::SlowBuild),
            name if name.starts_with("exit") => Some(Self::ExitAfterStart),
            name if name.starts_with("silent") => Some(Self::NeverAnswers),
            _ => None,
        }
    }
}

/// An order to the next builds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The name or identifier of the application meant; every one when absent.
    pub application: Option<String>,
    pub outcome: Outcome,
    /// How many builds it holds for; all when absent.
    pub times: Option<u32>,
}

/// What the next build of an application does: counted orders first and in turn, then those without end, of which one
/// for this very application wins, or else the newest.
pub fn next(plans: &mut Vec<Plan>, name: &str, uuid: &str) -> Outcome {
    plans.retain(|plan| plan.times != Some(0));
    let concerns = |plan: &Plan| {
        let wanted = plan.application.as_deref();
        wanted.is_none_or(|wanted| wanted == name || wanted == uuid)
    };
    let counted = |plan: &&mut Plan| plan.times.is_some() && concerns(plan);
    if let Some(plan) = plans.iter_mut().find(counted) {
        plan.times = plan.times.map(|times| times - 1);
        return plan.outcome;
    }
    let endless = plans.iter().filter(|plan| concerns(plan));
    let nearest = endless.max_by_key(|plan| plan.application.is_some());
    nearest.map_or(Outcome::Finish, |plan| plan.outcome)
}
