//! How often a page asks what has changed, and what it is answered. It must not know what is asked for.

use crate::person::{Person, until};
use serde::Deserialize;

/// An answer to a request of the page.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// 0 for none.
    pub status: u16,
    /// Whether the page then says that the connection is lost.
    pub lost: bool,
}

/// Begins to count the polls of the page on the screen, and to note what its requests are answered.
pub async fn counted(person: &Person) {
    let listen = "window.polls = [];
                  window.answers = [];
                  document.addEventListener('htmx:beforeSend', ({ target }) => target.id === 'poll' && polls.push(performance.now()));
                  const note = ({ status }) => answers.push({ status, lost: document.getElementById('lost').textContent !== '' });
                  document.addEventListener('htmx:afterRequest', ({ detail }) => detail.xhr.status && note(detail.xhr));
                  // For no answer this comes last.
                  document.addEventListener('htmx:sendError', ({ detail }) => note(detail.xhr));";
    person.run(listen).await;
}

/// When each was sent since, in milliseconds.
pub async fn moments(person: &Person) -> Vec<f64> {
    person.ask("window.polls").await
}

/// How many were sent since.
pub async fn number(person: &Person) -> usize {
    moments(person).await.len()
}

/// Waits until so many more have been sent.
pub async fn more(person: &Person, count: usize) {
    let before = number(person).await;
    until(&format!("{count} more polls"), async || {
        (number(person).await >= before + count).then_some(())
    })
    .await;
}

/// What the requests were answered since.
pub async fn answers(person: &Person) -> Vec<Answer> {
    person.ask("window.answers").await
}
