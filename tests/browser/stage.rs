//! One test: the product, a browser, a person before it. What the test leaves behind is cleared away in any case, and a
//! test that ends well has made the browser complain of nothing but what it named.

use crate::chromium::{self, Browser, Look, noted};
use crate::complaints;
use crate::person::Person;
use crate::support::Product;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// Lets a person with an empty browser use an empty dashboard.
pub async fn person(look: Look, story: impl AsyncFnOnce(&Person)) {
    let product = Product::start().await;
    let browser = Browser::open(look.script).await;
    let person = Person::new(browser.client.clone(), product);
    let whole = async {
        chromium::look(&person.client, look).await;
        story(&person).await;
        complaints::only_those_named(&person).await;
    };
    let ended = AssertUnwindSafe(whole).catch_unwind().await;
    if ended.is_err() {
        tell_the_scene(&person).await;
    }
    browser.close().await;
    person.product.stop().await;
    if let Err(panic) = ended {
        std::panic::resume_unwind(panic);
    }
}

/// For whoever reads the failure: what was on the screen, and what was said behind it.
async fn tell_the_scene(person: &Person) {
    let url = person.client.current_url().await;
    println!("at {:?}", url.map(|url| url.to_string()));
    println!("{}", person.client.source().await.unwrap_or_default());
    for entry in noted(&person.client, "browser").await {
        println!("console: {entry}");
    }
    println!("{}", person.product.log());
}
