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
                    let look = Look { dark, ..look };
                    let colours = if dark { "dark" } else { "light" };
                    let file = format!("{name}-{}-{colours}.png", look.width);
                    picture(person, look, look.height(), &folder.join(file)).await;
                }
            }
            if name == "table" {
                picture(person, Look::DESKTOP, 1, &folder.join("readme.png")).await;
            }
            chromium::look(&person.client, Look::DESKTOP).await;
        })
        .await;
    })
    .await;
}

/// The whole page, at least so high.
async fn picture(person: &Person, look: Look, height: u32, file: &Path) {
    chromium::look(&person.client, look).await;
    chromium::unroll(&person.client, look, height).await;
    let whole: u32 = person.ask("document.documentElement.scrollHeight").await;
    chromium::unroll(&person.client, look, whole).await;
    let picture = person.client.screenshot().await.unwrap();
    std::fs::write(file, picture).unwrap();
}
