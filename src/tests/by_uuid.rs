//! Stories of a Coolify whose environment is configured by its uuid.

use super::harness::Dashboard;
use crate::simulator::platform::ENVIRONMENT_UUID;

#[tokio::test]
async fn an_environment_that_is_configured_by_its_uuid_is_found_and_created_in() {
    let dashboard = Dashboard::with(|setup| {
        setup.coolify = Box::new(|connection, _| {
            ENVIRONMENT_UUID.clone_into(&mut connection.environment_name);
        });
    })
    .await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.running(&ada, "Found").await;
    assert_eq!(dashboard.record(&made).builds_started, 1);
    ada.post(&made.at("delete"), &[("confirmation", "Found")])
        .await
        .expect(303);
    dashboard.until_gone(&made).await;
    dashboard.close().await;
}
