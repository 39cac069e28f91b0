//! At every width nothing is cut off or covered; on a phone nothing is too small to touch, and rows are cards.

use crate::chromium::{self, Look};
use crate::person::Person;
use crate::scene::{self, Each};
use crate::{stage, tour};
use std::cell::{Cell, RefCell};

/// What can be touched and is smaller than 44 pixels. A link within a sentence may be as high as its line; a field
/// with buttons in it and a box with a label are as large as the whole.
const SMALL: &str = "[...document.querySelectorAll('a, button, input, summary, label.check, .secret')].filter((it) => {
    const box = it.getBoundingClientRect(), style = getComputedStyle(it);
    const seen = box.width > 1 && box.height > 1 && it.checkVisibility() && style.visibility === 'visible';
    const touched = seen && style.display !== 'inline' && !it.matches('label input, .secret input, .skip, .visually-hidden');
    return touched && (box.height < 43.9 || box.width < 43.9);
  }).map((it) => { const b = it.getBoundingClientRect(); return `${it.outerHTML.slice(0, 90)} is ${b.width} x ${b.height}` })";

/// What reaches beyond the screen where the page would scroll sideways for it. A phone would show the page smaller
/// instead, and call the screen wider: its width is what the page was laid out for.
const WIDE: &str =
    "document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
  [...document.querySelectorAll('body *')]
    .filter((it) => it.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((it) => `${it.outerHTML.slice(0, 90)} reaches ${it.getBoundingClientRect().right}`)";

/// Controls of which one covers the other. Behind an open dialog nothing counts, nor what is scrolled out of a log.
const OVERLAPPING: &str = "(() => {
    const rect = (it) => {
      const box = it.getBoundingClientRect(), log = it.closest('.lines')?.getBoundingClientRect() ?? box;
      const top = Math.max(box.top, log.top), bottom = Math.max(top, Math.min(box.bottom, log.bottom));
      return { left: box.left, right: box.right, width: box.width, height: bottom - top, top, bottom };
    };
    const open = document.querySelector('dialog:modal, :popover-open') ?? document;
    const all = [...open.querySelectorAll('a, button, input, summary, label.check')].filter((it) => {
      const box = rect(it);
      return box.width > 1 && box.height > 1 && it.checkVisibility() && !it.closest('.skip, .visually-hidden, .notices');
    });
    const both = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    return all.flatMap((a, i) => all.slice(i + 1)
      .filter((b) => !a.contains(b) && !b.contains(a) && both(rect(a), rect(b)))
      .map((b) => `${a.outerHTML.slice(0, 90)} and ${b.outerHTML.slice(0, 90)} overlap`));
  })()";

/// Text that is cut off. A row says the beginning of a reason; the rest is on its page.
const CUT: &str = "[...document.querySelectorAll('body :not(input, .reason)')].filter((it) =>
    ['hidden', 'clip'].includes(getComputedStyle(it).overflowX) && it.clientWidth > 1 && it.scrollWidth > it.clientWidth + 1
  ).map((it) => `${it.outerHTML.slice(0, 90)} is cut off`)";

/// What sticks out of its cell, and so covers the next one.
const COVERING: &str = "[...document.querySelectorAll('#rows th, #rows td')].flatMap((cell) => {
    const c = cell.getBoundingClientRect();
    return [...cell.querySelectorAll('*')].filter((it) => {
      const b = it.getBoundingClientRect();
      return b.width > 1 && !it.closest('.visually-hidden') && (b.right > c.right + 1 || b.left < c.left - 1);
    }).map((it) => `${it.outerHTML.slice(0, 90)} sticks out of its cell`);
  })";

#[tokio::test]
async fn in_the_table_nothing_covers_anything_at_any_width() {
    stage::person(Look::DESKTOP, async |person| {
        person.register("somebody@example.com").await;
        let each = Each::new(person).await;
        for old in [false, true] {
            if old {
                each.grow_old(person).await;
            }
            for width in [1280, 1024, 900, 800, 740] {
                let look = Look {
                    width,
                    ..Look::DESKTOP
                };
                chromium::look(&person.client, look).await;
                for question in [WIDE, COVERING] {
                    let wrong: Vec<String> = person.ask(question).await;
                    assert!(wrong.is_empty(), "at {width}: {wrong:#?}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn at_320_pixels_and_with_text_twice_as_large_nothing_is_lost_or_covered() {
    stage::person(Look::DESKTOP, async |person| {
        let found = RefCell::new(vec![]);
        tour::every_page(person, async |name| {
            for (words, look) in large() {
                chromium::look(&person.client, look).await;
                let missing = lost(person, name, words).await;
                found.borrow_mut().extend(missing);
            }
            chromium::look(&person.client, Look::DESKTOP).await;
            person
                .run("document.documentElement.style.fontSize = '200%'")
                .await;
            let missing = lost(person, name, "with a stylesheet of one's own").await;
            found.borrow_mut().extend(missing);
            person
                .run("document.documentElement.style.fontSize = ''")
                .await;
        })
        .await;
        let found = found.into_inner();
        assert!(found.is_empty(), "{}", found.join("\n"));
    })
    .await;
}

/// What is beyond the screen, covered or cut off.
async fn lost(person: &Person, page: &str, words: &str) -> Vec<String> {
    let mut lost = vec![];
    for question in [WIDE, COVERING, OVERLAPPING, CUT] {
        let wrong: Vec<String> = person.ask(question).await;
        let told = |wrong| format!("{page} {words}: {wrong}");
        lost.extend(wrong.into_iter().map(told));
    }
    lost
}

/// A page as large as somebody needs who sees little: shown four times as large, and text twice as large.
fn large() -> [(&'static str, Look); 3] {
    let text = 200;
    let (wide, phone) = (Look::DESKTOP, Look::PHONE);
    [
        ("at 320", Look::NARROWEST),
        ("with large text", Look { text, ..wide }),
        ("with large text on a phone", Look { text, ..phone }),
    ]
}

#[tokio::test]
async fn on_a_phone_no_page_scrolls_sideways_and_everything_can_be_touched() {
    stage::person(Look::PHONE, async |person| {
        let found = RefCell::new(vec![]);
        let cards = Cell::new(false);
        tour::every_page(person, async |name| {
            for question in [WIDE, SMALL] {
                let wrong: Vec<String> = person.ask(question).await;
                let wrong = wrong.iter().map(|wrong| format!("{name}: {wrong}"));
                found.borrow_mut().extend(wrong);
            }
            if name == "table" {
                rows_are_cards(person).await;
                cards.set(true);
            }
        })
        .await;
        let found = found.into_inner();
        assert!(found.is_empty(), "{}", found.join("\n"));
        assert!(cards.get(), "the table was never looked at");
    })
    .await;
}

async fn rows_are_cards(person: &Person) {
    person.see_no("thead").await;
    let stacked: bool = person
        .ask(
            "[...document.querySelectorAll('#rows tr[id^=env_]')].every((row) =>
               row.querySelector('td.status').getBoundingClientRect().top >=
               row.querySelector('th.name').getBoundingClientRect().bottom)",
        )
        .await;
    assert!(stacked, "the status stands below the name");
}

#[tokio::test]
async fn a_phone_shows_ten_rows_without_scrolling() {
    stage::person(Look::PHONE, async |person| {
        person.register("somebody@example.com").await;
        scene::slow_builds(person).await;
        for number in 0..11 {
            let row = scene::environment(person, &format!("Number {number}")).await;
            if number == 0 {
                scene::deploy(person, &row, "slow_build").await;
            }
        }
        person.visit("/environments").await;
        person.see("#rows tr:last-child").await;
        let shown = "[...document.querySelectorAll('#rows tr:not(.group)')]
            .filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length";
        let shown: usize = person.ask(shown).await;
        let headings: usize = person
            .ask("document.querySelectorAll('#rows tr.group:not([hidden])').length")
            .await;
        let places: String = person.ask("`${innerHeight}: ` + [...document.querySelectorAll('#rows tr')].map((row) => row.getBoundingClientRect().top)").await;
        assert!(shown >= 10 && headings == 2, "{shown} rows at {places}");
    })
    .await;
}
