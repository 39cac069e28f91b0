//! Pictures of every page, for whoever changes how they look. `scripts/screenshots` asks for them.

use crate::chromium::{self, Look};
use crate::person::Person;
use crate::{stage, tour};
use std::path::{Path, PathBuf};

#[tokio::test]
#[ignore = "makes pictures and checks nothing; scripts/screenshots runs it"]
async fn every_page_is_pictured_wide_and_narrow_in_light_and_in_dark() {
    let folder = std::env::var("SCREENSHOTS").expect("SCREENSHOTS is set by scripts/screenshots");
    let folder = PathBuf::from(folder);
    stage::person(Look::DESKTOP, async |person| {
        tour::every_page(person, async |name| {
            for look in [Look::DESKTOP, Look::PHONE] {
                for dark in [false, true] {
                    picture(person, &folder, name, Look { dark, ..look }).await;
                }
            }
            chromium::look(&person.client, Look::DESKTOP).await;
        })
        .await;
    })
    .await;
}

/// The whole page, as long as it is.
async fn picture(person: &Person, folder: &Path, name: &str, look: Look) {
    chromium::look(&person.client, look).await;
    let height: u32 = person.ask("document.documentElement.scrollHeight").await;
    chromium::unroll(&person.client, look, height).await;
    let picture = person.client.screenshot().await.unwrap();
    let colours = if look.dark { "dark" } else { "light" };
    let file = folder.join(format!("{name}-{}-{colours}.png", look.width));
    std::fs::write(file, picture).unwrap();
}
