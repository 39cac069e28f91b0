//! The stage itself: whatever a browser complains of is noticed, so that no story can pass over it.

use crate::chromium::Look;
use crate::person::until;
use crate::{complaints, stage};
use std::cell::RefCell;

/// Each way to upset a browser, and what is noticed then.
const UPSETS: [(&str, &str); 7] = [
    (
        "console.error('an error of the page')",
        "an error of the page",
    ),
    (
        "console.warn('a warning of the page')",
        "a warning of the page",
    ),
    (
        "setTimeout(() => { throw new Error('thrown and not caught') })",
        "thrown and not caught",
    ),
    (
        "document.body.setAttribute('style', 'color: red')",
        "Content Security Policy",
    ),
    (
        "document.body.append(Object.assign(document.createElement('script'), { textContent: '0' }))",
        "script-src",
    ),
    ("fetch('/nowhere')", "404 /nowhere"),
    (
        "document.body.append(Object.assign(new Image(), { src: '/assets/no-such-file.png' }))",
        "404 /assets/no-such-file.png",
    ),
];

#[tokio::test]
async fn whatever_a_browser_complains_of_is_noticed() {
    stage::person(Look::DESKTOP, async |person| {
        for (script, words) in UPSETS {
            person.visit("/login").await;
            assert_eq!(complaints::of(person).await, [""; 0], "before {script}");
            person.run(script).await;
            let noticed = RefCell::new(vec![]);
            until(&format!("{words} after {script}"), async || {
                let now = complaints::of(person).await;
                noticed.borrow_mut().extend(now);
                let found = noticed.borrow().iter().any(|one| one.contains(words));
                found.then_some(())
            })
            .await;
        }
        person.visit("/login").await;
    })
    .await;
}
