//! Whether the client takes what is answered: JSON.

use super::problem::Problem;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Ranges of media types (RFC 9110, section 12.5.1) that hold JSON.
const RANGES: [&str; 3] = ["application/json", "application/*", "*/*"];

/// Refuses who does not take JSON. A client that says nothing takes anything.
pub async fn takes_json(request: Request, next: Next) -> Response {
    if takes(request.headers()) {
        return next.run(request).await;
    }
    let detail = "The answers of the API are JSON: send “Accept: application/json”.";
    Problem::new(StatusCode::NOT_ACCEPTABLE, detail).into_response()
}

fn takes(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT);
    let lines: Vec<&str> = lines.iter().filter_map(|it| it.to_str().ok()).collect();
    let mut ranges = lines
        .iter()
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    ranges.peek().is_none() || ranges.any(holds_json)
}

fn holds_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q="));
    let is_refused = quality.is_some_and(|quality| quality.parse() == Ok(0.0));
    RANGES.contains(&kind.as_str()) && !is_refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_taken_by_whoever_does_not_exclude_it() {
        for (sent, taken) in [
            ("", true),
            ("application/json", true),
            ("text/html, */*;q=0.1", true),
            ("Application/*", true),
            ("text/html", false),
            ("application/json;q=0", false),
            ("text/html, application/json; q=0.0", false),
        ] {
            let headers = [(header::ACCEPT, sent.parse().unwrap())];
            assert_eq!(takes(&HeaderMap::from_iter(headers)), taken, "{sent}");
        }
        assert!(takes(&HeaderMap::new()));
    }
}
