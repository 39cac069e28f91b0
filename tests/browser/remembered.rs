//! A mark on a page, by which a reload would be noticed, and an ear at its live region.

use crate::person::{Person, until};

/// Marks the page and begins to listen.
pub async fn this_page(person: &Person) {
    let listen = "window.said = [];
                  const region = document.getElementById('live');
                  new MutationObserver(() => region.textContent && said.push(region.textContent))
                    .observe(region, { childList: true });";
    person.run(listen).await;
}

/// It has not been loaded again since.
pub async fn is_the_same(person: &Person) {
    let same: bool = person.ask("Array.isArray(window.said)").await;
    assert!(same, "the page was loaded again");
}

/// Waits until another page has taken its place.
pub async fn is_gone(person: &Person) {
    until("another page", async || {
        let still: bool = person.ask("Array.isArray(window.said)").await;
        (!still).then_some(())
    })
    .await;
}

/// What the live region has said since.
pub async fn said(person: &Person) -> Vec<String> {
    person.ask("window.said ?? ['loaded again']").await
}
