//! The forms about one environment or one orphan, as they are sent and as they are shown again.

use crate::domain::invalid::Wrong;
use crate::web::fields::{Errors, errors};
use serde::{Deserialize, Serialize};

/// What they hold; each form sends some of it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    pub name: String,
    /// The e-mail address of whose it becomes.
    pub heir: String,
    pub confirmation: String,
    #[serde(skip_deserializing)]
    pub errors: Errors,
}

impl Form {
    /// The same with what is wrong in it.
    pub fn refused(self, wrongs: &[Wrong]) -> Self {
        Self {
            errors: errors(wrongs),
            ..self
        }
    }
}
