//! Stories of accounts: registering, signing in and out, and who may not.

use super::harness::Dashboard;
use super::log::overheard;
use crate::domain::user::WhoRegisters;

const NO_MATCH: &str =
    "E-mail address and password do not match an account. Check both and try again.";

async fn people(dashboard: &Dashboard) -> i64 {
    sqlx::query_scalar("select count(*) from users")
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn whoever_registers_is_signed_in() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.stranger("Ada");
    ada.get("/environments").await.leads_to("/login");
    ada.get("/register").await.expect(200);
    ada.register().await;
    let table = ada.get("/environments").await.expect(200);
    assert!(table.says("Welcome, Ada."));
    ada.get("/").await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn every_wrong_field_has_its_sentence_and_no_password_comes_back() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.stranger("Ada");
    let fields = [("name", " "), ("email", "ada"), ("password", "7 chars")];
    let page = ada.post("/register", &fields).await.expect(422);
    assert_eq!(page.note("name"), "Enter your name.");
    assert_eq!(
        page.note("email"),
        "This is not an e-mail address. Enter one like name@example.com."
    );
    assert_eq!(
        page.note("password"),
        "This password is too short. Use at least 8 characters."
    );
    assert_eq!(page.value("email"), "ada");
    assert!(!page.text.contains("7 chars"));
    let (name, password) = ("\"Ada\" <&> ".repeat(12), "p".repeat(1_001));
    let fields = [
        ("name", name.as_str()),
        ("email", "ada@example.com"),
        ("password", &password),
    ];
    let page = ada.post("/register", &fields).await.expect(422);
    assert_eq!(
        page.note("name"),
        "This name is too long. Use at most 100 characters."
    );
    assert_eq!(
        page.note("password"),
        "This password is too long. Use at most 1,000 characters."
    );
    assert!(page.says(&name), "what was typed is kept");
    assert!(!page.text.contains("<&>"), "and escaped");
    assert!(!page.text.contains(&password));
    assert_eq!(people(&dashboard).await, 0);
    dashboard.close().await;
}

#[tokio::test]
async fn an_address_is_one_account_whatever_its_case() {
    let dashboard = Dashboard::open().await;
    let mut ada = dashboard.stranger("Ada");
    ada.email = "Ada.L@Example.COM".to_owned();
    ada.register().await;
    let mut again = ada.elsewhere();
    again.email = "ada.l@eXAMPLE.com".to_owned();
    again.sign_in().await.leads_to("/environments");
    let fields = [
        ("name", "Another"),
        ("email", " ADA.L@example.com "),
        ("password", "another password"),
    ];
    let page = ada.elsewhere().post("/register", &fields).await.expect(422);
    assert_eq!(
        page.note("email"),
        "This e-mail address already has an account. Sign in instead."
    );
    assert_eq!(people(&dashboard).await, 1);
    dashboard.close().await;
}

#[tokio::test]
async fn nobody_registers_where_registration_is_closed() {
    let dashboard = Dashboard::with(|setup| setup.registration = WhoRegisters::Nobody).await;
    let ada = dashboard.stranger("Ada");
    let page = ada.get("/register").await.expect(200);
    assert!(page.says("Registration is closed") && !page.text.contains("action=\"/register\""));
    let login = ada.get("/login").await.expect(200);
    assert!(!login.says("No account yet?"));
    let fields = [
        ("name", "Ada"),
        ("email", "ada@example.com"),
        ("password", "long enough"),
    ];
    let page = ada.post("/register", &fields).await.expect(403);
    assert!(page.says("Registration is closed"));
    assert_eq!(people(&dashboard).await, 0);
    dashboard.close().await;
}

#[tokio::test]
async fn an_unknown_address_is_not_told_from_a_wrong_password() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await.elsewhere();
    let nobody = dashboard.stranger("Nobody");
    let mut odd = dashboard.stranger("Odd");
    odd.email = "not an address".to_owned();
    let wrong = ada.try_password("wrong password").await.expect(422);
    let unknown = nobody.try_password("wrong password").await.expect(422);
    let unread = odd.try_password("wrong password").await.expect(422);
    assert!(wrong.says(NO_MATCH));
    assert_eq!(wrong.value("email"), "ada@example.com");
    assert_eq!(unknown.text.replace(&nobody.email, &ada.email), wrong.text);
    assert_eq!(unread.text.replace(&odd.email, &ada.email), wrong.text);
    dashboard.close().await;
}

#[test]
fn an_unknown_address_is_as_much_work_as_a_wrong_password() {
    let log = overheard(async {
        let dashboard = Dashboard::open().await;
        let ada = dashboard.person("Ada").await.elsewhere();
        let mut odd = dashboard.stranger("Odd");
        odd.email = "not an address".to_owned();
        for person in [ada, odd, dashboard.stranger("Nobody")] {
            person.try_password("wrong password").await.expect(422);
        }
        dashboard.close().await;
    });
    assert_eq!(log.text().matches("a password is compared").count(), 3);
}

#[tokio::test]
async fn signing_in_gives_the_session_a_new_id() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let planted = ada.cookie("vps-claude").unwrap();
    ada.post("/logout", &[])
        .await
        .leads_to("/login?ended=session");
    let mallory = dashboard.stranger("Mallory");
    mallory.set_cookie("vps-claude", &planted);
    ada.sign_in().await.leads_to("/environments");
    assert_ne!(ada.cookie("vps-claude").unwrap(), planted);
    ada.get("/environments").await.expect(200);
    mallory.get("/environments").await.leads_to("/login");
    dashboard.close().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_for_whoever_kept_its_cookie() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let thief = dashboard.stranger("Thief");
    thief.set_cookie("vps-claude", &ada.cookie("vps-claude").unwrap());
    thief.get("/account").await.expect(200);
    let ended = "/login?ended=session";
    ada.post("/logout", &[]).await.leads_to(ended);
    assert!(ada.get(ended).await.says("You are signed out."));
    ada.get("/environments").await.leads_to("/login");
    thief
        .get("/account")
        .await
        .leads_to("/login?next=%2Faccount");
    dashboard.close().await;
}

#[tokio::test]
async fn the_colours_lead_back_to_this_site_only() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.stranger("Ada");
    for elsewhere in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "",
    ] {
        let fields = [("theme", "dark"), ("back", elsewhere)];
        ada.post("/theme", &fields).await.leads_to("/");
    }
    let fields = [("theme", "light"), ("back", "/register")];
    ada.post("/theme", &fields).await.leads_to("/register");
    dashboard.close().await;
}
