//! The fault matrix: each call to Coolify goes wrong in each way, in the middle of a deployment and of a removal, which ends
//! right all the same, or with a sentence that says why and what to do.

use super::harness::{Dashboard, Made};
use super::person::Person;
use super::setup::Setup;
use crate::simulator::calls::Call;
use crate::simulator::faults::{Fault, FaultKind};
use crate::simulator::outcomes::{Outcome, Plan};
use futures_util::{StreamExt, stream};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

/// How many of the matrix's fields are tried at once.
const AT_ONCE: usize = 8;
/// More calls than a deployment with a fault in it may make: waiting for a lost request is what takes most.
const MOST_CALLS: u64 = 150;
/// How often a fault strikes, where it does not end the deployment.
const STRIKES: u32 = 2;

/// In which way a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Refused,
    Fault(FaultKind),
}

/// The ways with their names in the table.
const WAYS: [(&str, Way); 11] = [
    ("refused", Way::Refused),
    ("reset, done", Way::Fault(FaultKind::ResetAfter)),
    ("timeout", Way::Fault(FaultKind::Hang)),
    ("429", Way::Fault(FaultKind::TooManyRequests)),
    ("500, done", Way::Fault(FaultKind::ServerErrorAfter)),
    ("502 HTML", Way::Fault(FaultKind::BadGatewayHtml)),
    ("503", Way::Fault(FaultKind::Unavailable)),
    ("half JSON", Way::Fault(FaultKind::MalformedJson)),
    ("401", Way::Fault(FaultKind::Unauthenticated)),
    ("404", Way::Fault(FaultKind::NotFound)),
    ("slow drip", Way::Fault(FaultKind::SlowDrip)),
];

const OF_A_DEPLOYMENT: [Call; 9] = [
    Call::Find,
    Call::Create,
    Call::Envs,
    Call::StoragesList,
    Call::StoragesAdd,
    Call::DeploymentsOfApplication,
    Call::Deploy,
    Call::Deployment,
    Call::Deployments,
];

const OF_A_REMOVAL: [Call; 4] = [
    Call::DeploymentsOfApplication,
    Call::Cancel,
    Call::Delete,
    Call::Application,
];

/// What the dashboard is doing when a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Deploying,
    Removing,
}

/// One field of the matrix.
struct Field {
    call: Call,
    way: usize,
    end: String,
    calls: u64,
    sentence: Option<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_survives_every_fault_in_every_call_or_says_what_to_do() {
    let fields = matrix(Doing::Deploying, &OF_A_DEPLOYMENT).await;
    println!("{}", table("a deployment", &OF_A_DEPLOYMENT, &fields));
    for field in &fields {
        let (name, way) = WAYS[field.way];
        let place = format!("{} x {name}", field.call.name());
        let may_end = matches!(
            way,
            Way::Fault(FaultKind::Unauthenticated | FaultKind::NotFound)
        );
        assert!(
            field.end == "running" || may_end,
            "{place}: {:?}",
            field.sentence
        );
        assert!(field.calls <= MOST_CALLS, "{place}: {} calls", field.calls);
        let sentence = field.sentence.as_deref();
        assert!(sentence.is_none_or(names_a_remedy), "{place}: {sentence:?}");
        assert_eq!(sentence.is_some(), field.end == "error", "{place}");
    }
    let ended = fields.iter().filter(|field| field.end == "error").count();
    assert!(ended > 0, "no fault ended a deployment");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_survives_every_fault_in_every_call() {
    let fields = matrix(Doing::Removing, &OF_A_REMOVAL).await;
    println!("{}", table("a removal", &OF_A_REMOVAL, &fields));
    for field in &fields {
        let place = format!("{} x {}", field.call.name(), WAYS[field.way].0);
        assert_eq!(field.end, "gone", "{place}");
        assert!(field.calls <= MOST_CALLS, "{place}: {} calls", field.calls);
    }
}

/// Tells people what they can do about it.
fn names_a_remedy(sentence: &str) -> bool {
    ["Make a new one", "Check", "Deploy again", "Update"]
        .iter()
        .any(|remedy| sentence.contains(remedy))
}

async fn matrix(doing: Doing, calls: &[Call]) -> Vec<Field> {
    let ways = 0..WAYS.len();
    let fields = ways.flat_map(|way| calls.iter().map(move |call| (*call, way)));
    stream::iter(fields)
        .map(|(call, way)| async move {
            match doing {
                Doing::Deploying => deploy(call, way).await,
                Doing::Removing => remove(call, way).await,
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// Short waits, in the proportions they have in life: a lease outlives a call, and what was lost has landed before
/// something is made again.
fn short(setup: &mut Setup) {
    let millis = Duration::from_millis;
    setup.redis = false;
    setup.pace.step = millis(1_400);
    setup.pace.look = millis(1_200);
    setup.pace.lease = millis(1_800);
    setup.pace.landing = millis(2_000);
    setup.pace.look_every = millis(60);
}

async fn deploy(call: Call, way: usize) -> Field {
    let dashboard = Dashboard::with(short).await;
    let owner = dashboard.person("Ada").await;
    let made = before(&dashboard, &owner, call).await;
    begin(&dashboard, &owner, &made, "deploy", call, way).await;
    // Both at once: what answers although its deployment failed runs a moment later.
    let (end, sentence) = dashboard
        .until("it runs or says why not", async || {
            let seen = "status || '|' || coalesce(reason, '')";
            let seen = dashboard.column(&made, seen).await?;
            let (status, reason) = seen.split_once('|')?;
            let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
            (status != "deploying").then(|| (status.to_owned(), reason))
        })
        .await;
    let calls = dashboard.ledger().calls_total;
    if end == "error" {
        dashboard.simulator.clear_faults();
        owner.post(&made.at("deploy"), &[]).await.expect(303);
        dashboard.until_status(&made, "running").await;
    }
    let record = dashboard.record(&made);
    assert_eq!(record.deployments_at_once, 1, "{record:?}");
    assert_eq!(record.volumes.len(), 4, "{record:?}");
    dashboard.close().await;
    Field {
        call,
        way,
        end,
        calls,
        sentence,
    }
}

/// What must have been before a deployment makes this call.
async fn before(dashboard: &Dashboard, owner: &Person, call: Call) -> Made {
    match call {
        // Whoever made the application knows that it has neither volumes nor builds.
        Call::StoragesList | Call::DeploymentsOfApplication => {
            dashboard.running(owner, "Workspace").await
        }
        Call::Find => {
            let made = dashboard.make(owner, "Workspace", false).await;
            dashboard.fault_once(Call::Create, FaultKind::ResetAfter);
            made
        }
        _ => dashboard.make(owner, "Workspace", false).await,
    }
}

async fn remove(call: Call, way: usize) -> Field {
    let dashboard = Dashboard::with(short).await;
    let owner = dashboard.person("Ada").await;
    if call == Call::Cancel {
        dashboard.simulator.outcome(Plan {
            application: None,
            outcome: Outcome::StuckInProgress,
            times: None,
        });
    }
    let made = dashboard.make(&owner, "Workspace", true).await;
    dashboard
        .until("it runs or is built", async || {
            let running = dashboard.status(&made).await? == "running";
            let building = dashboard
                .deployment(&made, "deployment_uuid")
                .await
                .is_some();
            (running || (call == Call::Cancel && building)).then_some(())
        })
        .await;
    let before = dashboard.ledger().calls_total;
    begin(&dashboard, &owner, &made, "delete", call, way).await;
    dashboard.until_gone(&made).await;
    let record = dashboard.record(&made);
    assert!(record.deleted_at.is_some(), "{record:?}");
    assert!(
        record.volumes_removed && !record.docker_cleanup,
        "{record:?}"
    );
    let calls = dashboard.ledger().calls_total - before;
    dashboard.close().await;
    Field {
        call,
        way,
        end: "gone".to_owned(),
        calls,
        sentence: None,
    }
}

/// Lets the call go wrong, then clicks.
async fn begin(
    dashboard: &Dashboard,
    owner: &Person,
    made: &Made,
    action: &str,
    call: Call,
    way: usize,
) {
    let fault = match WAYS[way].1 {
        Way::Refused => Fault::new(call, FaultKind::HoldBefore).times(1),
        Way::Fault(kind) => Fault::new(call, kind).times(STRIKES),
    };
    let left = dashboard.calls(&call.name(), "left");
    dashboard.simulator.fault(fault);
    let form = [("confirmation", made.name.as_str())];
    owner.post(&made.at(action), &form).await.expect(303);
    if WAYS[way].1 == Way::Refused {
        dashboard
            .until(&format!("{} is called", call.name()), async || {
                // On a busy machine it may have been given up before anybody looks.
                let given_up = dashboard.calls(&call.name(), "left") > left;
                (given_up || !dashboard.simulator.held().is_empty()).then_some(())
            })
            .await;
        dashboard.simulator.down(Duration::from_millis(400)).await;
        dashboard.simulator.release();
    }
}

fn table(what: &str, calls: &[Call], fields: &[Field]) -> String {
    let mut table =
        format!("\nFault matrix of {what}: how it ends, and after how many calls\n\n| call |");
    for (name, _) in WAYS {
        let _ = write!(table, " {name} |");
    }
    let _ = write!(table, "\n|---|{}\n", "---|".repeat(WAYS.len()));
    for call in calls {
        let _ = write!(table, "| {} |", call.name());
        for way in 0..WAYS.len() {
            let field = fields
                .iter()
                .find(|field| field.call == *call && field.way == way);
            let _ = match field {
                Some(field) => write!(table, " {} {} |", field.end, field.calls),
                None => write!(table, " - |"),
            };
        }
        table.push('\n');
    }
    let sentences: BTreeSet<&String> = fields
        .iter()
        .filter_map(|field| field.sentence.as_ref())
        .collect();
    for sentence in sentences {
        let _ = write!(table, "\nerror: {sentence}");
    }
    table
}
