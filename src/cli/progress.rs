//! What is shown while something is waited for: a line that is written again at a terminal, and elsewhere a line for each
//! stage.

use super::amount::{place, words};
use super::plain;
use super::table::{cut, terminal_width};
use super::wire::Deployment;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};
use time::OffsetDateTime;

/// Goes to the beginning of the line and empties it.
const AGAIN: &str = "\r\u{1b}[2K";
/// Where nothing says how wide the terminal is.
const WIDTH: usize = 80;

/// What happens now, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    doing: String,
    began: Instant,
    usual: Option<Duration>,
    /// What it waits for, if it does.
    reason: Option<String>,
}

/// What is shown.
pub struct Progress {
    step: Option<Step>,
    is_terminal: bool,
    is_silent: bool,
}

impl Step {
    /// The stage of a deployment. It is by the dashboard's clock that it began, and `date` is what that says now.
    pub fn of(deployment: &Deployment, date: Option<OffsetDateTime>, now: Instant) -> Self {
        let since = deployment.started_at.or(deployment.requested_at);
        let elapsed = date.zip(since).map(|(date, since)| date - since);
        let elapsed = elapsed.and_then(|it| Duration::try_from(it).ok());
        Self {
            doing: doing(deployment),
            began: now.checked_sub(elapsed.unwrap_or_default()).unwrap_or(now),
            // It counts from its turn on.
            usual: deployment.started_at.and_then(|_| deployment.usual()),
            reason: deployment.reason.as_deref().map(plain::line),
        }
    }

    /// Something else that begins now.
    pub fn new(doing: &str, now: Instant) -> Self {
        Self {
            doing: doing.to_owned(),
            began: now,
            usual: None,
            reason: None,
        }
    }

    /// The same, which waits for this.
    pub fn because(self, reason: Option<&str>) -> Self {
        Self {
            reason: reason.map(plain::line),
            ..self
        }
    }

    /// The same, after what was shown before. The dashboard tells its time in whole seconds, so of one step the first
    /// beginning counts; else the time would go back.
    fn after(self, before: Option<&Self>) -> Self {
        let same = before.filter(|before| before.doing == self.doing);
        let began = same.map_or(self.began, |before| before.began.min(self.began));
        Self { began, ..self }
    }

    fn line(&self, now: Instant) -> String {
        let elapsed = words(now.saturating_duration_since(self.began));
        let usual = self
            .usual
            .map(|usual| format!(", usually {}", words(usual)));
        let reason = self.reason.as_ref().map(|reason| format!(". {reason}"));
        let (usual, reason) = (usual.unwrap_or_default(), reason.unwrap_or_default());
        format!("{}: {elapsed}{usual}{reason}", self.doing)
    }
}

impl Progress {
    /// Shown on standard error, unless a program reads what is printed.
    pub fn new(is_silent: bool) -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        Self {
            step: None,
            is_terminal: io::stderr().is_terminal() && !is_dumb,
            is_silent,
        }
    }

    /// Shows what happens now.
    pub fn show(&mut self, step: Step) {
        let what = |step: &Step| (step.doing.clone(), step.reason.clone());
        let is_new = self.step.as_ref().map(what) != Some(what(&step));
        if is_new && !self.is_terminal {
            self.write(&format!("{}\n", step.line(Instant::now())));
        }
        self.step = Some(step.after(self.step.as_ref()));
        self.draw();
    }

    /// Writes the line again, with the time by now.
    pub fn draw(&self) {
        if let (true, Some(step)) = (self.is_terminal, &self.step) {
            let width = terminal_width().unwrap_or(WIDTH);
            let line = cut(&step.line(Instant::now()), width.saturating_sub(1));
            self.write(&format!("{AGAIN}{line}"));
        }
    }

    /// Removes the line.
    pub fn end(&mut self) {
        if self.is_terminal && self.step.take().is_some() {
            self.write(AGAIN);
        }
    }

    fn write(&self, text: &str) {
        if !self.is_silent {
            let mut stderr = io::stderr().lock();
            let _ = stderr.write_all(text.as_bytes());
            let _ = stderr.flush();
        }
    }
}

/// What happens to a deployment, in words.
pub fn doing(deployment: &Deployment) -> String {
    if deployment.cancelling {
        return "cancelling".to_owned();
    }
    match deployment.stage.as_str() {
        "requested" => match deployment.ahead {
            Some(ahead) => place(ahead),
            None => "waiting for its turn".to_owned(),
        },
        "application" => "creating the application".to_owned(),
        "settings" => "handing over the settings".to_owned(),
        "build" => "building".to_owned(),
        "start" => "starting".to_owned(),
        "answer" => "waiting for its address".to_owned(),
        other => plain::line(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    fn step(deployment: serde_json::Value) -> String {
        let deployment = serde_json::from_value(deployment).unwrap();
        let now = Instant::now() + Duration::from_hours(2);
        let date = datetime!(2026-11-30 12:03:00 UTC);
        Step::of(&deployment, Some(date), now).line(now)
    }

    #[test]
    fn a_deployment_shows_its_stage_the_time_since_its_turn_and_what_is_usual() {
        let building = json!({
            "id": "dep_a", "stage": "build", "usual_seconds": 190.0,
            "requested_at": "2026-11-30T12:00:00Z", "started_at": "2026-11-30T12:01:18Z",
        });
        assert_eq!(step(building), "building: 1m 42s, usually 3m 10s");
        let waiting = json!({
            "id": "dep_a", "stage": "requested", "usual_seconds": 190.0, "ahead": 2,
            "requested_at": "2026-11-30T12:00:00Z", "started_at": null,
        });
        assert_eq!(step(waiting), "3rd in line: 3m 0s");
        let stuck =
            json!({ "id": "dep_a", "stage": "build", "reason": "Coolify cannot be reached." });
        assert_eq!(step(stuck), "building: 0s. Coolify cannot be reached.");
        let cancelled = json!({ "id": "dep_a", "stage": "build", "cancelling": true });
        assert_eq!(step(cancelled), "cancelling: 0s");
        let newer = json!({ "id": "dep_a", "stage": "\u{1b}[2Jthinking" });
        assert_eq!(step(newer), "thinking: 0s");
    }

    #[test]
    fn a_step_says_what_it_waits_for() {
        let now = Instant::now();
        let step = Step::new("deleting", now).because(Some("Coolify cannot be\nreached."));
        assert_eq!(step.line(now), "deleting: 0s. Coolify cannot be reached.");
        assert_eq!(
            Step::new("deleting", now).because(None).line(now),
            "deleting: 0s"
        );
    }

    #[test]
    fn the_time_of_a_step_never_goes_back() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let (early, late) = (Step::new("building", now), Step::new("building", later));
        assert_eq!(late.clone().after(Some(&early)), early);
        assert_eq!(early.clone().after(Some(&late)), early);
        assert_eq!(
            Step::new("starting", later).after(Some(&early)).began,
            later
        );
        assert_eq!(late.clone().after(None), late);
    }

    #[test]
    fn a_clock_that_differs_does_not_make_time_go_backwards() {
        let future =
            json!({ "id": "dep_a", "stage": "start", "started_at": "2030-01-01T00:00:00Z" });
        assert_eq!(step(future), "starting: 0s");
    }
}
