//! Stories behind proxies: whom a request counts for, and which site is our own.

use super::harness::Dashboard;
use super::log::overheard;
use super::person::{Answer, Person};
use super::refusals::until_too_many;
use crate::redis::limits;
use axum::http::Request;

#[tokio::test]
async fn a_sender_that_a_near_proxy_names_is_believed_and_a_far_one_is_not() {
    let dashboard = Dashboard::open().await;
    let try_from = async |peer: [u8; 4], named: String, number: u32| {
        let person = dashboard.stranger("x").from(peer);
        let request = Request::post("/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-forwarded-for", named);
        let form = format!("email=x{number}%40example.com&password=wrong+password");
        person.send(request, &form).await
    };
    for number in 0..40 {
        let named = format!("10.0.0.1, 198.51.100.{number}");
        try_from([127, 0, 0, 1], named, number).await.expect(422);
    }
    let far = async |number: u8| {
        let named = format!("198.51.100.{number}");
        try_from([203, 0, 113, 9], named, 100 + u32::from(number)).await
    };
    until_too_many(&limits::SIGN_IN_BY_ADDRESS, far).await;
    dashboard.close().await;
}

/// Signs in through a proxy at this address, which adds this header, and returns the address on the account page.
async fn shown(person: Person, peer: [u8; 4], header: (&str, &str)) -> String {
    let person = person.from(peer);
    let request = Request::post("/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .header(header.0, header.1);
    let password = person.password.replace(' ', "+");
    let form = format!("email={}&password={password}", person.email);
    person.send(request, &form).await.leads_to("/environments");
    let page = person.get("/account").await.expect(200);
    let (_, current) = page.text.split_once("this session").unwrap();
    let (_, address) = current.split_once(" from ").unwrap();
    address.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_account_page_shows_the_sender_that_trusted_proxies_name() {
    let near = [127, 0, 0, 1];
    let dashboard = Dashboard::with(|setup| setup.trusted_proxies = "127.0.0.1, 10.0.0.0/8").await;
    let ada = dashboard.person("Ada").await;
    for (peer, header, address) in [
        (
            near,
            ("x-forwarded-for", "1.2.3.4, 198.51.100.7, 10.1.1.1"),
            "198.51.100.7",
        ),
        (
            near,
            ("x-forwarded-for", "::ffff:198.51.100.7"),
            "198.51.100.7",
        ),
        (
            near,
            ("forwarded", "for=\"[2001:db8::1]:4711\";proto=https"),
            "2001:db8::1",
        ),
        (near, ("forwarded", "for=1.2.3.4, for=_hidden"), "127.0.0.1"),
        (
            [10, 9, 9, 9],
            ("x-forwarded-for", "198.51.100.7:80"),
            "198.51.100.7",
        ),
        (
            [192, 168, 0, 1],
            ("x-forwarded-for", "198.51.100.7"),
            "192.168.0.1",
        ),
    ] {
        assert_eq!(
            shown(ada.elsewhere(), peer, header).await,
            address,
            "{header:?}"
        );
    }
    dashboard.close().await;
}

#[test]
fn a_near_proxy_that_is_not_trusted_is_named_once_in_the_log() {
    let log = overheard(async {
        let dashboard = Dashboard::open().await;
        let ada = dashboard.person("Ada").await.from([172, 18, 0, 2]);
        for _ in 0..2 {
            let request = Request::get("/account").header("x-forwarded-for", "198.51.100.7");
            ada.send(request, "").await.expect(200);
        }
        dashboard.close().await;
    });
    let text = log.text();
    let said: Vec<&str> = text
        .lines()
        .filter(|it| it.contains("TRUSTED_PROXIES"))
        .collect();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("peer=172.18.0.2"), "{said:?}");
}

#[tokio::test]
async fn whoever_has_a_network_of_ipv6_counts_as_one() {
    let dashboard = Dashboard::open().await;
    let try_from = async |sender: String, number: u8| {
        let person = dashboard.stranger("x").from([127, 0, 0, 1]);
        let request = Request::post("/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-forwarded-for", sender);
        let form = format!("email=x{number}%40example.com&password=wrong+password");
        person.send(request, &form).await
    };
    until_too_many(&limits::SIGN_IN_BY_ADDRESS, async |number| {
        try_from(format!("2001:db8::{number:x}:1"), number).await
    })
    .await;
    try_from("2001:db8:0:1::1".to_owned(), 0).await.expect(422);
    dashboard.close().await;
}

async fn form_from(person: &Person, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post("/theme");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    person.send_as_it_is(request, "theme=dark").await
}

#[tokio::test]
async fn a_form_through_a_proxy_that_changes_the_host_is_taken_where_the_public_url_is_set() {
    let own = ("origin", "https://vps.example.com");
    let upstream = ("host", "127.0.0.1:3000");
    let dashboard =
        Dashboard::with(|setup| setup.public_url = Some("https://vps.example.com")).await;
    let ada = dashboard.stranger("Ada");
    form_from(&ada, &[own, upstream]).await.expect(303);
    let evil = ("origin", "https://evil.example");
    form_from(&ada, &[evil, upstream]).await.expect(403);
    dashboard.close().await;
    let dashboard = Dashboard::open().await;
    let ada = dashboard.stranger("Ada").from([127, 0, 0, 1]);
    form_from(&ada, &[own, ("host", "VPS.example.com:443")])
        .await
        .expect(303);
    let forwarded = ("x-forwarded-host", "evil.example, vps.example.com");
    form_from(&ada, &[own, upstream, forwarded])
        .await
        .expect(303);
    let far = dashboard.stranger("Far");
    form_from(&far, &[own, upstream, forwarded])
        .await
        .expect(403);
    dashboard.close().await;
}

#[tokio::test]
async fn a_form_that_is_refused_says_what_was_compared_and_what_the_proxy_must_pass_on() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.stranger("Ada");
    let headers = [("origin", "https://a.example:8443"), ("host", "a.<b>")];
    let page = form_from(&ada, &headers).await.expect(403);
    for words in [
        "it came from https://a.example:8443 (Origin)",
        "asked for as a.<b> (Host), and PUBLIC_URL is not set",
        "proxy_set_header Host $http_host;",
    ] {
        assert!(page.says(words), "{words}: {}", page.text);
    }
    assert!(!page.text.contains("<b>"));
    let page = form_from(&ada, &[("origin", "null"), ("host", "a.b")])
        .await
        .expect(403);
    assert!(page.says("Your browser did not say which page this came from"));
    dashboard.close().await;
    let dashboard =
        Dashboard::with(|setup| setup.public_url = Some("https://vps.example.com/")).await;
    let page = form_from(&dashboard.stranger("Ada"), &headers)
        .await
        .expect(403);
    assert!(page.says("and PUBLIC_URL is https://vps.example.com."));
    dashboard.close().await;
}

#[tokio::test]
async fn what_only_asks_is_never_refused() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.stranger("Ada");
    for (method, status) in [("GET", 200), ("HEAD", 200), ("OPTIONS", 204)] {
        let request = Request::builder()
            .method(method)
            .uri("/login")
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", "cross-site");
        ada.send(request, "").await.expect(status);
    }
    dashboard.close().await;
}
