//! `…/deployments`: looking at deployments, and calling them off.

use serde_json::{Map, json};

use super::api::{Answer, Api, Call, Input, Reply, State};
use super::applications::found;
use super::input::{Errors, spoken};
use crate::simulator::answer::{array_text, object_text};
use crate::simulator::{application::View, builds, deployment::Deployment, settings::Profile};

pub fn routes(api: Api) -> Api {
    let path = "/v1/deployments";
    let of_one = "/v1/deployments/applications/{uuid}";
    api.call(Call::Deployments, "GET", path, active)
        .call(Call::Deployment, "GET", &format!("{path}/{{uuid}}"), show)
        .call(
            Call::Cancel,
            "POST",
            &format!("{path}/{{uuid}}/cancel"),
            cancel,
        )
        .call(
            Call::DeploymentsOfApplication,
            "GET",
            of_one,
            of_application,
        )
}

/// Every deployment that waits or builds, each with its whole log for a token that may read sensitive things.
fn active(state: &mut State, input: &Input) -> Answer {
    let rows = state.active().filter(|row| !row.orphaned);
    let shown = rows.map(|row| row.shown(&state.platform, input.sensitive, None));
    if !state.settings.deployments_as_object {
        return Answer::ok_text(array_text(shown));
    }
    // Coolify's sorting keeps the keys, and keys that are not in turn make an object.
    let keyed: Vec<(String, String)> = (1..).map(|key: u32| key.to_string()).zip(shown).collect();
    let keyed: Vec<(&str, &str)> = keyed.iter().map(|(key, row)| (&**key, &**row)).collect();
    Answer::ok_text(object_text(&Map::new(), &keyed))
}

/// One deployment with its application; its log only for a token that may read sensitive things.
fn show(state: &mut State, input: &Input) -> Reply {
    let row = known(state, input)?;
    let view = View::new(&state.platform, &state.settings, input.sensitive);
    let application = state
        .application(&row.application)
        .map(|row| row.alone(&view));
    let shown = row.shown(&state.platform, input.sensitive, application.as_deref());
    Ok(Answer::ok_text(shown))
}

/// An application's deployments, newest first. Before 4.2.0 every token saw the logs.
fn of_application(state: &mut State, input: &Input) -> Reply {
    let (skip, take) = page(input)?;
    let application = found(state, input, Call::DeploymentsOfApplication)?;
    let rows = state.deployments_of(application.id);
    let count = Map::from_iter([("count".to_owned(), json!(rows.len()))]);
    let logs = input.sensitive || state.settings.profile == Profile::V4_0_0;
    let rows = rows.into_iter().skip(skip).take(take);
    let rows = array_text(rows.map(|row| row.shown(&state.platform, logs, None)));
    let text = object_text(&count, &[("deployments", &rows)]);
    Ok(Answer::ok_text(text))
}

/// Calls a deployment off at once.
fn cancel(state: &mut State, input: &Input) -> Reply {
    let row = known(state, input)?;
    if !row.is_active() {
        let status = json!(row.status);
        let status = status.as_str().unwrap_or_default();
        let message = format!("Deployment cannot be cancelled. Current status: {status}");
        return Err(Answer::bad_request(&message));
    }
    builds::cancel(state, input.uuid(), input.now);
    Ok(Answer::ok(&json!({
        "message": "Deployment cancelled successfully.", "deployment_uuid": input.uuid(),
        "status": "cancelled-by-user",
    })))
}

fn known<'a>(state: &'a State, input: &Input) -> Result<&'a Deployment, Answer> {
    let row = state.deployment(input.uuid());
    row.ok_or_else(|| Answer::missing(Call::Deployment.not_found()))
}

/// The part of the list asked for; this one call refuses in the framework's own shape.
fn page(input: &Input) -> Result<(usize, usize), Answer> {
    let mut errors = Errors::default();
    let mut number = |name: &str, least: i64, usual: usize| {
        let Some(text) = input.parameter(name) else {
            return usual;
        };
        let wrong = match text.parse::<i64>() {
            Ok(number) if number >= least => return usize::try_from(number).unwrap_or(usual),
            Ok(_) => format!("must be at least {least}"),
            Err(_) => "must be an integer".to_owned(),
        };
        errors.add(name, format!("The {} field {wrong}.", spoken(name)));
        usual
    };
    let page = (number("skip", 0, 0), number("take", 1, 10));
    errors.refuse_as_framework()?;
    Ok(page)
}
