//! Behind a proxy: what it says by itself is never taken for the dashboard's word.

use crate::chromium::Look;
use crate::nginx::Nginx;
use crate::person::{Person, until};
use crate::polls::Answer;
use crate::{polls, remembered, scene, stage};

/// What a captive portal shows in place of every page; it would fit into ours.
const PORTAL: &str = "<!doctype html><title>Hotel</title><ul id=rows><li>Welcome to the hotel</ul>";

#[tokio::test]
async fn what_a_proxy_answers_by_itself_is_a_lost_connection_and_is_never_shown() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        scene::environment(person, "Test Workspace").await;
        let mut nginx = Nginx::start(&person.product.url, PORTAL);
        person.goes_by(&nginx.url);
        person.visit("/environments").await;
        polls::counted(person).await;
        remembered::this_page(person).await;
        polls::more(person, 1).await;

        nginx.shows_its_portal(true);
        is_lost(person, 200).await;
        person.click("#rows a[id$=-delete]").await;
        let answers = polls::answers(person).await.len();
        until("its answer", async || {
            (polls::answers(person).await.len() > answers).then_some(())
        })
        .await;
        person.see_no("dialog").await;
        nginx.shows_its_portal(false);
        is_back(person).await;

        person.expects("502 /environments/changes");
        person.product.goes_away();
        is_lost(person, 502).await;
        person.product.comes_back();
        is_back(person).await;

        for words in [
            "net::ERR_CONNECTION_REFUSED /environments/changes",
            "htmx:sendError",
            "htmx:afterRequest",
        ] {
            person.expects(words);
        }
        nginx.stop();
        is_lost(person, 0).await;
        nginx.starts_again();
        is_back(person).await;
    })
    .await;
}

/// Waits until the page says so: after the second of two answers with this status, and not before.
async fn is_lost(person: &Person, status: u16) {
    person.see("#lost").await;
    let answers = polls::answers(person).await;
    let foreign = |answer: &&Answer| answer.status == status;
    let lost: Vec<bool> = answers
        .iter()
        .rev()
        .take_while(foreign)
        .map(|it| it.lost)
        .collect();
    let said = lost.iter().filter(|said| **said).count();
    assert_eq!(lost.len() - said, 1, "after two of them: {answers:?}");
    nothing_foreign(person).await;
}

/// Waits until the first answer of ours, which ends it.
async fn is_back(person: &Person) {
    person.see_no("#lost").await;
    let answers = polls::answers(person).await;
    let ours = answers
        .iter()
        .rev()
        .take_while(|answer| !answer.lost)
        .count();
    assert!(ours > 0, "{answers:?}");
    let foreign = answers.iter().rev().nth(ours).unwrap();
    assert!(foreign.lost, "{answers:?}");
    nothing_foreign(person).await;
}

async fn nothing_foreign(person: &Person) {
    remembered::is_the_same(person).await;
    person.read("#rows .name", "Test Workspace").await;
    let page = person.text("body").await.unwrap();
    for words in ["hotel", "Bad Gateway"] {
        assert!(!page.contains(words), "{page}");
    }
    let alert = person.text("#alert").await.unwrap();
    assert_eq!(alert, "");
}
