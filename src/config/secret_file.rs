//! Secrets in files, as Docker and Kubernetes hand them over: `DATABASE_URL_FILE` names the file of `DATABASE_URL`.

use super::parse::{present, unquoted};
use super::wrong::Wrong;

/// A secret setting: given itself, or in a file. Blank counts as not given, for both.
#[derive(Clone, Copy)]
pub(super) struct Secret<'a> {
    pub name: &'static str,
    pub value: Option<&'a String>,
    pub file_name: &'static str,
    pub file: Option<&'a String>,
}

impl Secret<'_> {
    /// Its value, if it is given.
    ///
    /// # Errors
    /// When it is given twice, or its file cannot be read or is empty.
    pub fn read(self) -> Result<Option<String>, Wrong> {
        let wrong = |why: String| Err(Wrong::Invalid(self.file_name, why));
        let (value, file) = (present(self.value), present(self.file));
        let Some(file) = file else {
            return Ok(value);
        };
        unquoted(self.file_name, &file)?;
        if value.is_some() {
            return wrong(format!("{} is set, too; set only one of them", self.name));
        }
        match std::fs::read_to_string(&file) {
            Err(error) => wrong(format!("the file {file} cannot be read: {error}")),
            Ok(content) if content.trim().is_empty() => wrong(format!("the file {file} is empty")),
            Ok(content) => Ok(Some(content.trim().to_owned())),
        }
    }
}
