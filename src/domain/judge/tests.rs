//! What is judged, in tables: a stage, what was seen, how many seconds after its beginning, and how the verdict begins.
//! The deadline is 1,200 seconds after the beginning.

use super::*;
use time::macros::datetime;

const START: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn after(seconds: i64) -> OffsetDateTime {
    START + time::Duration::seconds(seconds)
}

fn waiting(stage: Stage) -> Waiting {
    Waiting {
        stage,
        stage_since: START,
        deadline: after(1200),
        build_began: true,
        build_ended_at: None,
    }
}

fn assert_verdict(waiting: &Waiting, sighting: &Sighting, seconds: i64, begins: &str) {
    let verdict = waiting.judge(sighting, &Patience::default(), after(seconds));
    let verdict = format!("{verdict:?}");
    assert!(
        verdict.starts_with(begins),
        "{:?}, {sighting:?}, {seconds} s: {verdict}, not {begins}",
        waiting.stage
    );
}

#[test]
fn a_build_is_followed_until_the_deadline_and_then_stopped() {
    for (build, seconds, begins) in [
        (
            Build::Queued,
            1200,
            r#"Wait(Some("The build waits in Coolify's queue."#,
        ),
        (
            Build::Queued,
            1201,
            r#"Stop("The build waits in Coolify's queue."#,
        ),
        (Build::InProgress, 1200, "Wait(None)"),
        (Build::InProgress, 1201, r#"Stop("The build goes on"#),
        (Build::Finished, 1, "Enter(Start)"),
        (Build::Finished, 1201, "Enter(Start)"),
        (Build::Failed, 10, "AwaitLog"),
        (
            Build::Cancelled,
            1,
            r#"Fail("The build was cancelled in Coolify."#,
        ),
        (Build::Missing, 1200, "Redo"),
        (
            Build::Missing,
            1201,
            r#"Fail("The deployment took too long. The last thing seen: Coolify does not know the build."#,
        ),
    ] {
        let sighting = Sighting::Build(build);
        assert_verdict(&waiting(Stage::Build), &sighting, seconds, begins);
    }
}

#[test]
fn a_build_in_coolifys_queue_has_hours_and_its_deadline_begins_when_it_is_built() {
    let queued = Waiting {
        build_began: false,
        ..waiting(Stage::Build)
    };
    let unreachable = || Sighting::Unreachable("it hangs".to_owned());
    let hours = 6 * 3_600;
    for (sighting, seconds, begins) in [
        (Sighting::Build(Build::Queued), hours, "Wait("),
        (Sighting::Build(Build::Queued), hours + 1, "Stop("),
        (unreachable(), hours, "Wait("),
        (unreachable(), hours + 1, "Stop("),
        (Sighting::Build(Build::InProgress), 5_000, "Began"),
        (Sighting::Build(Build::Missing), 5_000, "Redo"),
    ] {
        assert_verdict(&queued, &sighting, seconds, begins);
    }
}

#[test]
fn a_failed_build_waits_three_seconds_for_its_last_lines() {
    for (ended, seconds, begins) in [
        (None, 1000, "AwaitLog"),
        (Some(10), 12, "AwaitLog"),
        (Some(10), 13, "BuildFailed"),
        (Some(10), 14, "BuildFailed"),
    ] {
        let ended = Waiting {
            build_ended_at: ended.map(after),
            ..waiting(Stage::Build)
        };
        assert_verdict(&ended, &Sighting::Build(Build::Failed), seconds, begins);
    }
}

#[test]
fn what_was_not_seen_is_no_failure_and_a_refusal_is_one_at_once() {
    let skipped = || Sighting::Skipped;
    let unreachable = || Sighting::Unreachable("it hangs".to_owned());
    let refused = || Sighting::Refused("The token is wrong.".to_owned());
    for (stage, sighting, seconds, begins) in [
        (
            Stage::Build,
            skipped(),
            1201,
            r#"Wait(Some("Coolify allows only"#,
        ),
        (
            Stage::Build,
            unreachable(),
            1201,
            r#"Stop("Coolify cannot be reached: it hangs."#,
        ),
        (
            Stage::Start,
            unreachable(),
            1200,
            r#"Wait(Some("Coolify cannot be reached: it hangs. Trying again."#,
        ),
        (
            Stage::Start,
            unreachable(),
            1201,
            r#"Fail("The deployment took too long. The last thing seen: Coolify cannot be reached: it hangs. Check"#,
        ),
        (Stage::Build, refused(), 0, r#"Fail("The token is wrong.""#),
    ] {
        assert_verdict(&waiting(stage), &sighting, seconds, begins);
    }
}

#[test]
fn a_container_may_take_a_while_to_run_but_not_for_ever() {
    let other = || Container::Other("exited".to_owned());
    for (stage, container, seconds, begins) in [
        (Stage::Build, Container::Running, 1, "Enter(Answer)"),
        (Stage::Start, Container::Running, 1, "Enter(Answer)"),
        (Stage::Answer, Container::Running, 1, "Wait(None)"),
        (
            Stage::Start,
            Container::Missing,
            0,
            r#"Fail("The application is no longer in Coolify"#,
        ),
        (
            Stage::Start,
            other(),
            120,
            r#"Wait(Some("Coolify says “exited”."#,
        ),
        (
            Stage::Start,
            other(),
            121,
            r#"Fail("The container does not stay up: Coolify says “exited”."#,
        ),
    ] {
        let sighting = Sighting::Container(container);
        assert_verdict(&waiting(stage), &sighting, seconds, begins);
    }
}

#[test]
fn running_is_not_enough_the_address_must_answer() {
    let silent = || Answer::Silent("it timed out".to_owned());
    let yet = r#"Wait(Some("Its address does not answer yet: it timed out."#;
    let never = r#"Fail("The container runs, but its address does not answer: it timed out."#;
    for (since, answer, seconds, begins) in [
        (0, Answer::Alive(Heartbeat::Never), 1, "Succeed"),
        (0, Answer::Alive(Heartbeat::Never), 1201, "Succeed"),
        (0, silent(), 300, yet),
        (0, silent(), 301, never),
        (1000, silent(), 1200, yet),
        (1000, silent(), 1201, never),
    ] {
        let waiting = Waiting {
            stage_since: after(since),
            ..waiting(Stage::Answer)
        };
        assert_verdict(&waiting, &Sighting::Address(answer), seconds, begins);
    }
}

#[test]
fn what_took_too_long_names_the_last_thing_seen_if_there_is_one() {
    for (note, sentence) in [
        (
            None,
            "The deployment took too long. Check that Coolify is well, and deploy again.",
        ),
        (
            Some("Coolify cannot be reached: it hangs. Trying again."),
            "The deployment took too long. The last thing seen: Coolify cannot be reached: it hangs. Check that Coolify is well, and deploy again.",
        ),
    ] {
        assert_eq!(overdue(note), sentence);
    }
}

#[test]
fn health_is_unknown_when_nobody_could_look() {
    let other = Container::Other("exited".to_owned());
    let silent = Answer::Silent("it timed out".to_owned());
    for (sighting, begins) in [
        (Sighting::Address(Answer::Alive(Heartbeat::Never)), "Fine"),
        (
            Sighting::Address(silent),
            r#"Lost("It stopped answering at its address: it timed out."#,
        ),
        (Sighting::Container(Container::Running), "Unknown"),
        (Sighting::Skipped, "Unknown"),
        (Sighting::Unreachable(String::new()), "Unknown"),
        (Sighting::Refused(String::new()), "Unknown"),
        (Sighting::Build(Build::Failed), "Unknown"),
        (
            Sighting::Container(Container::Missing),
            r#"Lost("The application is no longer in Coolify, and its files are lost."#,
        ),
        (
            Sighting::Container(other),
            r#"Lost("It stopped: Coolify says “exited”."#,
        ),
    ] {
        let health = format!("{:?}", health(&sighting));
        assert!(health.starts_with(begins), "{sighting:?}: {health}");
    }
}
