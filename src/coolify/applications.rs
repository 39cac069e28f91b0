//! Applications, environments and volumes in Coolify's JSON, reduced to the fields we need: a listed application has
//! about 6.6 kB, of which this keeps a few strings. Facts are from Coolify's source, 4.0.0 to 4.3.11.

use super::connection::Connection;
use super::sentence::shortened;
use super::tolerant::{list, long_text, object, text, text_or_empty};
use crate::domain::id::EnvironmentId;
use crate::domain::judge::Container;
use crate::domain::source::BuiltFrom;
use serde::Deserialize;
use url::Url;

/// An application, as listed in an environment or as read singly.
#[derive(Debug, Clone, Deserialize)]
pub struct Application {
    #[serde(default, deserialize_with = "text_or_empty")]
    pub uuid: String,
    #[serde(default, deserialize_with = "text_or_empty")]
    pub name: String,
    #[serde(default, deserialize_with = "text")]
    description: Option<String>,
    #[serde(default, deserialize_with = "text")]
    status: Option<String>,
    /// Its addresses, separated by commas.
    #[serde(default, deserialize_with = "text")]
    fqdn: Option<String>,
    #[serde(default, deserialize_with = "text")]
    git_repository: Option<String>,
    #[serde(default, deserialize_with = "text")]
    git_branch: Option<String>,
    /// Present only if the application was read singly.
    #[serde(default, deserialize_with = "object")]
    environment: Option<EnvironmentOf>,
    #[serde(skip)]
    elsewhere: bool,
}

#[derive(Debug, Clone, Deserialize)]
struct EnvironmentOf {
    #[serde(default, deserialize_with = "text")]
    uuid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "object")]
    project: Option<ProjectOf>,
}

#[derive(Debug, Clone, Deserialize)]
struct ProjectOf {
    #[serde(default, deserialize_with = "text")]
    uuid: Option<String>,
}

/// The prefix of the description of every application we create; the environment's id follows.
const MARK: &str = "vps-claude env_";

/// The description that marks an application as this environment's.
pub fn mark(environment: EnvironmentId) -> String {
    format!("vps-claude {environment}")
}

impl Application {
    /// Whether any vps-claude created it.
    pub fn is_marked(&self) -> bool {
        self.is_ours(MARK)
    }

    /// The environment that it was created for, as its mark says.
    pub fn environment(&self) -> Option<EnvironmentId> {
        let (_, id) = self.description.as_deref()?.split_once(MARK)?;
        let end = id.find(|c: char| !c.is_ascii_alphanumeric());
        format!("env_{}", &id[..end.unwrap_or(id.len())])
            .parse()
            .ok()
    }

    /// What it is built from, where Coolify says both. Coolify keeps `owner/name` of a repository at GitHub.
    pub fn built_from(&self) -> Option<BuiltFrom> {
        let (repository, branch) = (self.git_repository.as_deref()?, self.git_branch.clone()?);
        let repository = if repository.contains(':') {
            repository.to_owned()
        } else {
            format!("https://github.com/{repository}")
        };
        Some(BuiltFrom { repository, branch })
    }

    /// The hosts of its addresses. An address without a scheme or a host has none: Coolify serves nothing at it.
    pub fn hosts(&self) -> Vec<String> {
        let addresses = self.fqdn.as_deref().unwrap_or_default().split(',');
        let urls = addresses.filter_map(|address| Url::parse(address.trim()).ok());
        urls.filter_map(|url| url.host_str().map(str::to_owned))
            .collect()
    }

    /// Whether its description contains this mark (`vps-claude` and an environment's id): it was created for that
    /// environment. Name and address prove nothing, because another project of the team may use the same.
    pub fn is_ours(&self, mark: &str) -> bool {
        self.description
            .as_deref()
            .is_some_and(|description| description.contains(mark))
    }

    /// Whether it is in another project or environment than ours, which is only known if it was read singly.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere
    }

    /// The container's state: the part of the status before the colon. A status without a colon is accepted too.
    pub fn container(&self) -> Container {
        let status = self.status.as_deref().unwrap_or("exited");
        match status.split(':').next().unwrap_or(status).trim() {
            "running" => Container::Running,
            other => Container::Other(shortened(other, 40)),
        }
    }

    /// Sets `is_elsewhere` by comparing the application with our project and environment.
    pub fn compared_with(mut self, ours: &Connection) -> Self {
        let environment = self.environment.as_ref();
        self.elsewhere = environment.is_some_and(|environment| environment.is_other_than(ours));
        self
    }
}

impl EnvironmentOf {
    fn is_other_than(&self, ours: &Connection) -> bool {
        let project = self.project.as_ref().and_then(|one| one.uuid.as_ref());
        let is_named = |name: &String| *name == ours.environment_name;
        // Coolify accepts the environment's uuid in place of its name.
        let is_ours = self.name.iter().chain(&self.uuid).any(is_named);
        project.is_some_and(|uuid| *uuid != ours.project_uuid) || (self.name.is_some() && !is_ours)
    }
}

/// The response of `GET /projects/{project}/{environment}`. The list is required: an application that is missing from
/// it counts as removed.
#[derive(Debug, Deserialize)]
pub struct EnvironmentAnswer {
    #[serde(deserialize_with = "list")]
    pub applications: Vec<Application>,
    #[serde(default, deserialize_with = "text")]
    uuid: Option<String>,
    #[serde(default, deserialize_with = "text")]
    name: Option<String>,
}

/// An environment of a project, by both of its names. Coolify finds one by its uuid only where the name finds nothing.
#[derive(Debug, Clone)]
pub struct EnvironmentNames {
    pub name: String,
    pub uuid: String,
}

impl EnvironmentAnswer {
    /// Its names, where Coolify says both.
    pub fn names(&self) -> Option<EnvironmentNames> {
        Some(EnvironmentNames {
            name: self.name.clone()?,
            uuid: self.uuid.clone()?,
        })
    }
}

/// A variable as Coolify has it.
#[derive(Debug, Deserialize)]
pub struct SentVariable {
    #[serde(default, deserialize_with = "text_or_empty")]
    key: String,
    /// Missing without the ability read:sensitive.
    #[serde(default, deserialize_with = "long_text")]
    value: Option<String>,
    #[serde(default)]
    is_preview: serde_json::Value,
}

impl SentVariable {
    /// Those in the response to `PATCH /applications/{uuid}/envs/bulk`; none of one that is no list.
    pub fn all(answer: serde_json::Value) -> Vec<Self> {
        let items = match answer {
            serde_json::Value::Array(items) => items,
            _ => vec![],
        };
        items
            .into_iter()
            .filter_map(|item| serde_json::from_value(item).ok())
            .collect()
    }

    /// Whether it is this variable and has another value.
    pub fn differs_from(&self, (key, value): (&str, &str)) -> bool {
        let is_it = self.key == key && self.is_preview != serde_json::Value::Bool(true);
        is_it && self.value.as_deref().is_some_and(|kept| kept != value)
    }
}

/// The response to a create request: the uuid; its `domains` was null in many versions.
#[derive(Debug, Deserialize)]
pub struct CreateAnswer {
    pub uuid: String,
}

/// The response of `GET /applications/{uuid}/storages`.
#[derive(Debug, Deserialize)]
pub struct StoragesAnswer {
    #[serde(deserialize_with = "list")]
    pub persistent_storages: Vec<Storage>,
}

#[derive(Debug, Deserialize)]
pub struct Storage {
    #[serde(default, deserialize_with = "text_or_empty")]
    pub mount_path: String,
}

/// The response of `GET /applications/{uuid}/logs`.
#[derive(Debug, Deserialize)]
pub struct ContainerLogAnswer {
    /// Null when the container has written nothing.
    #[serde(deserialize_with = "long_text")]
    pub logs: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn application(value: Value) -> Application {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn only_the_state_before_the_colon_decides() {
        let container =
            |status: Value| application(json!({"uuid": "a", "status": status})).container();
        for running in [
            "running:healthy",
            "running:unhealthy",
            "running:unknown",
            "running",
        ] {
            assert_eq!(container(json!(running)), Container::Running);
        }
        for exited in [
            json!("exited:unhealthy"),
            json!("\u{1b}[31mexited\u{1b}[0m"),
            json!(null),
            json!(["odd"]),
        ] {
            assert_eq!(container(exited), Container::Other("exited".to_owned()));
        }
    }

    #[test]
    fn our_mark_is_what_makes_an_application_ours() {
        let described = |text: Value| application(json!({"uuid": "a", "description": text}));
        let ours = described(json!("vps-claude env_1 (by Ada)"));
        assert!(ours.is_marked() && ours.is_ours("vps-claude env_1"));
        assert!(!ours.is_ours("vps-claude env_2"));
        let id = EnvironmentId::new();
        let marked = described(json!(format!("{} (by Ada)", mark(id))));
        assert_eq!(marked.environment(), Some(id));
        assert!(ours.environment().is_none());
        for other in [json!(null), json!("agent"), json!(7)] {
            let other = described(other);
            assert!(!other.is_marked() && !other.is_ours("vps-claude env_1"));
        }
    }

    #[test]
    fn what_it_is_built_from_is_said_with_the_whole_address() {
        let built = |repository: Value, branch: Value| {
            let json = json!({"uuid": "a", "git_repository": repository, "git_branch": branch});
            let built = application(json).built_from();
            built.map(|built| (built.repository, built.branch))
        };
        let whole = |address: &str| Some((address.to_owned(), "dev".to_owned()));
        for (kept, address) in [
            ("acme/agent", "https://github.com/acme/agent"),
            ("https://a.example.com/b.git", "https://a.example.com/b.git"),
            ("git@github.com:a/b", "git@github.com:a/b"),
        ] {
            assert_eq!(built(json!(kept), json!("dev")), whole(address), "{kept}");
        }
        assert_eq!(built(json!(null), json!("dev")), None);
        assert_eq!(built(json!("acme/agent"), json!(["odd"])), None);
    }

    #[test]
    fn hosts_are_those_of_all_its_addresses() {
        let hosts = |fqdn: Value| application(json!({"uuid": "a", "fqdn": fqdn})).hosts();
        let two = "https://a.example.com:8080/x, http://B.example.com";
        assert_eq!(hosts(json!(two)), ["a.example.com", "b.example.com"]);
        for none in [json!(null), json!(""), json!("a.b"), json!("a.b:80")] {
            assert!(hosts(none).is_empty());
        }
    }

    fn connection() -> Connection {
        Connection {
            url: "http://localhost".parse().unwrap(),
            token: secrecy::SecretString::from("1|x"),
            project_uuid: "our-project".to_owned(),
            server_uuid: "s".to_owned(),
            environment_name: "production".to_owned(),
            destination_uuid: None,
        }
    }

    #[test]
    fn an_application_elsewhere_in_the_team_is_a_strangers() {
        let environment = |name: Value, project: &str| json!({"uuid": "e", "name": name, "project": {"uuid": project}});
        let elsewhere = |environment: Value| {
            let read = application(json!({"uuid": "a", "environment": environment}));
            read.compared_with(&connection()).is_elsewhere()
        };
        assert!(!elsewhere(environment(json!("production"), "our-project")));
        assert!(elsewhere(environment(
            json!("production"),
            "another-project"
        )));
        assert!(elsewhere(environment(json!("staging"), "our-project")));
        let unknown = [
            json!(null),
            json!("odd"),
            json!({}),
            json!({"name": "production"}),
            environment(json!(null), "our-project"),
        ];
        for unknown in unknown {
            assert!(!elsewhere(unknown.clone()), "{unknown}");
        }
        let mut by_uuid = connection();
        by_uuid.environment_name = "e".to_owned();
        let read = application(
            json!({"uuid": "a", "environment": environment(json!("production"), "our-project")}),
        );
        assert!(!read.compared_with(&by_uuid).is_elsewhere());
    }

    #[test]
    fn a_list_that_is_missing_is_not_an_empty_one() {
        let read = serde_json::from_value::<EnvironmentAnswer>;
        assert!(read(json!({"name": "production"})).is_err());
        assert!(read(json!({"applications": null})).is_err());
        let odd = read(json!({"applications": [{"uuid": "a", "name": ["odd"]}, 7]})).unwrap();
        assert_eq!(odd.applications.len(), 1);
    }
}
