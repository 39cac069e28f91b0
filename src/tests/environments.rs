//! Stories of environments: making them, their names and addresses, and who may see them.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use super::refusals::{addresses_of, ask};

const TAKEN: &str = "This name is taken. Choose another one.";

/// The address that a page or a fragment says one will get.
fn promised(answer: &Answer) -> &str {
    let (_, plate) = answer.text.split_once("class=\"host\">").unwrap();
    plate.split_once("</").unwrap().0
}

/// Asks for the preview as the form does while one types.
async fn preview(person: &Person, name: &str, suffix: &str) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("name", name), ("suffix", suffix)])
        .finish();
    let path = format!("/environments/new/preview?{query}");
    person.fetch(&path).await.expect(200)
}

#[tokio::test]
async fn the_walk() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let form = ada.get("/environments/new").await.expect(200);
    let suffix = form.value("suffix").to_owned();
    let host = promised(&preview(&ada, "Test Workspace", &suffix).await).to_owned();
    let subdomain = format!("test-workspace-{suffix}");
    assert_eq!(host, dashboard.app.domain.host(&subdomain));
    let fields = [
        ("name", "Test Workspace"),
        ("password", "it's \"open\" $HOME \\ ok"),
        ("suffix", &suffix),
        ("deploy", "0"),
    ];
    ada.post("/environments", &fields).await.expect(303);
    let made = dashboard.made("Test Workspace", fields[1].1).await;
    assert_eq!(made.subdomain, subdomain);
    let table = ada.get("/environments").await.expect(200);
    assert!(table.says("pending") && table.says(&format!("title=\"{host}\">{subdomain}<")));
    ada.post(&made.at("deploy"), &[])
        .await
        .leads_to("/environments");
    assert!(!ada.get(&made.at("row")).await.says("pending"));
    dashboard.until_status(&made, "running").await;
    let row = ada.get(&made.at("row")).await.expect(200);
    assert!(
        row.says(&format!("href=\"http://{host}/?folder=%2Fhome")),
        "Open leads there"
    );
    assert!(dashboard.lets_in(&made, &made.password).await);
    let wanted = [("confirmation", "Test Workspace")];
    ada.post(&made.at("delete"), &wanted)
        .await
        .leads_to("/environments");
    dashboard.until_gone(&made).await;
    assert!(dashboard.record(&made).deleted_at.is_some());
    assert!(!ada.get("/environments").await.says(">Test Workspace<"));
    dashboard.close().await;
}

#[tokio::test]
async fn the_address_shown_is_the_one_made_even_after_a_mistake() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let form = ada.get("/environments/new").await.expect(200);
    let suffix = form.value("suffix").to_owned();
    let fields = [
        ("name", "Ünï cörn"),
        ("password", "short"),
        ("suffix", &suffix),
    ];
    let again = ada.post("/environments", &fields).await.expect(422);
    assert_eq!(
        again.note("password"),
        "This password is too short. Use at least 8 characters."
    );
    assert_eq!(
        (again.value("name"), again.value("suffix")),
        ("Ünï cörn", &*suffix)
    );
    let host = promised(&again).to_owned();
    assert!(host.starts_with(&format!("uni-corn-{suffix}.")), "{host}");
    assert!(!again.text.contains("\"short\""));
    let fields = [
        ("name", "Ünï cörn"),
        ("password", "long enough"),
        ("suffix", again.value("suffix")),
    ];
    ada.post("/environments", &fields)
        .await
        .leads_to("/environments");
    assert!(ada.get("/environments").await.says(&host));
    dashboard.close().await;
}

#[tokio::test]
async fn a_form_without_a_proper_suffix_gets_one() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for (number, wrong) in ["", "ABCD", "a.b.", "abcde", "-abc"]
        .into_iter()
        .enumerate()
    {
        let name = format!("Number {number}");
        let fields = [
            ("name", &*name),
            ("password", "long enough"),
            ("suffix", wrong),
        ];
        ada.post("/environments", &fields)
            .await
            .leads_to("/environments");
        let made = dashboard.made(&name, "").await;
        let suffix = made
            .subdomain
            .strip_prefix(&format!("number-{number}-"))
            .unwrap();
        assert!(suffix.len() == 4 && suffix != wrong, "{suffix}");
        assert!(
            suffix
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        );
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_taken_name_is_said_while_typing_and_when_sent_whatever_its_case() {
    let dashboard = Dashboard::open().await;
    let (ada, bob) = (dashboard.person("Ada").await, dashboard.person("Bob").await);
    dashboard.make(&ada, "Überall", false).await;
    for name in ["Überall", "ÜBERALL", " überall ", "u\u{308}berall"] {
        assert_eq!(preview(&bob, name, "x7k9").await.note("name"), TAKEN);
        let fields = [("name", name), ("password", "long enough")];
        let page = bob.post("/environments", &fields).await.expect(422);
        assert_eq!(page.note("name"), TAKEN);
    }
    assert_ne!(preview(&bob, "Überall 2", "x7k9").await.note("name"), TAKEN);
    dashboard.close().await;
}

#[tokio::test]
async fn unusable_names_have_their_sentence_in_the_preview_and_in_the_form() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let long = "é".repeat(51);
    let wrong = [
        (
            long.as_str(),
            "This name is too long. Use at most 50 characters.",
        ),
        (
            "\u{200b}\u{3164}",
            "Nothing of this name can be seen. Use a letter, a digit or a sign.",
        ),
    ];
    for (name, sentence) in wrong {
        assert_eq!(preview(&ada, name, "x7k9").await.note("name"), sentence);
        let fields = [("name", name), ("password", "long enough")];
        let page = ada.post("/environments", &fields).await.expect(422);
        assert_eq!(page.note("name"), sentence);
    }
    let fields = [("name", " "), ("password", "")];
    let page = ada.post("/environments", &fields).await.expect(422);
    assert_eq!(page.note("name"), "Enter a name.");
    assert_eq!(
        page.note("password"),
        "This password is too short. Use at least 8 characters."
    );
    let fields = [("name", "Fine"), ("password", " long enough")];
    let page = ada.post("/environments", &fields).await.expect(422);
    assert!(
        page.note("password")
            .contains("begins or ends with a space")
    );
    dashboard.close().await;
}

#[tokio::test]
async fn every_name_gets_an_address_that_dns_can_hold() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let longest = "Wörter ".repeat(7);
    let names = [
        "Привет, мир",
        "日本語の環境",
        "🦀🦀🦀",
        "--- ... ---",
        longest.trim(),
        "<script>alert(1)</script>",
        "ﷺﷺﷺﷺﷺﷺﷺﷺﷺﷺ",
    ];
    for name in names {
        let host = promised(&preview(&ada, name, "x7k9").await).to_owned();
        let made = dashboard.make(&ada, name, false).await;
        let label = &made.subdomain;
        assert!(
            label.len() <= 63 && !label.contains("--"),
            "{name}: {label}"
        );
        assert!(!label.starts_with('-') && !label.ends_with('-'), "{label}");
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(label.bytes().all(fits), "{name}: {label}");
        let (slug, _) = label.rsplit_once('-').unwrap();
        assert!(host.starts_with(&format!("{slug}-x7k9.")), "{host}");
        let page = ada.get(&made.at("")).await.expect(200);
        assert!(page.says(name) && !page.text.contains("<script>alert"));
    }
    dashboard.close().await;
}

#[tokio::test]
async fn two_people_who_want_one_name_at_once_get_one_of_it() {
    let dashboard = Dashboard::open().await;
    let (ada, bob) = (dashboard.person("Ada").await, dashboard.person("Bob").await);
    for round in 0..8 {
        let (name, other) = (format!("Race {round}"), format!("rACE {round}"));
        let ours = [("name", &*name), ("password", "long enough")];
        let theirs = [("name", &*other), ("password", "long enough")];
        let (one, two) = tokio::join!(
            ada.post("/environments", &ours),
            bob.post("/environments", &theirs)
        );
        let (won, lost) = if one.status == 303 {
            (one, two)
        } else {
            (two, one)
        };
        won.leads_to("/environments");
        assert_eq!(lost.expect(422).note("name"), TAKEN);
    }
    let count: i64 = sqlx::query_scalar("select count(*) from environments")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(count, 8);
    dashboard.close().await;
}

#[tokio::test]
async fn an_address_that_somebody_took_a_moment_ago_is_a_sentence_and_a_new_one() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let first = [
        ("name", "Same slug"),
        ("password", "long enough"),
        ("suffix", "x7k9"),
    ];
    let second = [
        ("name", "Same-slug!"),
        ("password", "long enough"),
        ("suffix", "x7k9"),
    ];
    ada.post("/environments", &first)
        .await
        .leads_to("/environments");
    let page = ada.post("/environments", &second).await.expect(422);
    assert!(
        page.says("The address was taken a moment ago. Send the form again to get another one.")
    );
    assert_ne!(page.value("suffix"), "x7k9");
    let host = promised(&page).to_owned();
    let third = [second[0], second[1], ("suffix", page.value("suffix"))];
    ada.post("/environments", &third)
        .await
        .leads_to("/environments");
    assert!(ada.get("/environments").await.says(&host));
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let dashboard = Dashboard::open().await;
    let (ada, bob) = (dashboard.person("Ada").await, dashboard.person("Bob").await);
    let made = dashboard.running(&ada, "Private place").await;
    let nothing = "env_01h455vb4pex5vsknk084sn02q".to_owned();
    let before = dashboard.column(&made, "version").await;
    let form = "password=a+new+password&confirmation=Private+place";
    for id in [made.id.to_string(), nothing, "nonsense".to_owned()] {
        for (method, path) in addresses_of(&id) {
            let page = ask(&bob, method, &path, false, form).await;
            assert_eq!(page.status, 404, "{method} {path}");
            assert!(!page.says("Private place"), "{method} {path}");
        }
    }
    assert!(!bob.get("/environments").await.says("Private place"));
    assert!(
        !bob.get("/environments?q=private")
            .await
            .says("Private place</a>")
    );
    let changes = format!("/environments/changes?row={}+1+running", made.id);
    let changes = bob.get(&changes).await.expect(200);
    assert!(!changes.says("Private place"));
    assert_eq!(dashboard.column(&made, "version").await, before);
    assert_eq!(dashboard.status(&made).await.as_deref(), Some("running"));
    dashboard.close().await;
}
