//! The command for accounts: what the owner of the machine does without SQL.

use crate::database;
use crate::program::Program;
use crate::visitor::Visitor;

const ADA: &str = "ada@example.com";
const SOMEBODY: &str = "somebody@example.com";

#[tokio::test]
async fn an_account_is_made_listed_and_changed_and_a_forgotten_password_is_set() {
    let database = database::create("user").await;
    let user = |words: &[&str]| {
        let all: Vec<&str> = ["user"].iter().chain(words).copied().collect();
        Program::new(&all)
            .able_to_serve(&database)
            .with("REGISTRATION", "invite")
    };
    let add = ["add", ADA, "--name", "Ada", "--role", "administrator"];
    user(&add)
        .run_reading("short\n")
        .with(1)
        .says("This password is too short. Use at least 8 characters.");
    user(&add)
        .run_reading("correct horse\r\n")
        .with(0)
        .says("The account is made.");
    let serve = Program::new(&[]).able_to_serve(&database);
    let (serve, address) = serve.start("serving address=");
    let url = format!("http://{}", address.trim());
    Visitor::sign_in(&url, ADA, "correct horse").await;
    let listed = "ada@example.com  administrator  enabled  0  Ada";
    user(&["list"]).run().with(0).says(listed);
    for words in [&["disable", ADA][..], &["set-role", ADA, "member"]] {
        let sentence = "this is the last administrator; make somebody else one first";
        user(words).run().with(1).says_only(sentence);
    }
    user(&["reset-password", ADA])
        .run_reading("another password")
        .with(0)
        .says("The password is set, and all sessions have ended.");
    Visitor::sign_in(&url, ADA, "another password").await;
    let link = user(&["reset-password", ADA, "--link"]).run().with(0);
    let (_, token) = link.text.split_once("/reset?link=").unwrap();
    let page = reqwest::get(format!("{url}/reset?link={}", token.trim())).await;
    assert_eq!(page.unwrap().status(), 200);
    user(&["add", "bob@example.com", "--link"])
        .run()
        .with(0)
        .says("/register?link=");
    let nobody = "nobody has this account";
    user(&["enable", "eve@example.com"])
        .run()
        .with(1)
        .says_only(nobody);
    serve
        .stop("TERM")
        .with(0)
        .says_nothing_of("nobody administers this dashboard yet");
    database::remove(&database).await;
}

#[tokio::test]
async fn what_somebody_may_have_is_decided_a_limit_at_a_time() {
    let database = database::create("user").await;
    let user = |words: &[&str]| {
        let all: Vec<&str> = ["user"].iter().chain(words).copied().collect();
        let program = Program::new(&all).able_to_serve(&database);
        program.with("ENVIRONMENTS_PER_PERSON", "3")
    };
    let add = ["add", ADA, "--name", "Ada"];
    user(&add).run_reading("correct horse").with(0);
    let has = |environments: &str, deployments: &str| {
        format!(
            "The limits are saved. {ADA} has {environments} environments and {deployments} deployments under way."
        )
    };
    for (given, environments, deployments) in [
        (&["--environments", "5"][..], "0 of 5", "0"),
        (
            &["--deployments", "1", "--memory", "2g"],
            "0 of 5",
            "0 of 1",
        ),
        (&["--environments", "unlimited"], "0", "0 of 1"),
        (&["--environments", "default"], "0 of 3", "0 of 1"),
    ] {
        let words = [&["set-limits", ADA], given].concat();
        let ended = user(&words).run().with(0);
        assert!(
            ended.text.contains(&has(environments, deployments)),
            "{}",
            ended.text
        );
    }
    let wrong = ["set-limits", ADA, "--memory", "2"];
    let sentence = "This is no amount of memory. Enter one like 512m or 2g, at least 64m.";
    user(&wrong).run().with(1).says_only(sentence);
    let nobody = ["set-limits", "eve@example.com"];
    user(&nobody)
        .run()
        .with(1)
        .says_only("nobody has this account");
    database::remove(&database).await;
}

#[tokio::test]
async fn an_account_is_deleted_and_its_environments_are_handed_over() {
    let database = database::create("user").await;
    let user = |words: &[&str]| {
        let all: Vec<&str> = ["user"].iter().chain(words).copied().collect();
        Program::new(&all).able_to_serve(&database)
    };
    let (serve, address) = Program::new(&[])
        .able_to_serve(&database)
        .start("serving address=");
    let url = format!("http://{}", address.trim());
    let somebody = Visitor::register(&url).await;
    let fields = [("name", "Kept"), ("password", "eight letters")];
    somebody.post("/environments", &fields).await;
    let add = ["add", ADA, "--name", "Ada", "--role", "administrator"];
    user(&add).run_reading("correct horse").with(0);
    user(&["delete", SOMEBODY])
        .run()
        .with(1)
        .says_only("it has environments: name another account with --hand-over-to");
    user(&["delete", SOMEBODY, "--hand-over-to", ADA])
        .run()
        .with(0)
        .says("The account is deleted; ada@example.com has its environments now.");
    let ada = Visitor::sign_in(&url, ADA, "correct horse").await;
    assert!(ada.page("/environments").await.contains("Kept"));
    user(&["delete", SOMEBODY])
        .run()
        .with(1)
        .says_only("nobody has this account");
    serve.stop("TERM").with(0);
    database::remove(&database).await;
}

#[tokio::test]
async fn a_start_without_an_administrator_logs_a_link_that_makes_one() {
    let database = database::create("user").await;
    let serve = || {
        Program::new(&[])
            .able_to_serve(&database)
            .with("REGISTRATION", "closed")
            .start("nobody administers this dashboard yet; open ")
    };
    let (first, before) = serve();
    first.stop("TERM").with(0);
    let (second, now) = serve();
    assert_ne!(before, now, "only their hashes are kept");
    for line in [&now, &before] {
        let token = line.split_once("?link=").unwrap().1.split(' ').next();
        assert_eq!(token.unwrap().len(), 32);
    }
    let (link, _) = now.split_once(' ').unwrap();
    let page = reqwest::get(link).await.unwrap().text().await.unwrap();
    assert!(page.contains("You will be the administrator"), "{page}");
    second.stop("TERM").with(0);
    database::remove(&database).await;
}
