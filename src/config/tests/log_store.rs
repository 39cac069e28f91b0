//! Where logs are kept.

use super::{NEEDED, checked, meaning, settings, with};

/// A bucket in `MinIO`.
const BUCKET: [(&str, &str); 4] = [
    ("LOG_STORE_URL", "s3://logs/of/dashboard/"),
    ("LOG_STORE_ENDPOINT", "http://minio:9000"),
    ("LOG_STORE_ACCESS_KEY", "vps"),
    ("LOG_STORE_SECRET_KEY", "s$cret"),
];

/// What is needed, and a bucket with this in place of one of its settings.
fn bucket(name: &str, value: &str) -> Vec<(&'static str, String)> {
    let all = NEEDED.into_iter().chain(BUCKET);
    let own = |(other, given): (&'static str, &str)| {
        let given = if other == name { value } else { given };
        (other, given.to_owned())
    };
    all.map(own).collect()
}

fn check(values: &[(&str, String)]) -> Result<String, String> {
    let values: Vec<(&str, &str)> = values
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let (config, log) = checked(&settings(&values)).map_err(|wrong| wrong.to_string())?;
    let names = ["URL", "ENDPOINT", "REGION", "SECRET_KEY"];
    let meaning = |name| meaning(&config, &log, &format!("LOG_STORE_{name}"));
    Ok(names.map(meaning).join(" "))
}

#[test]
fn a_bucket_is_taken_with_its_prefix_its_place_and_its_keys() {
    let found = check(&bucket("", "")).unwrap();
    assert!(
        found.contains("name: \"logs\", prefix: \"of/dashboard\""),
        "{found}"
    );
    assert!(
        found.ends_with("Some(\"http://minio:9000/\") us-east-1 s$cret"),
        "{found}"
    );
    assert_eq!(found.matches("s$cret").count(), 1, "it is not printed");
    let mut amazon = bucket("LOG_STORE_ENDPOINT", "");
    amazon.push(("LOG_STORE_REGION", "eu-central-1".to_owned()));
    assert!(
        check(&amazon)
            .unwrap()
            .ends_with("None eu-central-1 s$cret")
    );
}

#[test]
fn a_folder_is_taken_as_an_address_or_within_the_data_folder() {
    for (name, value, folder) in [
        ("DATA_DIR", "/srv/data", "/srv/data/logs"),
        ("LOG_STORE_URL", "file:///srv/my%20logs", "/srv/my logs"),
    ] {
        let (config, log) = checked(&with(name, value)).unwrap();
        assert_eq!(meaning(&config, &log, "LOG_STORE_URL"), folder);
    }
    let (config, _) = checked(&with("LOG_RETENTION_DAYS", "0")).unwrap();
    assert_eq!(config.log_retention, None);
    let (config, _) = checked(&with("AUDIT_RETENTION_DAYS", "0")).unwrap();
    assert_eq!(config.audit_retention, None);
}

#[test]
fn what_a_bucket_lacks_is_a_line_that_names_it() {
    let hint = "is missing: LOG_STORE_URL names a bucket, which needs it";
    let form = "LOG_STORE_URL is wrong: a bucket like s3://bucket or s3://bucket/prefix is needed";
    for (name, value, line) in [
        ("LOG_STORE_ACCESS_KEY", "", format!("LOG_STORE_ACCESS_KEY {hint}")),
        ("LOG_STORE_SECRET_KEY", " ", format!("LOG_STORE_SECRET_KEY {hint}")),
        ("LOG_STORE_URL", "s3://", form.to_owned()),
        ("LOG_STORE_URL", "s3://key:secret@host/logs", form.to_owned()),
        ("LOG_STORE_URL", "s3://logs?region=a", form.to_owned()),
        (
            "LOG_STORE_ENDPOINT",
            "minio:9000",
            "LOG_STORE_ENDPOINT is wrong: an address that begins with http:// or https:// is needed".to_owned(),
        ),
    ] {
        let wrong = check(&bucket(name, value)).unwrap_err();
        assert!(wrong.starts_with(&line), "{name}={value}: {wrong}");
    }
}

#[test]
fn a_secret_key_that_is_given_twice_or_in_no_file_is_a_line_that_does_not_show_it() {
    for (file, line) in [
        (
            "/tmp/key",
            "LOG_STORE_SECRET_KEY is set, too; set only one of them",
        ),
        ("'/tmp/key'", "the quotes around it"),
    ] {
        let mut twice = bucket("", "");
        twice.push(("LOG_STORE_SECRET_KEY_FILE", file.to_owned()));
        let wrong = check(&twice).unwrap_err();
        let line = format!("LOG_STORE_SECRET_KEY_FILE is wrong: {line}");
        assert!(
            wrong.starts_with(&line) && !wrong.contains("s$cret"),
            "{wrong}"
        );
    }
    let mut missing = bucket("LOG_STORE_SECRET_KEY", "");
    missing.push(("LOG_STORE_SECRET_KEY_FILE", "/no/such/file".to_owned()));
    let wrong = check(&missing).unwrap_err();
    assert!(
        wrong.contains("the file /no/such/file cannot be read: "),
        "{wrong}"
    );
}
