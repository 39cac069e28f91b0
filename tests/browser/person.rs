//! What a person does before a browser: look, click, type, and wait with patience that ends.
//! It must not know what the stories are about, only how the dashboard is used.

use crate::complaints::Named;
use crate::support::Product;
use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::{Client, Locator};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// How long a person waits for anything: more than ten times what any of it takes on an idle machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// A page that listens has done something for a key long before.
const LISTENING: Duration = Duration::from_secs(30);
/// How often a person looks.
const GLANCE: Duration = Duration::from_millis(50);

/// The password of every account of the stories.
pub const PASSWORD: &str = "eight letters and more";

/// Somebody before a browser.
pub struct Person {
    pub client: Client,
    pub product: Product,
    /// By which addresses the dashboard is reached, the one in use last.
    addresses: RefCell<Vec<String>>,
    /// Complaints of the browser that belong to the story.
    pub named: RefCell<Vec<Named>>,
}

/// Looks until there is something to see.
pub async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(GLANCE).await;
    }
}

impl Person {
    /// Sits down before a browser.
    pub fn new(client: Client, product: Product) -> Self {
        Self {
            client,
            addresses: RefCell::new(vec![product.url.clone()]),
            product,
            named: RefCell::default(),
        }
    }

    /// Names a complaint that the browser must have at the end of the story: `404 /nowhere`, or words on its console.
    pub fn expects(&self, words: &str) {
        self.name(words, true);
    }

    /// Names a complaint that the browser may have, as it happens.
    pub fn allows(&self, words: &str) {
        self.name(words, false);
    }

    fn name(&self, words: &str, must: bool) {
        let words = words.to_owned();
        self.named.borrow_mut().push(Named { words, must });
    }

    /// Goes to a path of the dashboard.
    pub async fn visit(&self, path: &str) {
        let url = format!("{}{path}", self.addresses.borrow().last().unwrap());
        self.client.goto(&url).await.unwrap();
    }

    /// From now on visits the dashboard by this address, as through a proxy.
    pub fn goes_by(&self, url: &str) {
        self.addresses.borrow_mut().push(url.to_owned());
    }

    /// The path of an address of the dashboard; none of any other.
    pub fn path_of<'a>(&self, url: &'a str) -> Option<&'a str> {
        let addresses = self.addresses.borrow();
        let path = |own: &String| url.strip_prefix(own.as_str());
        addresses
            .iter()
            .find_map(path)
            .filter(|path| path.starts_with('/'))
    }

    /// Waits until this is on the screen.
    pub async fn see(&self, css: &str) -> Element {
        until(css, async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.is_displayed().await.ok()?.then_some(element)
        })
        .await
    }

    /// Waits until this is on the screen no longer.
    pub async fn see_no(&self, css: &str) {
        until(&format!("no {css}"), async || {
            self.shown(css).await.ok()?.is_empty().then_some(())
        })
        .await;
    }

    async fn shown(&self, css: &str) -> Result<Vec<Element>, CmdError> {
        let mut shown = vec![];
        for element in self.client.find_all(Locator::Css(css)).await? {
            if element.is_displayed().await? {
                shown.push(element);
            }
        }
        Ok(shown)
    }

    /// Waits until this is there and reads so; the text may go on on either side.
    pub async fn read(&self, css: &str, text: &str) {
        until(&format!("{css} reads {text:?}"), async || {
            let read = self.text(css).await.ok()?;
            read.contains(text).then_some(())
        })
        .await;
    }

    /// What it reads now, seen or only heard.
    pub async fn text(&self, css: &str) -> Result<String, CmdError> {
        let element = self.client.find(Locator::Css(css)).await?;
        let text = element.prop("textContent").await?.unwrap_or_default();
        Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Clicks; a row that was just drawn anew is looked for again.
    pub async fn click(&self, css: &str) {
        until(&format!("a click on {css}"), async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.click().await.ok()
        })
        .await;
    }

    /// Types into a field, in place of what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.see(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys, one after the other, on whatever has the focus.
    pub async fn press(&self, keys: impl IntoIterator<Item = char>) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for value in keys {
            actions = actions
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    /// Presses a key again when nothing came of it for long: on a busy machine the page may not have been listening yet.
    pub async fn press_until_seen(&self, key: char, css: &str) {
        for _ in 0..5 {
            self.press([key]).await;
            if tokio::time::timeout(LISTENING, self.see(css)).await.is_ok() {
                return;
            }
        }
        panic!("{key} never led to {css}");
    }

    /// Asks the page, by what stands after `return`.
    pub async fn ask<T: DeserializeOwned>(&self, expression: &str) -> T {
        let script = format!("return {expression}");
        let answer = self.client.execute(&script, vec![]).await.unwrap();
        serde_json::from_value(answer).unwrap()
    }

    /// Lets the page do something.
    pub async fn run(&self, script: &str) {
        self.client.execute(script, vec![]).await.unwrap();
    }

    /// Lets what is still coming up be there at once.
    pub async fn settle(&self) {
        let finish = "document.getAnimations().filter((it) => it.animationName === 'rise').forEach((it) => it.finish())";
        self.run(finish).await;
    }

    /// Sends a form past the page, as the person who is signed in.
    pub async fn post(&self, path: &str, fields: Value) {
        let script = "const [path, fields, done] = arguments;
                    fetch(path, { method: 'POST', body: new URLSearchParams(fields) })
                      .then((answer) => done(answer.ok));";
        let sent = self.client.execute_async(script, vec![json!(path), fields]);
        assert_eq!(sent.await.unwrap(), true, "{path}");
    }

    /// Waits until the browser is at this path.
    pub async fn arrive(&self, path: &str) {
        until(&format!("the address {path}"), async || {
            (self.path().await == path).then_some(())
        })
        .await;
    }

    /// The path the browser is at.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Registers, which signs in.
    pub async fn register(&self, email: &str) {
        self.visit("/register").await;
        self.fill("#name", "Somebody").await;
        self.fill("#email", email).await;
        self.fill("#password", PASSWORD).await;
        self.click("main form button.primary").await;
        self.arrive("/environments").await;
    }

    /// Signs in.
    pub async fn sign_in(&self, email: &str) {
        self.arrive("/login").await;
        self.fill("#email", email).await;
        self.fill("#password", PASSWORD).await;
        self.click("main form button.primary").await;
        self.arrive("/environments").await;
    }

    /// Whether this address is one of the dashboard or of an environment.
    pub fn is_ours(&self, url: &str) -> bool {
        self.path_of(url).is_some() || url.contains(&format!(".{}/", self.product.agents_domain))
    }
}
