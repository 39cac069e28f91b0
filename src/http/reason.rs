//! Why an environment is as it is, in a sentence.

use crate::actions::environments::EnvironmentRow;
use crate::domain::status::Status;

/// Why the status is what it is, or what a deployment waits for, if there is something to say.
pub fn reason(row: &EnvironmentRow) -> Option<String> {
    match row.status {
        Status::Deploying => row.note.clone(),
        Status::Running => {
            let failure = row.failure.as_ref();
            failure.map(|failure| format!("The last deployment failed: {failure}"))
        }
        _ => row.reason.clone(),
    }
}
