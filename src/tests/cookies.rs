//! Stories of cookies: how ours are set, and what those that other people's pages set can do, which is nothing.

use super::harness::Dashboard;
use super::rows::poll_of;
use axum::http::{HeaderValue, Request};

#[tokio::test]
async fn cookies_are_for_this_site_alone_and_secure_where_people_come_by_https() {
    for secure in [false, true] {
        let dashboard = Dashboard::with(|setup| setup.secure = secure).await;
        let ada = dashboard.stranger("Ada");
        let fields = [
            ("name", "Ada"),
            ("email", "ada@example.com"),
            ("password", "long enough"),
        ];
        let session = ada.post("/register", &fields).await.expect(303);
        // What the prefix `__Host-` requires.
        let kept = session.header("set-cookie");
        assert!(
            kept.contains("Path=/;") || kept.ends_with("Path=/"),
            "{kept}"
        );
        assert!(!kept.contains("Domain"), "{kept}");
        let theme = ada.post("/theme", &[("theme", "dark"), ("back", "/login")]);
        let theme = theme.await.leads_to("/login");
        for answer in [session, theme] {
            let cookie = answer.header("set-cookie");
            assert!(cookie.contains("HttpOnly"), "{cookie}");
            assert!(cookie.contains("SameSite=Lax"), "{cookie}");
            assert_eq!(cookie.contains("Secure"), secure, "{cookie}");
        }
        let name = if secure {
            "__Host-vps-claude"
        } else {
            "vps-claude"
        };
        assert!(ada.cookie(name).is_some(), "{name}");
        let page = ada.get("/environments").await.expect(200);
        assert!(page.text.contains("data-theme=\"dark\""));
        assert_eq!(
            page.headers.contains_key("strict-transport-security"),
            secure
        );
        dashboard.close().await;
    }
}

#[tokio::test]
async fn over_http_where_people_come_by_https_a_sentence_says_why_nobody_is_signed_in() {
    let dashboard = Dashboard::with(|setup| setup.secure = true).await;
    let ada = dashboard.stranger("Ada");
    for path in ["/login", "/register"] {
        let request = |origin: &str| {
            Request::post(path)
                .header("origin", origin)
                .header("host", "vps.example.com")
                .header("content-type", "application/x-www-form-urlencoded")
        };
        let form = "name=Ada&email=ada@example.com&password=long+enough";
        let answer = ada
            .send(request("http://vps.example.com"), form)
            .await
            .expect(422);
        assert!(answer.says("Open the same address with https"), "{path}");
        assert_eq!(answer.value("email"), "ada@example.com");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    let people: i64 = sqlx::query_scalar("select count(*) from users")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(people, 0);
    dashboard.close().await;
}

#[tokio::test]
async fn whoever_sends_two_sessions_is_nobody_and_cookies_of_other_programs_do_nothing() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let mallory = dashboard.person("Mallory").await;
    let page = ada.get("/environments").await.expect(200);
    let poll = poll_of(&page);
    for (name, value) in [
        ("session", "of another program"),
        ("a", "\"b"),
        ("vps-claude-x", "1"),
    ] {
        ada.set_cookie(name, value);
        ada.get("/account").await.expect(200);
    }
    // A page on a sibling domain has set one for the whole domain.
    let planted = mallory.cookie("vps-claude").unwrap();
    ada.set_cookie("b", &format!("; vps-claude={planted}"));
    ada.get("/account").await.leads_to("/login?next=%2Faccount");
    let answer = ada.fetch(&poll).await;
    assert!(answer.header("hx-redirect").starts_with("/login"));
    let form = [("name", "Planted"), ("password", "long enough")];
    ada.post("/environments", &form).await.leads_to("/login");
    let told = ada.sign_in().await.expect(422);
    assert!(told.says("two cookies named vps-claude, one of which another site has set."));
    ada.set_cookie("b", "");
    assert!(
        ada.get("/account")
            .await
            .expect(200)
            .says("ada@example.com")
    );
    dashboard.close().await;
}

/// What the page of an environment on a sibling domain may have set for the whole domain.
const OF_NEIGHBOURS: [(&str, &str); 9] = [
    ("session", "of another program"),
    ("é", "1"),
    ("a", "not ASCII: é"),
    ("b", "\"unbalanced"),
    ("c", "two words, and a comma"),
    ("__Secure-vps-claude", "1"),
    ("__host-vps-claude", "1"),
    ("vps-claude-x", "1"),
    ("theme", "<script>"),
];

#[tokio::test]
async fn cookies_of_other_programs_harm_nothing() {
    for secure in [false, true] {
        let dashboard = Dashboard::with(|setup| setup.secure = secure).await;
        let ada = dashboard.person("Ada").await;
        let poll = poll_of(&ada.get("/environments").await.expect(200));
        let is_signed_in = async || {
            ada.get("/account").await.expect(200);
            ada.fetch(&poll).await.expect(204);
        };
        for (name, value) in OF_NEIGHBOURS {
            ada.set_cookie(name, value);
            is_signed_in().await;
        }
        for number in 0..300 {
            ada.set_cookie(&format!("many{number}"), "x");
        }
        is_signed_in().await;
        for bytes in [b"a=\xff\xfe".as_slice(), b"\xc3\x28", b";;=;", b"  "] {
            let cookie = HeaderValue::from_bytes(bytes).unwrap();
            let request = Request::get("/account").header("cookie", cookie);
            ada.send(request, "").await.expect(200);
        }
        dashboard.close().await;
    }
}

/// The names that mean the same once they are decoded, of which a browser knows no prefix.
#[tokio::test]
async fn a_session_under_a_name_that_only_decodes_to_ours_is_none() {
    let dashboard = Dashboard::with(|setup| setup.secure = true).await;
    let ada = dashboard.person("Ada").await;
    let mallory = dashboard.person("Mallory").await;
    let planted = mallory.cookie("__Host-vps-claude").unwrap();
    for name in ["__Host%2Dvps-claude", "%5F%5FHost-vps-claude"] {
        let nobody = dashboard.stranger("Nobody");
        nobody.set_cookie(name, &planted);
        nobody.get("/environments").await.leads_to("/login");
        ada.set_cookie(name, &planted);
        let account = ada.get("/account").await.expect(200);
        assert!(account.says("ada@example.com"), "{name}");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn what_a_browser_chose_is_its_own_where_people_come_by_https() {
    let dashboard = Dashboard::with(|setup| setup.secure = true).await;
    let ada = dashboard.person("Ada").await;
    let dark = [("theme", "dark"), ("back", "/account")];
    ada.post("/theme", &dark).await.leads_to("/account");
    let shut = [("group", "pending"), ("shut", "1")];
    ada.post("/environments/groups", &shut).await.expect(303);
    let chosen = ada.cookie("__Host-shut").unwrap();
    for value in ["light", "", "dark.dark"] {
        ada.set_cookie("zzz", &format!("; theme={value}; shut={value}"));
        let page = ada.get("/account").await.expect(200);
        assert!(page.text.contains("data-theme=\"dark\""), "{value}");
    }
    assert_eq!(chosen, "pending");
    dashboard.close().await;
}

#[tokio::test]
async fn signing_out_removes_the_cookie_as_browsers_require() {
    for (secure, name) in [(false, "vps-claude"), (true, "__Host-vps-claude")] {
        let dashboard = Dashboard::with(|setup| setup.secure = secure).await;
        let ada = dashboard.person("Ada").await;
        let ended = ada.post("/logout", &[]).await;
        let removal = ended.header("set-cookie");
        assert!(removal.starts_with(&format!("{name}=;")), "{removal}");
        assert!(removal.contains("Max-Age=0") && removal.contains("Path=/"));
        assert_eq!(removal.contains("Secure"), secure, "{removal}");
        assert!(ada.cookie(name).is_none());
        dashboard.close().await;
    }
}
