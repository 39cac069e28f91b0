//! Columns of rows that never change, from `data/columns.json`.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A row's columns by their names.
pub type Columns = Map<String, Value>;

/// The columns about which nothing was said, of each kind of row.
pub static CONSTANT: LazyLock<Constant> = LazyLock::new(|| {
    let text = include_str!("data/columns.json");
    serde_json::from_str(text).expect("the columns are well formed")
});

#[derive(Deserialize)]
pub struct Constant {
    pub application: Columns,
    pub application_settings: Columns,
    pub deployment: Columns,
    pub server: Columns,
    pub server_settings: Columns,
    pub team: Columns,
    pub variable: Columns,
}

/// A row of these columns, where those in the object `more` have their own values.
pub fn row(columns: &Columns, more: Value) -> Columns {
    let mut row = columns.clone();
    if let Value::Object(more) = more {
        row.extend(more);
    }
    row
}
