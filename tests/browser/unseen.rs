//! A page that nobody sees asks for nothing, or seldom, and says in its title what has ended.

use crate::chromium::{self, Look};
use crate::person::{Person, until};
use crate::{polls, remembered, scene, stage};
use serde_json::json;

/// How many milliseconds pass between two polls of a hidden page on which something moves; a timer may come a little
/// early.
const SELDOM: f64 = 14_900.0;

#[tokio::test]
async fn a_hidden_page_of_settled_rows_does_not_poll_and_is_right_once_it_is_shown() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        scene::environment(person, "Test Workspace").await;
        let unseen = person.client.window().await.unwrap();
        polls::counted(person).await;
        polls::more(person, 1).await;
        remembered::this_page(person).await;
        hide(person).await;
        let before = polls::number(person).await;

        let seen = person.client.new_window(false).await.unwrap().handle;
        let windows = &person.client;
        windows.switch_to_window(seen).await.unwrap();
        person.visit("/environments").await;
        polls::counted(person).await;
        let other = json!({ "name": "Another", "password": "let me in, please", "suffix": "", "deploy": "0" });
        person.post("/environments", other).await;
        person.read("#rows", "Another").await;
        polls::more(person, 3).await;

        windows.switch_to_window(unseen).await.unwrap();
        assert_eq!(polls::number(person).await, before);
        let rows = person.text("#rows").await.unwrap();
        assert!(!rows.contains("Another"), "{rows}");
        chromium::show(windows).await;
        person.read("#rows", "Another").await;
        polls::more(person, 1).await;
        remembered::is_the_same(person).await;
    })
    .await;
}

#[tokio::test]
async fn the_title_of_a_hidden_page_says_what_has_ended_and_it_polls_seldom_meanwhile() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let row = scene::environment(person, "Test Workspace").await;
        scene::slow_builds(person).await;
        scene::deploy(person, &row, "finish").await;
        person.visit("/environments").await;
        person.read("#rows .badge", "deploying").await;
        let title = title(person).await;
        polls::counted(person).await;
        remembered::this_page(person).await;
        hide(person).await;
        let hidden_at: f64 = person.ask("performance.now()").await;
        scene::fast_builds(person).await;
        until("the title that says so", async || {
            (self::title(person).await == "Test Workspace is running.").then_some(())
        })
        .await;
        let moments = polls::moments(person).await;
        let soon = moments
            .windows(2)
            .find(|pair| pair[1] > hidden_at && pair[1] - pair[0] < SELDOM);
        assert!(soon.is_none(), "hidden since {hidden_at}: {moments:?}");
        assert!(moments.last().unwrap() > &hidden_at, "{moments:?}");

        chromium::show(&person.client).await;
        until("the title of before", async || {
            (self::title(person).await == title).then_some(())
        })
        .await;
        person.read("#rows .badge", "running").await;
        remembered::is_the_same(person).await;
    })
    .await;
}

async fn title(person: &Person) -> String {
    person.ask("document.title").await
}

async fn hide(person: &Person) {
    chromium::hide(&person.client).await;
    until("that the page is hidden", async || {
        let hidden: bool = person.ask("document.hidden").await;
        hidden.then_some(())
    })
    .await;
}
