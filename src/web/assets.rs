//! Assets at content-hashed URLs, cached forever.

use super::error::PageError;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::collections::HashMap;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// Maps each file to its hashed name, and each hashed name to its file.
static NAMES: LazyLock<(HashMap<String, String>, HashMap<String, String>)> = LazyLock::new(|| {
    let names = Assets::iter().map(|file| (file.to_string(), hashed(&file)));
    let names: HashMap<String, String> = names.collect();
    let files = names
        .iter()
        .map(|(file, name)| (name.clone(), file.clone()))
        .collect();
    (names, files)
});

/// `app.css` becomes `app.3f9a0c21d4.css`.
fn hashed(file: &str) -> String {
    let hash = Assets::get(file)
        .map(|file| file.metadata.sha256_hash())
        .unwrap_or_default();
    let short = hash[..5]
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    match file.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{short}.{ending}"),
        None => format!("{file}.{short}"),
    }
}

/// The URL of a file.
pub fn address(file: &str) -> String {
    format!("/assets/{}", NAMES.0.get(file).map_or(file, String::as_str))
}

/// The hashed names of all files, sorted.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<_> = NAMES.1.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Serves the file of a hashed name. A name of another build gets this build's file, which is not cached: a page loaded
/// during an upgrade may ask for it.
pub async fn serve(name: Result<Path<String>, PathRejection>) -> Result<Response, PageError> {
    let Path(name) = name.map_err(|_| PageError::NotFound)?;
    if let Some(file) = NAMES.1.get(&name) {
        return found(file, "public, max-age=31536000, immutable");
    }
    let file = without_hash(&name).ok_or(PageError::NotFound)?;
    found(&file, "no-store")
}

/// `app.css` of `app.3f9a0c21d4.css`.
fn without_hash(name: &str) -> Option<String> {
    let (rest, ending) = name.rsplit_once('.')?;
    let (stem, hash) = rest.rsplit_once('.')?;
    let is_hash = hash.len() == 10 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    is_hash.then(|| format!("{stem}.{ending}"))
}

fn found(file: &str, cache: &'static str) -> Result<Response, PageError> {
    let EmbeddedFile { data, .. } = Assets::get(file).ok_or(PageError::NotFound)?;
    let kind = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "text/plain; charset=utf-8",
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)];
    Ok((headers, data).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most that script of our own may have in all, in bytes as they are written.
    const SCRIPT: usize = 8_000;

    #[test]
    fn script_of_our_own_stays_small() {
        let is_own =
            |file: &str| file.rsplit('.').next() == Some("js") && !file.starts_with("htmx");
        let own = Assets::iter().filter(|file| is_own(file));
        let sizes: Vec<_> = own
            .map(|file| (Assets::get(&file).unwrap().data.len(), file))
            .collect();
        let all: usize = sizes.iter().map(|(size, _)| size).sum();
        assert!(all > 1_000 && all <= SCRIPT, "{all} bytes: {sizes:?}");
    }
}
