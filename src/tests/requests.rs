//! Stories of requests that no page of ours sends: other methods, odd addresses, odd parameters and odd forms.

use super::harness::{Dashboard, Made};
use super::person::{Answer, Person};
use super::refusals::{addresses_of, ask};
use axum::http::Request;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use url::form_urlencoded;

/// Pages of somebody who is signed in, besides those of an environment.
const PAGES: [&str; 10] = [
    "/updates",
    "/environments",
    "/environments/new",
    "/environments/new/preview",
    "/environments/changes",
    "/account",
    "/login",
    "/register",
    "/healthz",
    "/readyz",
];

/// Every path that can be asked for, of an environment with a deployment.
async fn paths(dashboard: &Dashboard, made: &Made) -> BTreeSet<String> {
    let deployment = dashboard.deployment_id(made).await.to_string();
    let of_it = addresses_of(&made.id.to_string()).into_iter();
    let of_it = of_it.map(|(_, path)| path.replace("dep_01h455vb4pex5vsknk084sn02q", &deployment));
    let posted = ["/logout", "/theme", "/account/name", "/environments/groups"];
    let pages = PAGES.into_iter().chain(posted).map(str::to_owned);
    pages.chain(of_it).collect()
}

/// Fails if nobody would know what to do with the answer.
#[track_caller]
pub fn is_told(answer: &Answer, asked: &str) {
    let status = answer.status.as_u16();
    assert!(status < 500, "{asked}: {status}\n{}", answer.text);
    if status >= 400 && asked.starts_with("HEAD ") {
        assert_eq!(answer.text, "", "{asked}");
    } else if status >= 400 {
        let alert = answer.text.contains("role=\"alert\"");
        assert!(
            alert || answer.text.contains("note bad"),
            "{asked}: {status}\n{}",
            answer.text
        );
    }
}

#[tokio::test]
async fn every_address_names_its_methods_and_answers_head_like_get() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Asked").await;
    dashboard.until_logged(&made).await;
    let mut paths = paths(&dashboard, &made).await;
    let page = ada.get("/environments").await.expect(200);
    let (_, style) = page.text.split_once("href=\"/assets/app.").unwrap();
    let (style, _) = style.split_once('"').unwrap();
    paths.insert(format!("/assets/app.{style}"));
    for path in paths {
        let refused = ask(&ada, "DELETE", &path, false, "").await.expect(405);
        assert!(
            refused.says("This address does not take this kind of request."),
            "{path}"
        );
        let options = ask(&ada, "OPTIONS", &path, false, "").await.expect(204);
        for answer in [refused, options] {
            assert!(
                answer.header("allow").starts_with("GET,HEAD"),
                "{path}: {:?}",
                answer.headers
            );
        }
        let head = ask(&ada, "HEAD", &path, false, "").await;
        let got = ada.get(&path).await;
        assert_eq!((head.status, &*head.text), (got.status, ""), "{path}");
        assert_eq!(
            head.header("content-type"),
            got.header("content-type"),
            "{path}"
        );
        assert_eq!(head.location(), got.location(), "{path}");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn odd_addresses_are_pages_with_a_sentence() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Here", false).await;
    let odd = [
        "//environments".to_owned(),
        "/environments/".to_owned(),
        "/environments%2f".to_owned(),
        "/%ff".to_owned(),
        "/environments/%00".to_owned(),
        "/environments/%ff/row".to_owned(),
        "/assets/".to_owned(),
        "/assets/%ff".to_owned(),
        "/assets/..%2fapp.css".to_owned(),
        "/assets/a/b".to_owned(),
        "/healthz/".to_owned(),
        format!("{}%2frow", made.at("")),
        format!("{}/deployments/x", made.at("")),
        format!("/environments/{}", "x".repeat(5_000)),
    ];
    for path in odd {
        let page = ada.get(&path).await.expect(404);
        assert!(
            page.says("There is nothing here, or it is not yours."),
            "{path}"
        );
    }
    let page = ada
        .get(&format!("/environments?q={}", "x".repeat(20_000)))
        .await
        .expect(414);
    assert!(page.says("This address is too long."));
    ada.set_cookie("other", &"x".repeat(40_000));
    let page = ada.get("/environments").await.expect(431);
    assert!(page.says("Remove the cookies of dashboard.example.com in your browser"));
    dashboard.close().await;
}

#[tokio::test]
async fn odd_forms_are_pages_with_a_sentence() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let kind = "application/x-www-form-urlencoded";
    for (kind, body, status) in [
        ("application/json", "{\"name\":\"a\"}", 400),
        ("multipart/form-data; boundary=x", "--x\r\n\r\n--x--", 400),
        ("text/plain", "name=a", 400),
        ("", "name=a", 400),
        (kind, "name=a&name=b&password=long+enough", 400),
        (kind, "name=%ff&password=short", 422),
        (kind, "name=%00&password=long+enough", 422),
        (kind, "", 422),
        (kind, "&&=&=", 422),
    ] {
        let request = Request::post("/environments").header("content-type", kind);
        is_told(&ada.send(request, body).await.expect(status), body);
    }
    let large = format!("name={}", "x".repeat(70_000));
    let page = ask(&ada, "POST", "/environments", false, &large)
        .await
        .expect(413);
    assert!(page.says("This form is larger than anything that is needed here."));
    let named = "name=a%00b&password=long+enough&suffix=%00&deploy=%00";
    ask(&ada, "POST", "/environments", false, named)
        .await
        .leads_to("/environments");
    assert!(ada.get("/environments").await.says("ab is created."));
    dashboard.close().await;
}

/// Values that nobody expects.
pub const VALUES: [&str; 31] = [
    "",
    " ",
    "-1",
    "0",
    "99999999999999999999",
    "9223372036854775807",
    "-9223372036854775808",
    "2147483647",
    "-2147483648",
    "4294967296",
    "1e9",
    "NaN",
    "true",
    "null",
    "[]",
    "%",
    "\0",
    "a\0b",
    "\u{fffd}",
    "'; drop table users; --",
    "<b>\"'&",
    "\u{202e}\u{200b}",
    "%_\\",
    "//evil.example",
    "running",
    "newest",
    "env_01h455vb4pex5vsknk084sn02q",
    "dep_01h455vb4pex5vsknk084sn02q",
    "env_01h455vb4pex5vsknk084sn02q 1 running moving",
    "😀\r\n\t",
    "ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}ab\u{301}",
];

const NAMES: [&str; 27] = [
    "q",
    "status",
    "sort",
    "page",
    "open",
    "refresh",
    "headings",
    "v",
    "row",
    "after",
    "live",
    "was",
    "name",
    "email",
    "password",
    "current_password",
    "new_password",
    "confirmation",
    "suffix",
    "deploy",
    "back",
    "next",
    "theme",
    "group",
    "shut",
    "rebuild",
    "deployment",
];

/// Some parameters, or a form. Bytes that are no UTF-8 are among them.
fn odd_fields(random: &mut StdRng) -> String {
    let mut fields = form_urlencoded::Serializer::new(String::new());
    for _ in 0..random.random_range(0..6) {
        let name = NAMES[random.random_range(0..NAMES.len())];
        fields.append_pair(name, VALUES[random.random_range(0..VALUES.len())]);
    }
    let ends = ["", "&q=%ff", "&%00=%00", "&=", "&q=%", "&name=%80%81"];
    fields.finish() + ends[random.random_range(0..ends.len())]
}

/// Whoever is signed out by what they sent signs in again.
async fn stays_signed_in(person: &Person) {
    if person.get("/account").await.status != 200 {
        person.sign_in().await;
    }
}

#[tokio::test]
async fn every_parameter_may_have_any_value_at_every_address() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Mistreated", true).await;
    dashboard.until_logged(&made).await;
    for path in paths(&dashboard, &made).await {
        for value in VALUES {
            // A search leaves out what other parameters are about.
            for names in [&NAMES[..], &NAMES[1..]] {
                let mut query = form_urlencoded::Serializer::new(format!("{path}?"));
                let query = query.extend_pairs(names.iter().map(|name| (name, value)));
                let query = query.finish();
                is_told(&ada.get(&query).await, &query);
            }
        }
    }
    dashboard.close().await;
}

/// How many forms are sent, each made of a number that repeats it.
const FORMS: u64 = 300;

#[tokio::test]
async fn whatever_form_is_sent_is_answered_with_a_sentence() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Mistreated", true).await;
    dashboard.until_logged(&made).await;
    let paths: Vec<String> = paths(&dashboard, &made).await.into_iter().collect();
    for seed in 0..FORMS {
        let mut random = StdRng::seed_from_u64(seed);
        let path = &paths[random.random_range(0..paths.len())];
        let form = odd_fields(&mut random);
        let answer = ask(&ada, "POST", path, random.random_bool(0.3), &form).await;
        // So many attempts of one person are refused by the limits.
        if answer.status != 429 {
            is_told(&answer, &format!("POST {path} {form} (seed {seed})"));
        }
        stays_signed_in(&ada).await;
    }
    dashboard.close().await;
}
