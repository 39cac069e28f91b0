//! What somebody has selected to copy it stays selected, for as long as nothing of it changes.

use crate::chromium::Look;
use crate::person::{Person, until};
use crate::{polls, remembered, scene, stage};

#[tokio::test]
async fn what_is_selected_in_a_row_stays_so_while_other_rows_change() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let kept = scene::environment(person, "Kept").await;
        let other = scene::environment(person, "Another").await;
        scene::deploy(person, &kept, "finish").await;
        person
            .read(&format!("#{} .badge", kept.id), "running")
            .await;
        person.visit("/environments").await;
        polls::counted(person).await;
        remembered::this_page(person).await;
        let host = format!("#{} .host", kept.id);
        select(person, &host).await;

        let selected = person.text(&host).await.unwrap();
        scene::slow_builds(person).await;
        scene::deploy(person, &other, "finish").await;
        person
            .read(&format!("#{} .badge", other.id), "deploying")
            .await;
        assert_eq!(selection(person).await, selected);
        scene::fast_builds(person).await;
        person
            .read(&format!("#{} .badge", other.id), "running")
            .await;
        polls::more(person, 2).await;
        assert_eq!(selection(person).await, selected);
        remembered::is_the_same(person).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_selected_in_the_log_stays_so_while_it_grows() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let row = scene::environment(person, "Test Workspace").await;
        scene::slow_builds(person).await;
        scene::deploy(person, &row, "finish").await;
        person.visit(&format!("/environments/{}", row.id)).await;
        person.click("#log-extra").await;
        person.see("#log-lines li").await;
        remembered::this_page(person).await;
        let line = person.text("#log-lines li").await.unwrap();
        select(person, "#log-lines li").await;
        let lines = "document.querySelectorAll('#log-lines li').length";
        let before: u32 = person.ask(lines).await;
        until("more lines", async || {
            (person.ask::<u32>(lines).await > before).then_some(())
        })
        .await;
        assert_eq!(selection(person).await, line);
        scene::fast_builds(person).await;
        person.read(".environment .badge", "running").await;
        assert_eq!(selection(person).await, line);
        remembered::is_the_same(person).await;
    })
    .await;
}

async fn select(person: &Person, css: &str) {
    let script = format!("getSelection().selectAllChildren(document.querySelector({css:?}))");
    person.run(&script).await;
}

async fn selection(person: &Person) -> String {
    person.ask("getSelection().toString().trim()").await
}
