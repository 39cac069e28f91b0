//! Stories of the audit: every change by a person is in it once, with who, from where and what, and nothing takes it out.

use super::harness::Dashboard;
use super::people::at;
use crate::actions::account_removal::{self, Estate};
use crate::actions::accounts::Refusal;
use crate::actions::people;
use crate::actions::registration::{self, Registration};
use crate::domain::actor::Actor;
use crate::domain::user::Role;
use crate::simulator::outcomes::Outcome;
use std::time::Duration;

/// The entries since this one, a line each: who, how, what, to whom, and the detail.
async fn lines_after(dashboard: &Dashboard, id: i64) -> Vec<String> {
    sqlx::query_scalar(
        "select concat_ws(' | ', split_part(who, ' <', 1), way, host(address), action, split_part(subject, ' <', 1), detail)
         from audit
         where id > $1
         order by id",
    )
    .bind(id)
    .fetch_all(dashboard.pool())
    .await
    .unwrap()
}

async fn newest(dashboard: &Dashboard) -> i64 {
    sqlx::query_scalar("select coalesce(max(id), 0) from audit")
        .fetch_one(dashboard.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn what_somebody_does_with_environments_is_in_it_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await.from([198, 51, 100, 9]);
    let before = newest(&dashboard).await;
    let made = dashboard.running(&ada, "Told").await;
    dashboard.next_build(Outcome::StuckInProgress);
    let rebuild = [("rebuild", "1")];
    for _ in 0..2 {
        ada.post(&made.at("deploy"), &rebuild).await.expect(303);
    }
    dashboard.until_built(&made).await;
    for _ in 0..2 {
        ada.post(&made.at("cancel"), &[]).await.expect(303);
    }
    dashboard.until_status(&made, "running").await;
    let short = [("password", "short")];
    ada.post(&made.at("password"), &short).await.expect(422);
    let password = [("password", "another one for it")];
    ada.post(&made.at("password"), &password).await.expect(303);
    dashboard.until_status(&made, "running").await;
    let wrong = [("confirmation", "Something else")];
    ada.post(&made.at("delete"), &wrong).await.expect(422);
    let name = [("confirmation", made.name.as_str())];
    ada.post(&made.at("delete"), &name).await.expect(303);
    dashboard.until_gone(&made).await;
    let expected = [
        "created | Told",
        "deployed | Told",
        "deployed | Told | built anew",
        "cancelled | Told",
        "password_set | Told",
        "deployed | Told",
        "deleted | Told",
    ];
    let expected = expected.map(|line| format!("Ada | page | 198.51.100.9 | environment.{line}"));
    assert_eq!(lines_after(&dashboard, before).await, expected);
    dashboard.close().await;
}

#[tokio::test]
async fn what_somebody_does_with_their_account_is_in_it_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    ada.elsewhere().sign_in().await.leads_to("/environments");
    for _ in 0..2 {
        ada.post("/account/name", &[("name", "Ada Two")])
            .await
            .expect(303);
        ada.post("/account/sessions/end", &[]).await.expect(303);
    }
    let fields = [
        ("current_password", ada.password.as_str()),
        ("new_password", "another password"),
    ];
    ada.post("/account/password", &fields).await.expect(303);
    ada.post("/account/password", &fields).await.expect(422);
    ada.get("/account").await.expect(200);
    for _ in 0..2 {
        ada.post("/logout", &[]).await.expect(303);
    }
    ada.sign_in().await.expect(422);
    ada.try_password("another password").await.expect(303);
    let password = [("password", "another password")];
    ada.post("/account/delete", &password).await.expect(303);
    assert_eq!(lines_after(&dashboard, 0).await, of_account());
    dashboard.close().await;
}

fn of_account() -> [String; 9] {
    [
        "Ada | registered | Ada | member",
        "Ada | signed_in | Ada",
        "Ada | signed_in | Ada",
        "Ada Two | renamed | Ada Two | was Ada",
        "Ada Two | sessions_ended | Ada Two | 1 session",
        "Ada Two | password_changed | Ada Two",
        "Ada Two | signed_out | Ada Two",
        "Ada Two | signed_in | Ada Two",
        "Ada Two | deleted | Ada Two",
    ]
    .map(|line| {
        let (who, what) = line.split_once(" | ").unwrap();
        format!("{who} | page | 203.0.113.7 | person.{what}")
    })
}

#[tokio::test]
async fn what_administrators_decide_about_people_is_in_it_once() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.administrator("Ada").await;
    let bob = dashboard.person("Bob").await;
    dashboard.make(&bob, "Left", false).await;
    let eve = dashboard.person("Eve").await;
    let before = newest(&dashboard).await;
    let at_bob = async |part: &str| at(&dashboard, &bob, part).await;
    for (part, role) in [
        ("role", "administrator"),
        ("role", "member"),
        ("disable", ""),
        ("enable", ""),
    ] {
        for _ in 0..2 {
            let role = [("role", role)];
            ada.post(&at_bob(part).await, &role).await.expect(303);
        }
    }
    let page = ada.post(&at_bob("reset").await, &[]).await.expect(201);
    let (_, token) = page.value("link").split_once("link=").unwrap();
    let form = [("link", token), ("new_password", "a new password")];
    bob.elsewhere().post("/reset", &form).await.expect(303);
    let invited = [("email", "kim@example.com")];
    let page = ada.post("/people/invitations", &invited).await.expect(201);
    let (_, token) = page.value("link").split_once("link=").unwrap();
    let kim = dashboard.stranger("Kim");
    kim.try_link(token).await.leads_to("/environments");
    let form = [
        ("environments", "keep"),
        ("heir", &eve.email),
        ("confirmation", &bob.email),
    ];
    ada.post(&at_bob("delete").await, &form).await.expect(303);
    assert_eq!(lines_after(&dashboard, before).await, of_people());
    dashboard.close().await;
}

fn of_people() -> [String; 12] {
    [
        "Ada | person.role_changed | Bob | administrator",
        "Ada | person.role_changed | Bob | member",
        "Ada | person.disabled | Bob",
        "Ada | person.enabled | Bob",
        "Ada | person.password_link_made | Bob",
        "Bob | person.password_link_used | Bob",
        "Ada | invitation.made | kim@example.com | member",
        "Kim | invitation.used | kim@example.com",
        "Kim | person.registered | Kim | member",
        "Kim | person.signed_in | Kim",
        "Ada | environment.handed_over | Left | to eve@example.com",
        "Ada | person.deleted | Bob",
    ]
    .map(|line| line.replacen(" | ", " | page | 203.0.113.7 | ", 1))
}

#[tokio::test]
async fn what_the_owner_of_the_machine_does_is_in_it_without_a_person() {
    let dashboard = Dashboard::open().await;
    let (app, by) = (&dashboard.app, &Actor::COMMAND);
    let form = Registration {
        name: "Bob",
        email: "bob@example.com",
        password: "a password",
        link: "",
    };
    registration::add(app, by, &form, Role::Member)
        .await
        .ok()
        .unwrap();
    let again = registration::add(app, by, &form, Role::Member).await;
    assert!(matches!(again, Err(Refusal::Wrong(_))));
    let bob = people::of_email(app, form.email).await.unwrap();
    people::set_role(app, by, bob, Role::Administrator)
        .await
        .unwrap();
    let estate = Estate {
        heir: "",
        removes: false,
    };
    let last = account_removal::delete(app, by, bob, form.email, estate).await;
    assert!(last.is_err(), "the last administrator stays");
    let expected = [
        "command | person.added | Bob | member",
        "command | person.role_changed | Bob | administrator",
    ];
    assert_eq!(lines_after(&dashboard, 0).await, expected);
    dashboard.close().await;
}

#[tokio::test]
async fn the_database_keeps_it_as_it_is_until_it_is_old() {
    let dashboard = Dashboard::with(|setup| {
        setup.pace.audit_retention = Some(Duration::from_hours(24));
        setup.pace.sweep = Duration::from_millis(50);
    })
    .await;
    dashboard.person("Ada").await;
    for change in [
        "update audit set who = 'Eve'",
        "update audit set who = 'Eve' where false",
        "delete from audit",
        "truncate audit",
        "truncate audit restart identity cascade",
    ] {
        let refused = sqlx::query(change).execute(dashboard.pool()).await;
        let error = refused.unwrap_err().to_string();
        assert!(
            error.contains("the audit is only added to"),
            "{change}: {error}"
        );
    }
    let kept = lines_after(&dashboard, 0).await;
    assert_eq!(kept.len(), 2);
    let old = "insert into audit (at, way, action, subject_kind, subject)
               values (now() - interval '25 hours', 'page', 'person.signed_in', 'person', 'Old')";
    sqlx::query(old).execute(dashboard.pool()).await.unwrap();
    dashboard
        .until("the old entry is gone", async || {
            (lines_after(&dashboard, 0).await == kept).then_some(())
        })
        .await;
    dashboard.close().await;
}
