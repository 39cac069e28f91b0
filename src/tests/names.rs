//! Stories of names that look like another, show nothing, or are written from right to left.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use url::form_urlencoded;
use uuid::Uuid;

const MIGRATION: &str = include_str!("../../migrations/0026_names.sql");
const TAKEN: &str = "This name is taken. Choose another one.";

async fn create(person: &Person, name: &str) -> Answer {
    let fields = [("name", name), ("password", "long enough")];
    person.post("/environments", &fields).await
}

async fn previewed(person: &Person, name: &str) -> Answer {
    let mut query = form_urlencoded::Serializer::new("/environments/new/preview?".to_owned());
    let query = query
        .append_pair("name", name)
        .append_pair("suffix", "x7k9");
    person.fetch(&query.finish()).await.expect(200)
}

#[tokio::test]
async fn names_that_look_the_same_are_taken_in_the_form_and_in_the_preview() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for (name, alike) in [
        (
            "Café  Noir",
            [
                "CAFE\u{301} NOIR",
                "café\u{a0}noir",
                "Ca\u{ad}fé\tNoir\u{200b}",
            ],
        ),
        ("Straße", ["STRASSE", "straẞe", "Strasse"]),
        ("ΟΔΟΣ", ["οδος", "οδοσ", "ΟΔΟΣ\u{2063}"]),
        ("a\u{202e}b", ["ab", "ＡＢ", "A\u{fe0f}b"]),
    ] {
        create(&ada, name).await.expect(303);
        for alike in alike {
            assert_eq!(
                previewed(&ada, alike).await.note("name"),
                TAKEN,
                "{alike:?}"
            );
            let page = create(&ada, alike).await.expect(422);
            assert_eq!(page.note("name"), TAKEN, "{alike:?}");
        }
    }
    let stored: Vec<String> =
        sqlx::query_scalar("select name from environments order by created_at")
            .fetch_all(dashboard.pool())
            .await
            .unwrap();
    assert_eq!(stored, ["Café Noir", "Straße", "ΟΔΟΣ", "ab"]);
    dashboard.close().await;
}

#[tokio::test]
async fn what_the_page_shows_confirms_a_deletion_however_it_is_typed() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for typed in [
        "Ünder  Ärzte",
        "U\u{308}nder A\u{308}rzte",
        "Ünder\u{a0}Ärzte",
        "Ünder Ärzte\r\n",
        "\u{2068}Ünder Ärzte\u{2069}",
    ] {
        let made = dashboard.make(&ada, "Ünder Ärzte", false).await;
        for wrong in ["", "ünder Ärzte", "ÜnderÄrzte"] {
            let page = ada
                .post(&made.at("delete"), &[("confirmation", wrong)])
                .await
                .expect(422);
            assert!(
                page.note("confirmation")
                    .starts_with("The name does not match.")
            );
        }
        ada.post(&made.at("delete"), &[("confirmation", typed)])
            .await
            .leads_to("/environments");
        let list = ada.get("/environments").await.expect(200);
        assert!(list.says("Ünder Ärzte is deleted."), "{typed:?}");
    }
    dashboard.close().await;
}

/// Fails unless everything of the page that shows the name isolates it.
#[track_caller]
fn is_isolated(page: &Answer, name: &str) {
    let marked = format!("\u{2068}{name}\u{2069}");
    let (_, title) = page.text.split_once("<title>").unwrap();
    let (title, _) = title.split_once("</title>").unwrap();
    assert!(title.contains(&marked), "{title}");
    let alone = format!("dir=\"auto\">{name}</");
    let within = format!("<bdi>{name}</bdi>");
    assert!(page.text.contains(&alone) || page.text.contains(&within));
    let ways = [alone, within, marked, format!("=\"{name}\"")];
    let rest = ways
        .iter()
        .fold(page.text.clone(), |rest, way| rest.replace(way, ""));
    assert!(!rest.contains(name), "{rest}");
}

#[tokio::test]
async fn a_name_from_right_to_left_is_isolated_wherever_it_is_shown() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let fields = [("name", "עדה")];
    ada.post("/account/name", &fields).await.expect(303);
    let welcome = ada.get("/environments").await.expect(200);
    assert!(welcome.text.contains("Welcome, <bdi>עדה</bdi>."));
    let made = dashboard.make(&ada, "مشروع 1", true).await;
    let notice = ada.get("/environments").await.expect(200);
    assert!(
        notice.says("\u{2068}مشروع 1\u{2069} is created"),
        "{}",
        notice.text
    );
    dashboard.until_status(&made, "running").await;
    let deployment = dashboard.deployment_page(&made).await;
    let pages = ["", "delete", "deploy", "container"].map(|part| made.at(part));
    for page in pages.iter().chain([&deployment]) {
        is_isolated(&ada.get(page).await.expect(200), "مشروع 1");
    }
    let history = ada.get(&made.at("")).await.expect(200);
    assert!(
        history.text.contains("by <bdi>עדה</bdi>"),
        "{}",
        history.text
    );
    dashboard.close().await;
}

/// Names with their keys, as they were stored before they were compared as they are shown.
const BEFORE: [(&str, &str); 6] = [
    ("Straße  1", "straße  1"),
    ("strasse 1", "strasse 1"),
    ("Weg", "weg"),
    ("We\u{ad}g", "we\u{ad}g"),
    ("\u{3164}", "\u{1160}"),
    ("ß", "ß"),
];

async fn stored_before(dashboard: &Dashboard, names: &[(&str, &str)]) {
    for (number, (name, key)) in (0_i32..).zip(names) {
        let statement = "with made as (
               insert into environments (id, owner_id, name, name_key, subdomain, created_at)
               select $1, id, $2, $3, 'before-' || $4, now() + make_interval(secs => $4)
               from users
               returning id
             )
             insert into watches (environment_id)
             select id from made";
        let insert = sqlx::query(statement).bind(Uuid::now_v7());
        let insert = insert.bind(*name).bind(*key).bind(number);
        insert.execute(dashboard.pool()).await.unwrap();
    }
}

#[tokio::test]
async fn names_from_before_are_kept_and_new_ones_are_compared_with_them() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    stored_before(&dashboard, &BEFORE).await;
    for _ in 0..2 {
        sqlx::raw_sql(MIGRATION)
            .execute(dashboard.pool())
            .await
            .unwrap();
    }
    let query = "select name, name_key from environments order by created_at";
    let rows: Vec<(String, String)> = sqlx::query_as(query)
        .fetch_all(dashboard.pool())
        .await
        .unwrap();
    let kept = [
        ("Straße  1", "straße  1"),
        ("strasse 1", "strasse 1"),
        ("Weg", "weg"),
        ("We\u{ad}g", "we\u{ad}g"),
        ("before-4", "before-4"),
        ("ß", "ss"),
    ];
    assert_eq!(
        rows,
        kept.map(|(name, key)| (name.to_owned(), key.to_owned()))
    );
    for taken in ["STRAẞE 1", "weg", "SS", "Before-4"] {
        assert_eq!(
            create(&ada, taken).await.expect(422).note("name"),
            TAKEN,
            "{taken}"
        );
    }
    let old = dashboard.made("We\u{ad}g", "").await;
    ada.post(&old.at("delete"), &[("confirmation", "Weg")])
        .await
        .expect(303);
    dashboard.close().await;
}
