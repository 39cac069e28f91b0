//! The build log on an environment's page: it grows by itself, and stays where a person has scrolled to.

use crate::chromium::Look;
use crate::person::{Person, until};
use crate::{remembered, scene, stage};

/// So low that a few lines do not fit.
const LOW: &str =
    "document.getElementById('log-box').style.cssText = 'flex: none; min-height: 0; height: 3rem'";
const AT_THE_END: &str = "(() => { const box = document.getElementById('log-box');
    return box.scrollHeight > box.clientHeight + 32 && box.scrollHeight - box.scrollTop - box.clientHeight < 2; })()";

#[tokio::test]
async fn the_log_grows_while_it_is_built_and_follows_its_end_until_somebody_scrolls() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        scene::slow_builds(person).await;
        let row = scene::environment(person, "Test Workspace").await;
        scene::deploy(person, &row, "finish").await;
        person.visit(&format!("/environments/{}", row.id)).await;
        remembered::this_page(person).await;
        person.run(LOW).await;
        let some = grown(person, 3).await;

        until("the end of the log", async || {
            person.ask::<bool>(AT_THE_END).await.then_some(())
        })
        .await;
        let more = grown(person, some).await;
        until("the new end of the log", async || {
            person.ask::<bool>(AT_THE_END).await.then_some(())
        })
        .await;

        person
            .run("document.getElementById('log-box').scrollTop = 0")
            .await;
        until("that it is not followed", async || {
            (!follows(person).await).then_some(())
        })
        .await;
        grown(person, more).await;
        let top: f64 = person
            .ask("document.getElementById('log-box').scrollTop")
            .await;
        assert!(top < 1.0, "it was scrolled from the top to {top}");
        assert!(!follows(person).await);

        person.click("#log-follow").await;
        until("the end of the log again", async || {
            person.ask::<bool>(AT_THE_END).await.then_some(())
        })
        .await;
        person.read(".environment .badge", "deploying").await;
        remembered::is_the_same(person).await;
    })
    .await;
}

/// Waits until the log has more lines than so many, and says how many.
async fn grown(person: &Person, than: u32) -> u32 {
    until(&format!("more than {than} lines"), async || {
        let lines: u32 = person
            .ask("document.querySelectorAll('#log-lines li').length")
            .await;
        (lines > than).then_some(lines)
    })
    .await
}

async fn follows(person: &Person) -> bool {
    person
        .ask("document.getElementById('log-follow').checked")
        .await
}
