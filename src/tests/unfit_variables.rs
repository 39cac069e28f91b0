//! Stories of what is no variable, and of values that would not reach the container as they are.

use super::harness::Dashboard;
use super::variables::{create, give};

/// Names and values that are refused, the wrong field, and what is said there.
const REFUSED: [(&str, &str, &str, &str); 6] = [
    (
        "key",
        "secretrefused",
        "variable",
        "A name has capital letters",
    ),
    (
        "PASSWORD",
        "secretrefused",
        "variable",
        "sets this variable itself",
    ),
    (
        "COOLIFY_FQDN",
        "secretrefused",
        "variable",
        "sets this variable itself",
    ),
    ("KEY", "", "value", "Enter a value."),
    ("KEY", "secretrefused'", "value", "a single quote"),
    (
        "KEY",
        "{{team.secretrefused}}",
        "value",
        "Coolify would replace",
    ),
];

#[tokio::test]
async fn what_is_no_variable_is_refused_beside_its_field_and_no_value_is_shown() {
    let dashboard = Dashboard::open().await;
    let ada = dashboard.person("Ada").await;
    let made = dashboard.make(&ada, "Refusing", false).await;
    for (name, value, field, sentence) in REFUSED {
        let page = give(&ada, &made, name, value).await.expect(422);
        assert!(page.note(field).contains(sentence), "{}", page.text);
        assert_eq!(page.value("variable"), name);
        assert!(!page.text.contains("secretrefused"));
        let lines = format!("FIRST=1\n{name}={value}");
        let page = create(&ada, "Refused", &lines, "0").await.expect(422);
        let note = page.note("variables");
        assert!(
            note.contains("Variable 2: ") && note.contains(sentence),
            "{note}"
        );
        assert!(page.says("FIRST=\n"), "its name is kept");
        assert!(!page.text.contains("secretrefused"));
    }
    let page = create(&ada, "Refused", "secretrefused", "0")
        .await
        .expect(422);
    assert!(page.note("variables").contains("Write it as NAME=value"));
    assert!(!page.text.contains("secretrefused"));
    for number in 0..50 {
        give(&ada, &made, &format!("KEY_{number}"), "1")
            .await
            .expect(303);
    }
    let page = give(&ada, &made, "KEY_50", "1").await.expect(422);
    assert!(page.note("variable").contains("may have 50 variables"));
    give(&ada, &made, "KEY_49", "2").await.expect(303);
    dashboard.close().await;
}
