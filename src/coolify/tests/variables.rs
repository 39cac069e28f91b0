//! Variables are compared with what Coolify has after they were set.

use super::server::client;
use crate::coolify::Error;
use serde_json::{Value, json};

const HASH: &str = "$argon2id$v=19$m=19456";

async fn set(answer: Value) -> Result<(), Error> {
    let client = client(201, &[], &answer.to_string()).await;
    client
        .set_variables("a", &[("HASHED_PASSWORD", HASH), ("OTHER", "b")])
        .await
}

#[tokio::test]
async fn a_variable_that_coolify_keeps_otherwise_is_named_without_its_value() {
    for kept in ["=19456", "", "'$argon2id$v=19$m=19456'"] {
        let rows = json!([
            {"key": "OTHER", "value": "b"},
            {"key": "HASHED_PASSWORD", "value": kept, "is_preview": false},
        ]);
        let Err(Error::Refused(sentence)) = set(rows).await else {
            panic!("{kept}")
        };
        assert!(sentence.contains("the variable HASHED_PASSWORD than it was given"));
        assert!(!sentence.contains("argon2id") && !sentence.contains("19456"));
    }
}

#[tokio::test]
async fn what_is_the_same_or_hidden_or_of_a_preview_or_odd_is_fine() {
    for rows in [
        json!([{"key": "HASHED_PASSWORD", "value": HASH, "real_value": format!("'{HASH}'")}]),
        json!([{"key": "HASHED_PASSWORD", "is_preview": false}]),
        json!([{"key": "HASHED_PASSWORD", "value": null}]),
        json!([{"key": "HASHED_PASSWORD", "value": "other", "is_preview": true}]),
        json!([{"key": "SOMETHING", "value": "other"}, 7, null, "odd", {"key": ["odd"]}]),
        json!([]),
        json!({"message": "Done."}),
    ] {
        set(rows.clone()).await.unwrap_or_else(|error| panic!("{rows}: {error}"));
    }
}
