//! Where a form leads: the page it was sent from, or the page that somebody wanted to see before signing in. Only paths
//! of this site.

use crate::domain::id::EnvironmentId;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::Redirect;
use std::convert::Infallible;
use url::{Url, form_urlencoded};

/// The page after signing in when nobody said another.
pub const HOME: &str = "/environments";

/// A path on this site: not `//elsewhere`, not `/\elsewhere`.
pub fn is_own(path: &str) -> bool {
    path.starts_with('/')
        && !path[1..].starts_with(['/', '\\'])
        && path.bytes().all(|b| b.is_ascii_graphic())
}

/// The path and query of the page that a request comes from, if it shows environments.
pub fn page_of(headers: &HeaderMap) -> Option<String> {
    let (path, query) = path_of(headers, &header::REFERER)?;
    let id = path.strip_prefix("/environments/");
    let is_one = id.is_some_and(|id| id.parse::<EnvironmentId>().is_ok());
    (path == HOME || is_one).then(|| path + &query)
}

/// The page that a form names, with its query of now: a search changes the query without loading the page again.
pub fn with_current_query(page: &str, headers: &HeaderMap) -> String {
    if !is_own(page) {
        return "/".to_owned();
    }
    match path_of(headers, &header::REFERER) {
        Some((path, query)) if Some(path.as_str()) == page.split('?').next() => path + &query,
        _ => page.to_owned(),
    }
}

fn path_of(headers: &HeaderMap, name: &HeaderName) -> Option<(String, String)> {
    let url = Url::parse(headers.get(name)?.to_str().ok()?).ok()?;
    let query = url.query().map(|query| format!("?{query}"));
    let path = url.path().to_owned();
    is_own(&path).then(|| (path, query.unwrap_or_default()))
}

/// The sign-in page that leads back to the page of this request, or to the page that sent it.
pub fn to_login(parts: &Parts) -> String {
    let page = |name| path_of(&parts.headers, &name).map(|(path, query)| path + &query);
    let next = if parts.headers.contains_key("hx-request") {
        page(HeaderName::from_static("hx-current-url"))
    } else if parts.method.is_safe() {
        Some(parts.uri.to_string())
    } else {
        page(header::REFERER)
    };
    let next = next.filter(|next| is_own(next) && ![HOME, "/"].contains(&next.as_str()));
    let Some(next) = next else {
        return "/login".to_owned();
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    format!("/login?{}", query.append_pair("next", &next).finish())
}

/// The page after signing in: what was asked for, unless it is the way to sign in itself.
pub fn after_login(next: &str) -> &str {
    let path = next.split('?').next().unwrap_or_default();
    let leads_nowhere = ["/login", "/register", "/logout", "/theme"].contains(&path);
    if is_own(next) && !leads_nowhere {
        next
    } else {
        HOME
    }
}

/// The page that a form was sent from: the form's field `back`, otherwise the header `Referer`.
pub struct Back(Option<String>);

impl Back {
    /// The page that a form was sent from, with these headers and this body.
    pub fn of(headers: &HeaderMap, form: &[u8]) -> Self {
        let field = form_urlencoded::parse(form).find(|(name, _)| name == "back");
        let Self(named) = field.map_or(Self(None), |(_, page)| Self::to(&page));
        Self(named.or_else(|| page_of(headers)))
    }

    /// The page that the field names.
    pub fn to(field: &str) -> Self {
        Self(is_own(field).then(|| field.to_owned()))
    }

    /// Redirects there; to the list when it is not known. The list shows the row that was meant.
    pub fn redirect(self, id: &str) -> Redirect {
        let page = self.0.unwrap_or_else(|| HOME.to_owned());
        if page.split('?').next() == Some(HOME) {
            Redirect::to(&format!("{page}#{id}"))
        } else {
            Redirect::to(&page)
        }
    }

    /// Redirects there unless it is a page of the environment, which is gone.
    pub fn redirect_without(self, id: &str) -> Redirect {
        let page = self.0.filter(|page| !page.contains(id));
        Redirect::to(page.as_deref().unwrap_or(HOME))
    }
}

impl<S: Send + Sync> FromRequest<S> for Back {
    type Rejection = Infallible;

    /// A form may be empty, and then needs no content type.
    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state)
            .await
            .unwrap_or_default();
        Ok(Self::of(&headers, &body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn from(page: &str) -> HeaderMap {
        let page = HeaderValue::from_str(page).unwrap();
        HeaderMap::from_iter([(header::REFERER, page)])
    }

    #[test]
    fn a_form_leads_back_to_the_page_that_it_was_sent_from() {
        for (page, back) in [
            ("http://a.b/environments", Some("/environments")),
            (
                "https://a.b:81/environments?q=a%26b&page=2",
                Some("/environments?q=a%26b&page=2"),
            ),
            (
                "http://a.b/environments/env_01h455vb4pex5vsknk084sn02q",
                Some("/environments/env_01h455vb4pex5vsknk084sn02q"),
            ),
            ("http://a.b/environments/env_1", None),
            (
                "http://a.b/environments/env_01h455vb4pex5vsknk084sn02q/delete",
                None,
            ),
            ("http://a.b/environments/new", None),
            ("http://a.b//elsewhere/environments", None),
            ("http://a.b/account", None),
            ("nonsense", None),
        ] {
            assert_eq!(page_of(&from(page)).as_deref(), back, "{page}");
        }
    }

    #[test]
    fn the_theme_leads_back_to_the_page_as_it_is_by_now() {
        let headers = from("http://a.b/environments?q=new");
        for (page, back) in [
            ("/environments?q=old", "/environments?q=new"),
            ("/environments/new", "/environments/new"),
            ("//evil.example", "/"),
            ("", "/"),
        ] {
            assert_eq!(with_current_query(page, &headers), back);
        }
        assert_eq!(
            with_current_query("/account", &HeaderMap::new()),
            "/account"
        );
    }

    #[test]
    fn signing_in_leads_to_what_was_asked_for_and_never_to_another_site() {
        for (method, path, header, login) in [
            ("GET", "/environments", None, "/login"),
            ("GET", "/account", None, "/login?next=%2Faccount"),
            (
                "GET",
                "/environments?q=a%20b",
                None,
                "/login?next=%2Fenvironments%3Fq%3Da%2520b",
            ),
            ("GET", "//evil.example/", None, "/login"),
            ("POST", "/account/name", None, "/login"),
            (
                "POST",
                "/account/name",
                Some("referer"),
                "/login?next=%2Fenvironments%2Fenv_1",
            ),
        ] {
            let mut request = axum::http::Request::builder().method(method).uri(path);
            if let Some(name) = header {
                request = request.header(name, "http://a.b/environments/env_1");
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(to_login(&parts), login, "{method} {path}");
        }
        for (next, page) in [
            ("/account", "/account"),
            ("/environments?q=a", "/environments?q=a"),
            ("", HOME),
            ("//evil.example", HOME),
            ("/\\evil.example", HOME),
            ("https://evil.example", HOME),
            ("/login?next=%2F", HOME),
            ("/a b", HOME),
        ] {
            assert_eq!(after_login(next), page, "{next}");
        }
    }
}
