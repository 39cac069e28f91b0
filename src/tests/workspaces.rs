//! Stories of environments that are created to work on a repository.

use super::harness::Dashboard;
use super::visits::variable;

const ADDRESS: &str = "https://github.com/ada/engine.git";

#[tokio::test]
async fn the_container_gets_the_address_of_the_repository_and_open_leads_to_its_folder() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for (name, repository) in [("Engine", ADDRESS), ("Empty", "")] {
        let fields = [
            ("name", name),
            ("password", "opens the engine"),
            ("repository", repository),
            ("deploy", "1"),
        ];
        ada.post("/environments", &fields).await.expect(303);
    }
    let engine = dashboard.made("Engine", "opens the engine").await;
    let empty = dashboard.made("Empty", "opens the engine").await;
    for (made, value, folder) in [
        (&engine, Some(ADDRESS), "workspace%2Fengine\""),
        (&empty, None, "workspace\""),
    ] {
        dashboard.until_status(made, "running").await;
        let given = variable(&dashboard, made, "WORKSPACE_REPOSITORY").await;
        assert_eq!(given.as_deref(), value);
        for page in [made.at(""), made.at("row")] {
            let page = ada.get(&page).await.expect(200);
            assert!(page.says(folder), "{}", page.text);
        }
    }
    assert!(ada.get(&engine.at("")).await.expect(200).says(ADDRESS));
    dashboard.close().await;
}

#[tokio::test]
async fn an_address_that_is_no_repository_is_refused_beside_its_field_and_kept() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    for (repository, sentence) in [
        ("engine", "This is not the address of a repository."),
        (
            "https://ada:key@example.com/engine",
            "Leave out the name and the password",
        ),
    ] {
        let fields = [
            ("name", "Refused"),
            ("password", "opens the engine"),
            ("repository", repository),
        ];
        let page = ada.post("/environments", &fields).await.expect(422);
        assert!(page.says(sentence), "{}", page.text);
        assert!(page.says("href=\"#repository\"") && page.says(&format!("value=\"{repository}\"")));
    }
    let count: Option<i64> = sqlx::query_scalar("select count(*) from environments")
        .fetch_one(dashboard.pool())
        .await
        .unwrap();
    assert_eq!(count, Some(0));
    dashboard.close().await;
}
