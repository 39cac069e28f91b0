//! What may be chosen, and what is refused.

use super::*;

const STANDARD: &str = "https://github.com/grmkris/agent";

fn choices(allowed: &str) -> Choices {
    Choices {
        standard: BuiltFrom {
            repository: STANDARD.to_owned(),
            branch: "main".to_owned(),
        },
        allowed: Allowed::parse(allowed).unwrap(),
    }
}

/// The repository and the branch that come of what was typed, or the errors.
fn chosen(allowed: &str, repository: &str, branch: &str) -> String {
    match choices(allowed).choose(repository, branch) {
        Ok(None) => "standard".to_owned(),
        Ok(Some(chosen)) => format!("{} {}", chosen.repository, chosen.branch),
        Err(wrongs) => {
            let each = wrongs.iter().map(|it| format!("{:?}", it.invalid));
            each.collect::<Vec<_>>().join(", ")
        }
    }
}

#[test]
fn nothing_chosen_and_the_standard_written_otherwise_are_the_standard() {
    for repository in [
        "",
        " ",
        STANDARD,
        "https://GitHub.com/grmkris/agent.git",
        "https://github.com:443/grmkris/agent/",
    ] {
        for allowed in ["", "https://example.com/*"] {
            assert_eq!(chosen(allowed, repository, ""), "standard", "{repository}");
            assert_eq!(chosen(allowed, repository, " main "), "standard");
        }
    }
    assert_eq!(chosen("", "", "dev"), format!("{STANDARD} dev"));
}

/// What is no repository that may be chosen.
const NONE: [&str; 21] = [
    "agent",
    "git@github.com:a/b",
    "http://example.com/a",
    "ssh://example.com/a",
    "file:///etc/passwd",
    "https://example.com",
    "https://example.com/",
    "https://example.com//a",
    "https://example.com/a//b",
    "https://example.com/a/../b",
    "https://example.com/a/%2e%2e/b",
    "https://example.com/a/b?c",
    "https://example.com/a/b#c",
    "https://example.com/a b",
    "https://example.com/a`b",
    "https://example.com\\a",
    "https://example.com./a/b",
    "https://127.0.0.1/a/b",
    "https://2130706433/a/b",
    "https://0x7f.1/a/b",
    "https://[::1]/a/b",
];

#[test]
fn a_repository_is_a_plain_https_address_at_a_named_host() {
    for (typed, taken) in [
        (" https://Example.com/a/b/ ", "https://example.com/a/b main"),
        (
            "https://example.com/a/b.git",
            "https://example.com/a/b.git main",
        ),
        (
            "https://example.com:8443/a",
            "https://example.com:8443/a main",
        ),
    ] {
        assert_eq!(chosen("", typed, ""), taken);
    }
    let long = format!("https://example.com/{}", "a".repeat(ADDRESS_LIMIT));
    for typed in NONE.into_iter().chain([&*long]) {
        assert_eq!(chosen("", typed, ""), "Repository", "{typed}");
    }
    for typed in [
        "https://a@example.com/a",
        "https://github.com@example.com/a",
    ] {
        assert_eq!(chosen("", typed, ""), "RepositorySecret", "{typed}");
    }
}

#[test]
fn a_branch_is_one_that_coolify_takes() {
    for branch in ["dev", "feature/a_b-1.2", "v1.0"] {
        assert_eq!(chosen("", "", branch), format!("{STANDARD} {branch}"));
    }
    let long = "a".repeat(BRANCH_LIMIT + 1);
    for branch in [
        "HEAD", "-x", "a..b", "a//b", "/a", "a/", ".a", "a/.b", "a.", "a.lock", "a b", "a~1",
        "a:b", "a;b", "$(a)", "ä", &long,
    ] {
        assert_eq!(chosen("", "", branch), "SourceBranch", "{branch}");
    }
    assert_eq!(chosen("", "x", "a b"), "Repository, SourceBranch");
}

#[test]
fn patterns_restrict_what_may_be_chosen() {
    let allowed =
        "https://github.com/acme/* , https://GIT.example.com:8443/*,https://gitlab.com/a/b.git,";
    for typed in [
        "https://github.com/acme/agent",
        "https://GITHUB.com:443/acme/agent.git",
        "https://git.example.com:8443/x/y/z",
        "https://gitlab.com/a/b",
        "https://gitlab.com/a/b/",
    ] {
        assert!(!chosen(allowed, typed, "").contains("Not"), "{typed}");
        assert!(choices(allowed).names(typed), "{typed}");
    }
    for typed in [
        "https://github.com/acme",
        "https://github.com/acme-evil/agent",
        "https://github.com/Acme/agent",
        "https://github.com:8443/acme/agent",
        "https://evil.com/github.com/acme/agent",
        "https://github.com.evil.com/acme/agent",
        "https://git.example.com/x/y",
        "https://gitlab.com/a/b/c",
        "https://gitlab.com/a/bc",
    ] {
        assert_eq!(chosen(allowed, typed, ""), "SourceNotAllowed", "{typed}");
        assert!(!choices(allowed).names(typed), "{typed}");
    }
    assert!(choices(allowed).names(STANDARD));
    assert!(!choices("").names("https://example.com/a/b"));
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    for wrong in [
        "*",
        "github.com/acme/*",
        "http://github.com/acme/*",
        "https://github.com",
        "https://*.example.com/*",
        "https://github.com/*/agent",
        "https://github.com/acme*",
        "https://a@github.com/*",
        "https://10.0.0.1/*",
    ] {
        assert_eq!(Allowed::parse(wrong), None, "{wrong}");
    }
    assert_eq!(Allowed::parse(" , "), Some(Allowed::default()));
}

#[test]
fn an_address_without_its_login_has_nothing_secret() {
    for (repository, shown) in [
        (STANDARD, STANDARD),
        ("https://a:b@c@d.example/e@f", "https://d.example/e@f"),
        ("https://d.example/e?token=a#b", "https://d.example/e"),
        ("https://d.example#a@b", "https://d.example"),
        ("git@d.example:a/b", "d.example:a/b"),
        ("", ""),
    ] {
        let built_from = BuiltFrom {
            repository: repository.to_owned(),
            branch: "main".to_owned(),
        };
        assert_eq!(built_from.repository_without_login(), shown);
    }
}
