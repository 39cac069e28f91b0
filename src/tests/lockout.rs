//! Stories of passwords that are guessed: whoever guesses is held up, and nobody else.

use super::harness::Dashboard;
use super::log::overheard;
use super::person::Person;
use super::refusals::until_too_many;
use crate::redis::limits;
use axum::http::Request;
use regex::Regex;

const KNOWN: &str = "vps-claude-known";
/// A network that no story's person is at.
const STRANGE: [u8; 4] = [198, 51, 100, 1];

/// Guesses from this address until it is refused.
async fn guess_until_too_many(of: &Person, from: [u8; 4]) {
    until_too_many(&limits::SIGN_IN_BY_ACCOUNT, async |_| {
        let guesser = of.elsewhere().from(from);
        guesser.try_password("wrong password").await
    })
    .await;
    hold_up(of, from).await;
}

/// Guesses on until the next attempt from this address is refused for some seconds more.
async fn hold_up(of: &Person, from: [u8; 4]) {
    let guesser = of.elsewhere().from(from);
    loop {
        let answer = guesser.try_password("wrong password").await;
        let wait = answer.header("retry-after").parse::<u64>();
        if wait.is_ok_and(|seconds| seconds >= 10) {
            return;
        }
    }
}

#[tokio::test]
async fn whoever_guesses_uses_up_nobody_elses_attempts() {
    for redis in [true, false] {
        let dashboard = Dashboard::with(|setup| setup.redis = redis).await;
        let ada = dashboard.person("Ada").await;
        guess_until_too_many(&ada, STRANGE).await;
        let guesser = ada.elsewhere().from(STRANGE);
        guesser.sign_in().await.expect(429);
        // Ada is at a new device, and Bob shares the guesser's network.
        ada.elsewhere().sign_in().await.leads_to("/environments");
        let bob = dashboard.person("Bob").await.elsewhere().from(STRANGE);
        bob.sign_in().await.leads_to("/environments");
        dashboard.close().await;
    }
}

#[tokio::test]
async fn guesses_from_many_networks_keep_nobody_out() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for host in 0..60 {
        let guesser = ada.elsewhere().from([198, 51, 100, host]);
        guesser.try_password("wrong password").await.expect(422);
    }
    ada.elsewhere().sign_in().await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn a_browser_that_signed_in_before_is_not_held_up_even_by_its_own_network() {
    for secure in [false, true] {
        let dashboard = Dashboard::with(|setup| setup.secure = secure).await;
        let ada = dashboard.person("Ada").await;
        let (phone, home) = (ada.elsewhere(), [203, 0, 113, 7]);
        phone.sign_in().await.leads_to("/environments");
        guess_until_too_many(&ada, home).await;
        ada.elsewhere().sign_in().await.expect(429);
        for device in [ada, phone] {
            device.post("/logout", &[]).await.expect(303);
            device.try_password("mistyped").await.expect(422);
            device.sign_in().await.leads_to("/environments");
        }
        dashboard.close().await;
    }
}

#[tokio::test]
async fn whoever_is_signed_in_changes_the_password_while_others_guess_it() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    ada.set_cookie(KNOWN, "forgotten");
    guess_until_too_many(&ada, [203, 0, 113, 7]).await;
    ada.elsewhere().sign_in().await.expect(429);
    let fields = [
        ("current_password", ada.password.as_str()),
        ("new_password", "nobody guesses this"),
    ];
    ada.post("/account/password", &fields).await.expect(303);
    until_too_many(&limits::PROMPT_BY_USER, async |_| {
        ada.post("/account/password", &fields).await
    })
    .await;
    dashboard.close().await;
}

#[tokio::test]
async fn a_browser_that_signed_in_before_may_not_guess_for_ever() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    until_too_many(&limits::SIGN_IN_BY_BROWSER, async |_| {
        ada.try_password("wrong password").await
    })
    .await;
    ada.elsewhere().sign_in().await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn the_mark_of_a_browser_names_its_accounts_to_nobody_and_opens_nothing() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let set = ada.sign_in().await;
    let set = set.headers.get_all("set-cookie").iter();
    let set: Vec<&str> = set.map(|it| it.to_str().unwrap()).collect();
    let mark = set.iter().find(|it| it.starts_with(KNOWN)).unwrap();
    assert!(mark.contains("; HttpOnly") && mark.contains("; SameSite=Lax"));
    assert!(mark.contains("; Max-Age=31536000") && mark.contains("; Path=/;"));
    assert!(
        !mark.contains("example") && !mark.contains("usr_"),
        "{mark}"
    );
    assert!(
        set[0].starts_with("vps-claude="),
        "the session comes first: {set:?}"
    );
    let thief = dashboard.stranger("Thief");
    thief.set_cookie(KNOWN, &ada.cookie(KNOWN).unwrap());
    thief.get("/environments").await.leads_to("/login");
    dashboard.close().await;
}

#[tokio::test]
async fn a_mark_counts_for_the_accounts_that_it_names_and_not_when_it_is_forged() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let bob = dashboard.person("Bob").await;
    let own = bob.cookie(KNOWN).unwrap();
    let (id, signature) = own.split_once('.').unwrap();
    let of_ada = ada.cookie(KNOWN).unwrap();
    let of_ada = of_ada.split_once('.').unwrap().1;
    guess_until_too_many(&ada, STRANGE).await;
    for forged in [
        own.clone(),
        format!("{id}.{of_ada}"),
        format!("{id}.{signature}.{of_ada}"),
        id.to_owned(),
        format!("{id}."),
        format!("{id}.zz"),
        "....".to_owned(),
    ] {
        hold_up(&ada, STRANGE).await;
        let guesser = ada.elsewhere().from(STRANGE);
        guesser.set_cookie(KNOWN, &forged);
        guesser.sign_in().await.expect(429);
    }
    dashboard.close().await;
}

#[tokio::test]
async fn a_browser_that_several_people_use_is_known_to_each_of_them() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let mut shared = dashboard.person("Bob").await;
    let bob = shared.email.clone();
    shared.email.clone_from(&ada.email);
    ada.password.clone_into(&mut shared.password);
    shared.sign_in().await.leads_to("/environments");
    let shared = shared.from(STRANGE);
    guess_until_too_many(&ada, STRANGE).await;
    shared.sign_in().await.leads_to("/environments");
    let elsewhere = [198, 51, 100, 2];
    let mut bobs = shared.from(elsewhere);
    bobs.email = bob;
    bobs.password = "the password of Bob".to_owned();
    guess_until_too_many(&bobs, elsewhere).await;
    bobs.sign_in().await.leads_to("/environments");
    dashboard.close().await;
}

#[tokio::test]
async fn only_failures_count() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for _ in 0..limits::SIGN_IN_BY_ADDRESS.capacity + 5 {
        ada.elsewhere().sign_in().await.leads_to("/environments");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn guesses_on_the_account_page_are_limited_and_hold_up_no_other_network() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let thief = dashboard.stranger("Thief").from(STRANGE);
    thief.set_cookie("vps-claude", &ada.cookie("vps-claude").unwrap());
    until_too_many(&limits::PROMPT_BY_USER, async |tried| {
        let fields = [
            ("current_password", "wrong password"),
            ("new_password", "a new password"),
            ("password", "wrong password"),
        ];
        let form = ["/account/password", "/account/delete"][usize::from(tried % 2)];
        thief.post(form, &fields).await
    })
    .await;
    let fields = [
        ("current_password", ada.password.as_str()),
        ("new_password", "a new password"),
    ];
    ada.post("/account/password", &fields)
        .await
        .leads_to("/account");
    dashboard.close().await;
}

/// What the filter of the manual finds, and the address that it takes. fail2ban cuts off the time.
fn found(log: &str) -> Vec<String> {
    let readme = include_str!("../../README.md");
    let filter = readme
        .lines()
        .find_map(|it| it.trim().strip_prefix("failregex = "));
    let filter = filter.unwrap().replace("<HOST>", r"(?<host>\S+)");
    let filter = Regex::new(&filter).unwrap();
    let lines = log.lines().filter_map(|line| {
        let line = line.split_once(' ')?.1;
        let address = &filter.captures(line)?["host"];
        let (_, said) = line.rsplit_once(": ")?;
        Some(format!("{} {address}", said.split_once(" address=")?.0))
    });
    lines.collect()
}

#[test]
fn what_fails_and_what_is_limited_is_a_line_of_the_log_with_its_address_and_nothing_secret() {
    let log = overheard(async {
        let dashboard = Dashboard::open().await;
        let ada = dashboard.person("Ada").await;
        let near = dashboard.stranger("Near").from([127, 0, 0, 1]);
        let request = Request::post("/login")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-forwarded-for", "2001:db8::7");
        let form = "email=guessed%40example.com&password=guessed+password";
        near.send(request, form).await.expect(422);
        let fields = [("password", "guessed password")];
        ada.post("/account/delete", &fields).await.expect(422);
        guess_until_too_many(&ada, STRANGE).await;
        until_too_many(&limits::REGISTER_BY_ACCOUNT, async |_| {
            let person = dashboard.stranger("x");
            person
                .post("/register", &[("email", "guessed@example.com")])
                .await
        })
        .await;
        dashboard.close().await;
    });
    let text = log.text();
    let found = found(&text);
    assert_eq!(found[0], "sign-in failed 2001:db8::7");
    assert_eq!(found[1], "password prompt failed 203.0.113.7");
    assert_eq!(found[2], "sign-in failed 198.51.100.1");
    assert_eq!(found[found.len() - 2], "sign-in limited 198.51.100.1");
    assert_eq!(found[found.len() - 1], "registration limited 203.0.113.7");
    for line in text.lines().filter(|it| it.contains(" WARN ")) {
        assert!(
            !line.contains("example.com") && !line.contains("guessed"),
            "{line}"
        );
    }
}
