//! Stories of a build log's sections.

use super::harness::Dashboard;
use crate::simulator::outcomes::Outcome;

const TITLES: [&str; 4] = [
    "Beginning",
    "Reading the repository",
    "Building the image",
    "Starting the container",
];

/// The sections of a page: their titles, and which of them are open.
fn sections(page: &str) -> Vec<(String, bool)> {
    let headings = page.split("<li class=\"section\">").skip(1);
    let section = |heading: &str| {
        let (label, _) = heading.split_once("</li>").unwrap();
        let title = TITLES.into_iter().find(|title| label.contains(title));
        (title.unwrap().to_owned(), label.contains(" checked"))
    };
    headings.map(section).collect()
}

#[tokio::test]
async fn the_log_of_what_runs_is_folded_and_each_section_says_how_long_it_took() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Folded").await;
    dashboard.until_logged(&made).await;
    let page = ada.get(&dashboard.deployment_page(&made).await).await;
    let page = page.expect(200);
    let folded = TITLES.map(|title| (title.to_owned(), false));
    assert_eq!(sections(&page.text), folded);
    for number in 0..4 {
        let took = format!("<span id=\"took-{number}\" class=\"quiet\">");
        let (_, rest) = page.text.split_once(&took).unwrap();
        assert!(rest.starts_with(|c: char| c.is_ascii_digit()), "{number}");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn the_section_with_the_cause_of_a_failure_is_open() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::FailBuild);
    let made = dashboard.make(&ada, "Broken", true).await;
    dashboard.until_error(&made).await;
    dashboard.until_logged(&made).await;
    let page = ada.get(&made.at("")).await.expect(200);
    let open = [
        ("Beginning", false),
        ("Reading the repository", false),
        ("Building the image", true),
    ];
    assert_eq!(
        sections(&page.text),
        open.map(|(title, open)| (title.to_owned(), open))
    );
    dashboard.close().await;
}

#[tokio::test]
async fn a_log_that_grows_brings_the_headings_of_new_sections_and_how_long_the_last_one_took() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    dashboard.next_build(Outcome::StuckInProgress);
    let made = dashboard.make(&ada, "Growing", true).await;
    let page = dashboard.deployment_page(&made).await;
    let begun =
        "select min(position) from deployment_log join deployments d on d.id = deployment_id
                 where d.environment_id = $1 and section = $2";
    let begun = async |section: i16| -> Option<i32> {
        let query = sqlx::query_scalar(begun).bind(made.id.uuid()).bind(section);
        query.fetch_one(dashboard.pool()).await.unwrap()
    };
    dashboard
        .until("the image is being built", async || begun(2).await)
        .await;
    let from = begun(1).await.unwrap();
    let shown = ada.get(&page).await.expect(200);
    let (_, poll) = shown.text.split_once("hx-get=\"").unwrap();
    let (poll, _) = poll.split_once("&amp;after=").unwrap();
    let poll = format!(
        "{}&after={from}&live=true&was=moving",
        poll.replace("&amp;", "&")
    );
    let grown = ada.fetch(&poll).await.expect(200);
    let new = [TITLES[1], TITLES[2]].map(|title| (title.to_owned(), true));
    assert_eq!(sections(&grown.text), new);
    let took = "<span id=\"took-1\" class=\"quiet\" hx-swap-oob=\"true\">";
    assert!(grown.says(took), "{}", grown.text);
    dashboard.close().await;
}
