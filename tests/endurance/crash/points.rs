//! Where the dashboard dies: every call and every commit of each journey. It must not know what happens then.

use serde_json::{Value, json};

/// What is under way when the dashboard dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journey {
    Deploy,
    /// A running environment is deployed again.
    Redeploy,
    /// A running environment whose variable is to be removed, and whose memory and CPUs were changed, is deployed again.
    Change,
    /// A running environment is deleted.
    Remove,
    /// An environment is deleted while Coolify builds it. The build does not end by itself.
    RemoveBuild,
    /// A deployment is cancelled while Coolify builds. The build does not end by itself.
    Cancel,
}

/// Where the dashboard dies.
#[derive(Debug, Clone, Copy)]
pub enum At {
    /// It has asked for this call, for the n-th time, and Coolify has not done it; it never will.
    BeforeCall(&'static str, u32),
    /// Coolify has done it, and the answer is on its way.
    AfterCall(&'static str, u32),
    /// It has asked, and Coolify does it much later.
    LateCall(&'static str, u32),
    /// The n-th time it is about to commit, or has just committed.
    Commit(&'static str, u32),
}

#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub journey: Journey,
    pub at: At,
}

/// Every crash point; those that take longest first. `CRASH` narrows them to those whose name contains it.
pub fn points() -> Vec<Point> {
    let mut points = Vec::new();
    let mut add = |journey, at| points.push(Point { journey, at });
    for call in ["create", "deploy"] {
        add(Journey::Deploy, At::BeforeCall(call, 1));
        add(Journey::Deploy, At::LateCall(call, 1));
        add(Journey::Deploy, At::AfterCall(call, 1));
    }
    add(Journey::Redeploy, At::LateCall("deploy", 1));
    for call in ["update", "envs_delete"] {
        add(Journey::Change, At::LateCall(call, 1));
    }
    let calls = [
        (Journey::Deploy, "envs", 1),
        (Journey::Deploy, "storages_add", 4),
        (Journey::Deploy, "deployment", 2),
        (Journey::Deploy, "deployments", 2),
        (Journey::Deploy, "address", 1),
        (Journey::Redeploy, "application", 1),
        (Journey::Redeploy, "storages_list", 1),
        (Journey::Redeploy, "deployments_of_application", 1),
        (Journey::Redeploy, "deploy", 1),
        (Journey::Change, "update", 1),
        (Journey::Change, "envs_list", 1),
        (Journey::Change, "envs_delete", 2),
        (Journey::Remove, "deployments_of_application", 1),
        (Journey::Remove, "delete", 1),
        (Journey::Remove, "application", 1),
        (Journey::RemoveBuild, "cancel", 1),
        (Journey::RemoveBuild, "delete", 1),
        (Journey::Cancel, "cancel", 1),
        (Journey::Cancel, "application", 1),
    ];
    for (journey, call, times) in calls {
        for nth in 1..=times {
            add(journey, At::BeforeCall(call, nth));
            add(journey, At::AfterCall(call, nth));
        }
    }
    add(Journey::Remove, At::LateCall("delete", 1));
    let commits = [
        (Journey::Deploy, "asked", 1),
        (Journey::Deploy, "turn", 1),
        (Journey::Deploy, "lease", 3),
        (Journey::Deploy, "hold", 7),
        (Journey::Deploy, "application", 1),
        (Journey::Deploy, "password", 1),
        (Journey::Deploy, "variables", 1),
        (Journey::Deploy, "job", 3),
        (Journey::Deploy, "again", 1),
        (Journey::Deploy, "verdict", 2),
        (Journey::Change, "resources", 1),
        (Journey::Change, "removed", 1),
        (Journey::Remove, "asked", 1),
        (Journey::Remove, "lease", 1),
        (Journey::Remove, "job", 1),
        (Journey::Remove, "verdict", 1),
        (Journey::RemoveBuild, "job", 2),
        (Journey::Cancel, "job", 2),
    ];
    for (journey, commit, times) in commits {
        for nth in 1..=times {
            for name in ends(commit) {
                add(journey, At::Commit(name, nth));
            }
        }
    }
    for nth in 1..=2 {
        add(Journey::Deploy, At::Commit("claim.after", nth));
    }
    add(Journey::Remove, At::Commit("claim.after", 1));
    let wanted = std::env::var("CRASH").unwrap_or_default();
    points.retain(|point| point.label().contains(&wanted));
    points
}

/// The two points of a commit, by the names they have in the dashboard.
fn ends(commit: &str) -> [&'static str; 2] {
    match commit {
        "asked" => ["asked.before", "asked.after"],
        "turn" => ["turn.before", "turn.after"],
        "lease" => ["lease.before", "lease.after"],
        "hold" => ["hold.before", "hold.after"],
        "application" => ["application.before", "application.after"],
        "password" => ["password.before", "password.after"],
        "variables" => ["variables.before", "variables.after"],
        "resources" => ["resources.before", "resources.after"],
        "removed" => ["removed.before", "removed.after"],
        "job" => ["job.before", "job.after"],
        "again" => ["again.before", "again.after"],
        _ => ["verdict.before", "verdict.after"],
    }
}

impl Point {
    pub fn label(self) -> String {
        let at = match self.at {
            At::BeforeCall(call, nth) => format!("call {call} {nth}, not done"),
            At::AfterCall(call, nth) => format!("call {call} {nth}, done, no answer"),
            At::LateCall(call, nth) => format!("call {call} {nth}, done 28 s later"),
            At::Commit(name, nth) => {
                let (commit, end) = name.split_once('.').unwrap_or((name, ""));
                format!("commit {commit} {nth}, {end}")
            }
        };
        let journey = match self.journey {
            Journey::Deploy => "deploy",
            Journey::Redeploy => "deploy again",
            Journey::Change => "deploy changed",
            Journey::Remove => "delete",
            Journey::RemoveBuild => "delete while building",
            Journey::Cancel => "cancel",
        };
        format!("{journey}: {at}")
    }

    /// The fault that lets Coolify hold the call, with how it is told to; none when it dies at a commit.
    pub fn fault(self) -> Option<Value> {
        let (call, nth, fault, lands) = match self.at {
            At::BeforeCall(call, nth) => (call, nth, "hold_before", false),
            At::AfterCall(call, nth) => (call, nth, "hold_after", false),
            At::LateCall(call, nth) => (call, nth, "hold_before", true),
            At::Commit(..) => return None,
        };
        Some(json!({
            "call": call, "fault": fault, "times": 1, "skip": nth - 1, "lands_anyway": lands
        }))
    }

    /// What `FAILPOINTS` is set to.
    pub fn failpoints(self) -> String {
        match self.at {
            At::Commit(name, 1) => format!("{name}=return"),
            At::Commit(name, nth) => format!("{name}={}*off->return", nth - 1),
            _ => String::new(),
        }
    }
}

impl Journey {
    pub fn end(self) -> &'static str {
        match self {
            Self::Deploy | Self::Redeploy | Self::Change => "running",
            Self::Remove | Self::RemoveBuild => "gone",
            Self::Cancel => "pending",
        }
    }
}
