//! Stories of requests that are refused whoever sends them: too many, from another site, without a session, unreadable.

use super::harness::Dashboard;
use super::person::{Answer, Person};
use crate::redis::limits::{self, Bucket};
use axum::http::Request;
use std::time::Instant;
use url::form_urlencoded;

/// Tries until it is refused: as often as the bucket is deep, and once more for every token that came back meanwhile.
pub async fn until_too_many(bucket: &Bucket, try_once: impl AsyncFn(u8) -> Answer) {
    let began = Instant::now();
    for tried in 0..=u8::MAX {
        let answer = try_once(tried).await;
        if answer.status == 422 {
            continue;
        }
        let refilled = began.elapsed().as_secs_f64() / bucket.refill.as_secs_f64();
        let most = f64::from(bucket.capacity) + refilled + 1.0;
        assert!(
            u32::from(tried) >= bucket.capacity,
            "only {tried} were let through"
        );
        assert!(f64::from(tried) <= most, "{tried} were let through");
        return assert_says_how_long(&answer.expect(429), bucket.refill.as_secs());
    }
    panic!("all were let through");
}

fn assert_says_how_long(answer: &Answer, at_most: u64) {
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=at_most).contains(&seconds), "{seconds} s");
    let unit = if seconds == 1 { "second" } else { "seconds" };
    let sentence = format!("This was tried too often. Wait {seconds} {unit}, then try again.");
    assert!(answer.says(&sentence), "{}", answer.text);
    assert!(answer.text.contains("id=\"alert\""));
}

#[tokio::test]
async fn signing_in_from_one_address_is_limited_whoever_it_is_tried_for() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    until_too_many(&limits::SIGN_IN_BY_ADDRESS, async |number| {
        let mut somebody = dashboard.stranger(&format!("Somebody{number}"));
        somebody.email = format!("somebody{number}@example.com");
        somebody.try_password("wrong password").await
    })
    .await;
    let elsewhere = ada.elsewhere().from([198, 51, 100, 1]);
    elsewhere.sign_in().await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn registering_is_limited_for_one_address_and_for_one_account() {
    let dashboard = Dashboard::open().await;
    let try_as = async |person: Person, email: &str| {
        let fields = [("name", "x"), ("email", email), ("password", "short")];
        person.post("/register", &fields).await
    };
    let same = "same@example.com";
    until_too_many(&limits::REGISTER_BY_ACCOUNT, async |_| {
        let person = dashboard.stranger("x").from([198, 51, 100, 1]);
        try_as(person, same).await
    })
    .await;
    let elsewhere = dashboard.stranger("x").from([198, 51, 100, 2]);
    try_as(elsewhere, same).await.expect(422);
    until_too_many(&limits::REGISTER_BY_ADDRESS, async |number| {
        let email = format!("other{number}@example.com");
        try_as(dashboard.stranger("x"), &email).await
    })
    .await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_form_from_another_site_is_not_carried_out() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let form = "name=Planted&password=planted+password&deploy=1";
    let kind = "application/x-www-form-urlencoded";
    let foreign = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for (name, value) in foreign {
        let request = Request::post("/environments")
            .header("content-type", kind)
            .header(name, value);
        let page = ada.send(request, form).await.expect(403);
        assert!(page.says("This request came from another site and was not carried out."));
    }
    let count: i64 = sqlx::query_scalar("select count(*) from environments")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(count, 0);
    let from_elsewhere = Request::get("/environments").header("sec-fetch-site", "cross-site");
    ada.send(from_elsewhere, "").await.expect(200);
    dashboard.close().await;
}

/// Every address that needs a session, below an environment that may be there or not.
pub fn addresses_of(id: &str) -> Vec<(&'static str, String)> {
    let at = |method, part: &str| (method, format!("/environments/{id}{part}"));
    vec![
        at("GET", ""),
        at("GET", "/row"),
        at("GET", "/changes"),
        at("GET", "/log"),
        at("GET", "/log.txt"),
        at("GET", "/deployments/dep_01h455vb4pex5vsknk084sn02q"),
        at("GET", "/deployments/dep_01h455vb4pex5vsknk084sn02q/changes"),
        at("GET", "/deployments/dep_01h455vb4pex5vsknk084sn02q/log.txt"),
        at(
            "GET",
            "/deployments/dep_01h455vb4pex5vsknk084sn02q/report.txt",
        ),
        at("GET", "/delete"),
        at("GET", "/container"),
        at("GET", "/container/changes"),
        at("POST", "/deploy"),
        at("POST", "/cancel"),
        at("POST", "/password"),
        at("POST", "/password/discard"),
        at("POST", "/variables"),
        at("POST", "/variables/remove"),
        at("POST", "/variables/discard"),
        at("POST", "/resources"),
        at("POST", "/delete"),
        at("POST", "/forget"),
    ]
}

/// Every page that needs a session and is no environment's.
const PAGES: [&str; 8] = [
    "/environments",
    "/environments/new",
    "/environments/new/preview",
    "/environments/changes",
    "/account",
    "/updates",
    "/doctor",
    "/people",
];

/// Those that take a form.
const FORMS: [&str; 11] = [
    "/environments",
    "/environments/new/source",
    "/updates",
    "/updates/stop",
    "/doctor",
    "/account/name",
    "/account/password",
    "/account/sessions/end",
    "/account/tokens",
    "/account/tokens/tok_01h455vb4pex5vsknk084sn02q/revoke",
    "/account/delete",
];

/// Every address of the people page that takes a form.
pub const PEOPLE: [&str; 8] = [
    "/people/usr_01h455vb4pex5vsknk084sn02q/limits",
    "/people/usr_01h455vb4pex5vsknk084sn02q/role",
    "/people/usr_01h455vb4pex5vsknk084sn02q/disable",
    "/people/usr_01h455vb4pex5vsknk084sn02q/enable",
    "/people/usr_01h455vb4pex5vsknk084sn02q/reset",
    "/people/usr_01h455vb4pex5vsknk084sn02q/delete",
    "/people/invitations",
    "/people/invitations/lnk_01h455vb4pex5vsknk084sn02q/revoke",
];

/// Every address below that of the administration.
pub const ADMINISTRATION: [(&str, &str); 18] = [
    ("GET", "/admin"),
    ("GET", "/admin/environments"),
    ("GET", "/admin/environments/env_01h455vb4pex5vsknk084sn02q"),
    (
        "GET",
        "/admin/environments/env_01h455vb4pex5vsknk084sn02q/changes",
    ),
    (
        "POST",
        "/admin/environments/env_01h455vb4pex5vsknk084sn02q/cancel",
    ),
    (
        "POST",
        "/admin/environments/env_01h455vb4pex5vsknk084sn02q/hand-over",
    ),
    (
        "POST",
        "/admin/environments/env_01h455vb4pex5vsknk084sn02q/delete",
    ),
    ("GET", "/admin/queue"),
    ("POST", "/admin/queue/dep_01h455vb4pex5vsknk084sn02q/up"),
    ("GET", "/admin/orphans"),
    ("GET", "/admin/orphans/orphan-1"),
    ("POST", "/admin/orphans/orphan-1/adopt"),
    ("POST", "/admin/orphans/orphan-1/delete"),
    ("POST", "/admin/orphans/orphan-1/ignore"),
    ("POST", "/admin/orphans/orphan-1/list-again"),
    ("GET", "/admin/audit"),
    ("GET", "/admin/audit.csv"),
    ("GET", "/admin/settings"),
];

/// Asks at an address with a form that could be any of them.
pub async fn ask(person: &Person, method: &str, path: &str, htmx: bool, form: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if htmx {
        request = request.header("hx-request", "true");
    }
    if method == "POST" {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    person.send(request, form).await
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_to_the_sign_in_from_everywhere() {
    let dashboard = Dashboard::open().await;
    let stranger = dashboard.stranger("Stranger");
    let mut addresses = addresses_of("env_01h455vb4pex5vsknk084sn02q");
    addresses.extend(PAGES.map(|path| ("GET", path.to_owned())));
    addresses.extend(ADMINISTRATION.map(|(method, path)| (method, path.to_owned())));
    addresses.extend(PEOPLE.map(|path| ("POST", path.to_owned())));
    addresses.extend(FORMS.map(|path| ("POST", path.to_owned())));
    for (method, path) in &addresses {
        let form = "name=a&password=long+enough&confirmation=a";
        let page = ask(&stranger, method, path, false, form).await;
        let mut next = form_urlencoded::Serializer::new(String::new());
        let login = match *method {
            "GET" if path != "/environments" => {
                format!("/login?{}", next.append_pair("next", path).finish())
            }
            _ => "/login".to_owned(),
        };
        assert_eq!(
            (page.status.as_u16(), page.location()),
            (303, login.as_str()),
            "{method} {path}"
        );
        let fragment = ask(&stranger, method, path, true, form).await;
        assert_eq!(fragment.header("hx-redirect"), "/login", "{method} {path}");
        assert!(fragment.status.is_success() && fragment.text.is_empty());
    }
    dashboard.close().await;
}

/// Every address of an environment that takes a form and has no page of its own.
const TAKES_FORM: [&str; 9] = [
    "deploy",
    "cancel",
    "password",
    "password/discard",
    "variables",
    "variables/remove",
    "variables/discard",
    "resources",
    "forget",
];

/// Every address of administrators that takes a form, with its page.
fn forms_of_administrators() -> impl Iterator<Item = (String, String)> {
    let forms = ADMINISTRATION.into_iter();
    let forms = forms.filter(|(method, _)| *method == "POST");
    forms.map(|(_, address)| {
        let page = match address.rsplit_once('/').unwrap().0 {
            page if page.starts_with("/admin/queue") => "/admin/queue",
            _ if address.ends_with("list-again") => "/admin/orphans",
            page => page,
        };
        (address.to_owned(), page.to_owned())
    })
}

#[tokio::test]
async fn every_address_that_takes_a_form_leads_to_its_page_when_it_is_only_asked_for() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Reloaded", false).await;
    let table = "/environments".to_owned();
    let mut addresses = vec![
        ("/theme".to_owned(), table.clone()),
        ("/logout".to_owned(), table),
    ];
    for address in FORMS.iter().filter(|it| it.starts_with("/account/")) {
        addresses.push(((*address).to_owned(), "/account".to_owned()));
    }
    for part in TAKES_FORM {
        addresses.push((made.at(part), made.at("")));
    }
    let new = "/environments/new";
    addresses.push((format!("{new}/source"), new.to_owned()));
    addresses.extend(forms_of_administrators());
    for (address, page) in addresses {
        ada.get(&address).await.leads_to(&page);
    }
    for page in [
        "/environments",
        &made.at("delete"),
        &made.at(""),
        "/account",
    ] {
        ada.get(page).await.expect(200);
    }
    dashboard.close().await;
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_page_with_a_sentence() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let page = ada.get("/no/such/page").await.expect(404);
    assert!(
        page.says("There is nothing here, or it is not yours.")
            && page.says("Go to your environments")
    );
    let page = ask(&ada, "DELETE", "/environments", false, "")
        .await
        .expect(405);
    assert!(page.says("This address does not take this kind of request."));
    assert!(page.text.contains("id=\"alert\""));
    let unreadable = Request::post("/environments").header("content-type", "application/json");
    let page = ada.send(unreadable, "{}").await.expect(400);
    assert!(page.says("This request could not be read."));
    let page = ask(&ada, "GET", "/environments/new/preview?name=%ff", false, "").await;
    assert!(page.status.as_u16() < 500, "{}", page.text);
    dashboard.close().await;
}

#[tokio::test]
async fn the_process_says_whether_it_lives_and_whether_it_can_work() {
    let dashboard = Dashboard::open().await;
    let anybody = dashboard.stranger("Anybody");
    assert_eq!(anybody.get("/healthz").await.expect(200).text, "ok\n");
    let ready = anybody.get("/readyz").await.expect(200);
    let ready: serde_json::Value = serde_json::from_str(&ready.text).unwrap();
    assert_eq!(
        ready,
        serde_json::json!({ "postgres": true, "redis": true, "hanging": [] })
    );
    dashboard.close().await;
}
