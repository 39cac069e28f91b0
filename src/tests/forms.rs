//! Stories of forms: where they lead, what they say when they are refused, and what the same form does twice.

use super::harness::{Dashboard, Made};
use super::person::{Answer, Person};
use crate::simulator::outcomes::Outcome;
use url::form_urlencoded;

/// The form for a new environment, with its suffix.
async fn create(person: &Person, name: &str, suffix: &str) -> Answer {
    let fields = [
        ("name", name),
        ("password", "long enough"),
        ("suffix", suffix),
        ("deploy", "0"),
    ];
    person.post("/environments", &fields).await
}

fn row_on(list: &str, made: &Made) -> String {
    format!(
        "{list}#{}",
        made.at("").trim_start_matches("/environments/")
    )
}

#[tokio::test]
async fn deploy_cancel_and_delete_lead_back_to_where_they_were_clicked() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Back and forth", false).await;
    let list = "/environments?q=back&status=pending";
    dashboard.next_build(Outcome::StuckInProgress);
    for (page, back) in [
        (list, row_on(list, &made)),
        (&made.at(""), made.at("")),
        ("/account", row_on("/environments", &made)),
    ] {
        let deploy = ada.post_on(page, &made.at("deploy"), &[]).await.expect(303);
        assert_eq!(deploy.location(), back);
        let cancel = ada.post_on(page, &made.at("cancel"), &[]).await.expect(303);
        assert_eq!(cancel.location(), back);
        dashboard.until_status(&made, "pending").await;
    }
    let form = ada.get_on(list, &made.at("delete")).await.expect(200);
    let shown = form.value("back").replace("&amp;", "&");
    assert_eq!(shown, list);
    assert!(
        form.text
            .contains("<a class=\"plain\" href=\"/environments?q=back&amp;status=pending\"")
    );
    let wrong = [("confirmation", "Back"), ("back", &shown)];
    let again = ada.post(&made.at("delete"), &wrong).await.expect(422);
    assert_eq!(again.value("back").replace("&amp;", "&"), list);
    let right = [("confirmation", "Back and forth"), ("back", &shown)];
    let gone = ada.post(&made.at("delete"), &right).await.expect(303);
    assert!(gone.location().starts_with(list), "{}", gone.location());
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}

#[tokio::test]
async fn what_is_deleted_at_once_does_not_lead_back_to_its_own_page() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Short lived", false).await;
    let page = made.at("");
    let right = [("confirmation", "Short lived"), ("back", page.as_str())];
    let gone = ada.post(&made.at("delete"), &right).await.expect(303);
    assert_eq!(gone.location(), "/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn signing_in_leads_to_the_page_that_was_asked_for() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Wanted", false).await;
    let tablet = ada.elsewhere();
    let page = made.at("") + "?q=a";
    let login = tablet.get(&page).await.expect(303).location().to_owned();
    let form = tablet.get(&login).await.expect(200);
    let next = form.value("next").to_owned();
    assert_eq!(next, page);
    let mut query = form_urlencoded::Serializer::new("/register?".to_owned());
    let register = query.append_pair("next", &next).finish();
    assert!(
        form.text.contains("href=\"/register?next="),
        "{}",
        form.text
    );
    assert_eq!(tablet.get(&register).await.value("next"), page);
    let fields = [
        ("email", ada.email.as_str()),
        ("password", "wrong one"),
        ("next", &next),
    ];
    let again = tablet.post("/login", &fields).await.expect(422);
    assert_eq!(again.value("next"), page);
    let fields = [fields[0], ("password", ada.password.as_str()), fields[2]];
    tablet.post("/login", &fields).await.leads_to(&page);
    tablet.get(&login).await.leads_to(&page);
    tablet.get("/login").await.leads_to("/environments");
    tablet.get("/register").await.leads_to("/environments");
    let evil = [fields[0], fields[1], ("next", "//evil.example/")];
    let phone = ada.elsewhere();
    phone.post("/login", &evil).await.leads_to("/environments");
    dashboard.close().await;
}

/// Fails unless the page of a refused form leads to the field: what its summary says, and what has the focus.
#[track_caller]
fn leads_to_field(page: &Answer, said: &str, id: &str) {
    assert!(page.text.contains("<title>Error: "), "{}", page.text);
    let summary = page
        .text
        .split_once("class=\"wrong summary\" role=\"alert\"");
    let (_, summary) = summary.expect("a summary");
    let link = format!("<li><a href=\"#{id}\">{said}</a>: ");
    assert!(
        summary.contains(&link) || summary.starts_with(&format!(">{said}")),
        "{summary}"
    );
    let tags = page.text.split('<');
    let focused: Vec<&str> = tags.filter(|tag| tag.contains(" autofocus")).collect();
    assert_eq!(focused.len(), 1, "{focused:?}");
    assert!(focused[0].contains(&format!("id=\"{id}\"")), "{focused:?}");
}

#[tokio::test]
async fn a_refused_form_says_so_in_its_title_and_leads_to_its_first_wrong_field() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let stranger = dashboard.stranger("Bob");
    for (person, path, said, id) in [
        (
            &stranger,
            "/login",
            "<p>E-mail address and password do not match",
            "email",
        ),
        (&stranger, "/register", "Name", "name"),
        (&ada, "/environments", "Name", "name"),
        (&ada, "/account/name", "Name", "name"),
        (&ada, "/account/password", "New password", "new_password"),
        (&ada, "/account/delete", "Password", "delete_password"),
    ] {
        let page = person.post(path, &[]).await.expect(422);
        leads_to_field(&page, said, id);
    }
    let made = dashboard.make(&ada, "Refused", false).await;
    let page = ada.post(&made.at("password"), &[]).await.expect(422);
    leads_to_field(&page, "New password", "password");
    let page = ada.post(&made.at("delete"), &[]).await.expect(422);
    leads_to_field(&page, "Name", "confirmation");
    for path in ["/environments/new", "/account"] {
        let page = ada.get(path).await.expect(200);
        assert!(!page.text.contains("Error: ") && !page.text.contains("wrong summary"));
    }
    dashboard.close().await;
}

#[tokio::test]
async fn the_same_form_twice_makes_one_environment() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    let sent = futures_util::future::join_all((0..4).map(|_| create(&ada, "Twice", "x7k9"))).await;
    let first = sent[0].location().to_owned();
    for answer in sent {
        assert_eq!(answer.expect(303).location(), first);
    }
    let deploy = [
        ("name", "Twice"),
        ("password", "long enough"),
        ("suffix", "x7k9"),
        ("deploy", "1"),
    ];
    ada.post("/environments", &deploy).await.expect(303);
    let made = dashboard.made("Twice", "long enough").await;
    dashboard.until_status(&made, "running").await;
    let other = create(&ada, "Twice", "b2c3").await.expect(422);
    assert!(other.says("This name is taken."), "{}", other.text);
    create(&bob, "Twice", "x7k9").await.expect(422);
    let count = sqlx::query_scalar("select count(*) from environments");
    let count: i64 = count.fetch_one(dashboard.pool()).await.unwrap();
    assert_eq!(count, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn cancelling_twice_is_the_same_as_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Not now", false).await;
    dashboard.next_build(Outcome::StuckInProgress);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    dashboard.until_built(&made).await;
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    dashboard.until_status(&made, "pending").await;
    ada.post(&made.at("cancel"), &[]).await.expect(303);
    assert_eq!(dashboard.calls("cancel", "200"), 1);
    dashboard.close().await;
}

#[tokio::test]
async fn what_runs_is_asked_for_before_it_is_deployed_again() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Busy").await;
    let row = ada.get(&made.at("row")).await.expect(200);
    assert!(
        !row.text
            .contains(&format!("action=\"{}\"", made.at("deploy")))
    );
    assert!(
        row.text
            .contains(&format!("href=\"{}\"", made.at("deploy")))
    );
    let form = ada
        .get_on("/environments?q=b", &made.at("deploy"))
        .await
        .expect(200);
    assert!(
        form.says("Deploy Busy again?")
            && form.says("The workspace, the settings, and Claude’s login")
    );
    assert_eq!(form.value("back"), "/environments?q=b");
    let back = [("back", "/environments?q=b")];
    let done = ada.post(&made.at("deploy"), &back).await.expect(303);
    assert_eq!(done.location(), row_on("/environments?q=b", &made));
    dashboard.until_status(&made, "running").await;
    assert_eq!(dashboard.record(&made).builds_started, 2);
    let bob = dashboard.person("Bob").await;
    bob.get(&made.at("deploy")).await.expect(404);
    dashboard.close().await;
}

#[tokio::test]
async fn the_theme_keeps_the_page_with_its_query() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let list = ada
        .get("/environments?q=a&status=running")
        .await
        .expect(200);
    let back = list.value("back").replace("&amp;", "&");
    assert_eq!(back, "/environments?q=a&status=running");
    let dark = [("theme", "dark"), ("back", back.as_str())];
    ada.post("/theme", &dark).await.leads_to(&back);
    let refused = create(&ada, "", "x7k9").await.expect(422);
    assert_eq!(refused.value("back"), "/environments/new");
    dashboard.close().await;
}

#[tokio::test]
async fn without_script_a_moving_page_is_loaded_again_until_its_reader_stops_that() {
    const REFRESH: &str = "<noscript><meta http-equiv=\"refresh\" content=\"15;url=/environments";
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Moving", false).await;
    let still = ada.get("/environments").await.expect(200);
    assert!(!still.text.contains(REFRESH) && !still.says("every 15 seconds"));
    dashboard.next_build(Outcome::StuckInProgress);
    ada.post(&made.at("deploy"), &[]).await.expect(303);
    for (page, stopped) in [
        (
            "/environments?q=mov".to_owned(),
            "/environments?q=mov&refresh=no".to_owned(),
        ),
        (made.at(""), made.at("") + "?refresh=no"),
    ] {
        let moving = ada.get(&page).await.expect(200);
        assert!(moving.text.contains(REFRESH));
        let stop = format!(
            "<a href=\"{}\">Stop that</a>",
            stopped.replace('&', "&amp;")
        );
        assert!(moving.text.contains(&stop), "{}", moving.text);
        let still = ada.get(&stopped).await.expect(200);
        assert!(!still.text.contains(REFRESH));
        assert!(still.says("Load it again every 15 seconds"));
    }
    dashboard.close().await;
}
