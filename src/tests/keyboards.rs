//! Stories of passwords that keyboards and systems write in different ways.

use super::harness::Dashboard;
use argon2::{Argon2, PasswordHasher};

/// The same password from three keyboards: composed, decomposed, and with a space that is not ASCII.
const SAME: [&str; 3] = [
    "pässwörd 한글",
    "pa\u{308}sswo\u{308}rd \u{1112}\u{1161}\u{11ab}\u{ae00}",
    "pässwörd\u{a0}한글",
];
const WARNING: &str = "characters that keyboards write in different ways";

#[tokio::test]
async fn the_password_of_an_account_is_the_same_from_every_keyboard() {
    let dashboard = Dashboard::open().await;
    for (number, typed) in SAME.into_iter().enumerate() {
        let mut ada = dashboard.stranger(&format!("Ada{number}"));
        typed.clone_into(&mut ada.password);
        ada.register().await;
        for other in SAME {
            let elsewhere = ada.elsewhere();
            elsewhere
                .try_password(other)
                .await
                .leads_to("/environments");
            let fields = [("current_password", other), ("new_password", typed)];
            elsewhere
                .post("/account/password", &fields)
                .await
                .leads_to("/account");
        }
        let wrong = ada.elsewhere().try_password("PÄSSWÖRD 한글").await;
        wrong.expect(422);
    }
    dashboard.close().await;
}

#[tokio::test]
async fn the_length_of_a_password_is_counted_in_the_form_that_is_kept() {
    let dashboard = Dashboard::open().await;
    let letters = |count| "e\u{301}".repeat(count);
    for (number, count, status) in [(1, 7, 422), (2, 8, 303), (3, 1_000, 303), (4, 1_001, 422)] {
        let email = format!("ada{number}@example.com");
        let password = letters(count);
        let fields = [("name", "Ada"), ("email", &email), ("password", &password)];
        let ada = dashboard.stranger("Ada");
        ada.post("/register", &fields).await.expect(status);
    }
    dashboard.close().await;
}

/// The hash that is stored for a person.
async fn hash_of(dashboard: &Dashboard, email: &str) -> String {
    sqlx::query_scalar("select password_hash from users where email = $1")
        .bind(email)
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_password_that_was_hashed_as_it_was_typed_still_opens_the_account_and_then_from_every_keyboard()
 {
    let dashboard = Dashboard::open().await;
    let mut ada = dashboard.person("Ada").await;
    let typed = SAME[1];
    let old = Argon2::default().hash_password(typed.as_bytes()).unwrap();
    sqlx::query("update users set password_hash = $2 where email = $1")
        .bind(&ada.email)
        .bind(old.to_string())
        .execute(dashboard.pool())
        .await
        .unwrap();
    typed.clone_into(&mut ada.password);
    let other = ada.elsewhere();
    other.try_password(SAME[0]).await.expect(422);
    assert_eq!(hash_of(&dashboard, &ada.email).await, old.to_string());
    ada.sign_in().await.leads_to("/environments");
    ada.get("/account").await.expect(200);
    assert_ne!(hash_of(&dashboard, &ada.email).await, old.to_string());
    for typed in SAME {
        other.try_password(typed).await.leads_to("/environments");
    }
    dashboard.close().await;
}

#[tokio::test]
async fn the_password_of_an_environment_is_the_one_that_most_keyboards_write() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for (name, typed) in ["Composed", "Decomposed", "Spaced"].into_iter().zip(SAME) {
        let fields = [("name", name), ("password", typed), ("deploy", "1")];
        ada.post("/environments", &fields).await.expect(303);
        let page = ada.get("/environments").await.expect(200);
        assert_eq!(page.says(WARNING), typed != SAME[0], "{name}");
        let made = dashboard.made(name, SAME[0]).await;
        dashboard.until_status(&made, "running").await;
        assert!(dashboard.lets_in(&made, SAME[0]).await, "{name}");
        let fields = [("password", SAME[1])];
        ada.post(&made.at("password"), &fields).await.expect(303);
        assert!(ada.get(&made.at("")).await.says(WARNING), "{name}");
    }
    dashboard.close().await;
}
