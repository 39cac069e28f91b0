//! What a program sends to create an environment.

use crate::actions::creation::Draft;
use crate::domain::variable::Typed;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A new environment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEnvironment {
    /// One to 50 characters; no two environments share one.
    #[schema(required, value_type = String, min_length = 1, max_length = 50)]
    name: Option<String>,
    /// Opens the environment: 8 to 100 characters, without white space around it.
    #[schema(required, value_type = String, format = Password, min_length = 8, max_length = 100)]
    password: Option<SecretString>,
    /// Whether to deploy it at once.
    deploy: Option<bool>,
    /// The https address of the repository to work on.
    workspace_repository: Option<String>,
    /// The public https repository to build it from; the standard one if it is left out.
    source_repository: Option<String>,
    /// The branch of the repository to build it from.
    #[schema(max_length = 200)]
    source_branch: Option<String>,
    /// Variables for its container, by name. Their values are never answered.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    variables: Option<BTreeMap<String, SecretString>>,
    /// The memory of its container, such as `2g`; as much as is allowed if it is left out.
    memory: Option<String>,
    /// The CPUs of its container, such as `1.5`; as many as are allowed if it is left out.
    cpus: Option<String>,
    /// The last four characters of the subdomain; random ones if it is left out.
    pub suffix: Option<String>,
}

impl NewEnvironment {
    /// Its variables, as typed.
    pub fn variables(&self) -> Vec<Typed<'_>> {
        let all = self.variables.iter().flatten();
        all.map(|(name, value)| Typed {
            name,
            value: value.expose_secret(),
        })
        .collect()
    }

    /// What is to be created; the variables are those of `variables`.
    pub fn draft<'a>(&'a self, variables: &'a [Typed<'a>]) -> Draft<'a> {
        let text = |sent: &'a Option<String>| sent.as_deref().unwrap_or_default();
        Draft {
            name: text(&self.name),
            password: exposed(self.password.as_ref()),
            suffix: text(&self.suffix),
            repository: text(&self.workspace_repository),
            source_repository: text(&self.source_repository),
            source_branch: text(&self.source_branch),
            variables,
            memory: text(&self.memory),
            cpus: text(&self.cpus),
            deploy: self.deploy.unwrap_or_default(),
        }
    }
}

/// A password that is missing is empty.
pub fn exposed(sent: Option<&SecretString>) -> &str {
    sent.map_or("", ExposeSecret::expose_secret)
}
