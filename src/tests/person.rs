//! Somebody with a browser that keeps cookies, follows nothing by itself and runs no script. It knows addresses and forms,
//! and nothing of what is behind them.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tower::ServiceExt;
use url::form_urlencoded;

/// No page is longer.
const PAGE_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// Where people come from, if nothing else is said: not a proxy's address.
const HOME: [u8; 4] = [203, 0, 113, 7];

/// Every answer that anybody got: what was asked, and the answer.
pub type Seen = Arc<Mutex<Vec<(String, Answer)>>>;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// A header's text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Where it leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// Whether the text holds this, as people read it.
    pub fn says(&self, words: &str) -> bool {
        let plain = [
            ("<bdi>", ""),
            ("</bdi>", ""),
            ("&#39;", "'"),
            ("&quot;", "\""),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&amp;", "&"),
        ];
        let mut text = self.text.clone();
        for (escaped, sign) in plain {
            text = text.replace(escaped, sign);
        }
        text.contains(words)
    }

    /// The line under a field.
    #[track_caller]
    pub fn note(&self, field: &str) -> &str {
        let (_, rest) = self
            .text
            .split_once(&format!("id=\"{field}-note\""))
            .unwrap_or_else(|| panic!("there is no field {field} in\n{}", self.text));
        let (_, note) = rest.split_once('>').unwrap();
        note.split_once("</p>").unwrap().0
    }

    /// What a field holds.
    #[track_caller]
    pub fn value(&self, field: &str) -> &str {
        let input = self
            .text
            .split('<')
            .find(|tag| tag.starts_with("input") && tag.contains(&format!("name=\"{field}\"")))
            .unwrap_or_else(|| panic!("there is no field {field} in\n{}", self.text));
        let (_, value) = input.split_once("value=\"").unwrap_or(("", "\""));
        value.split_once('"').unwrap().0
    }

    /// Fails unless it is this code; shows what came in its place.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{:?}\n{}",
            self.headers,
            self.text
        );
        self
    }

    /// Fails unless it leads there, to whatever part of that page.
    #[track_caller]
    pub fn leads_to(self, place: &str) -> Self {
        let answer = self.expect(303);
        assert_eq!(answer.location().split('#').next(), Some(place));
        answer
    }
}

/// Somebody with a browser.
pub struct Person {
    pub name: String,
    pub email: String,
    pub password: String,
    router: Router,
    seen: Seen,
    from: SocketAddr,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl Person {
    /// Somebody who has never been here.
    pub fn new(name: &str, router: Router, seen: Seen) -> Self {
        Self {
            name: name.to_owned(),
            email: format!("{}@example.com", name.to_lowercase()),
            password: format!("the password of {name}"),
            router,
            seen,
            from: (HOME, 40_000).into(),
            cookies: Mutex::default(),
        }
    }

    /// The same person at another device: nothing is known there.
    pub fn elsewhere(&self) -> Self {
        Self {
            email: self.email.clone(),
            password: self.password.clone(),
            ..Self::new(&self.name, self.router.clone(), Arc::clone(&self.seen))
        }
    }

    /// The same browser at another address of the network.
    pub fn from(mut self, address: [u8; 4]) -> Self {
        self.from = (address, 40_000).into();
        self
    }

    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path), "").await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, &form).await
    }

    /// Sends a form that stands on this page.
    pub async fn post_on(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(
                header::REFERER,
                format!("https://dashboard.example.com{page}"),
            );
        self.send(request, &form).await
    }

    /// Follows a link on this page.
    pub async fn get_on(&self, page: &str, path: &str) -> Answer {
        let page = format!("https://dashboard.example.com{page}");
        let request = Request::get(path).header(header::REFERER, page);
        self.send(request, "").await
    }

    /// Asks as htmx does.
    pub async fn fetch(&self, path: &str) -> Answer {
        self.send(Request::get(path).header("hx-request", "true"), "")
            .await
    }

    /// Asks in any way.
    pub async fn send(&self, request: Builder, body: &str) -> Answer {
        self.send_body(request, Body::from(body.to_owned())).await
    }

    /// Asks in any way, with a body that may take its time.
    pub async fn send_body(&self, mut request: Builder, body: Body) -> Answer {
        let is_get = request.method_ref() == Some(&Method::GET);
        let headers = request.headers_mut().unwrap();
        let host = "dashboard.example.com".parse().unwrap();
        headers.append(header::HOST, host);
        if !is_get && !headers.contains_key("sec-fetch-site") {
            headers.insert("sec-fetch-site", "same-origin".parse().unwrap());
        }
        self.carry(request, body).await
    }

    /// Asks with these headers and nothing else but the cookies.
    pub async fn send_as_it_is(&self, request: Builder, body: &str) -> Answer {
        self.carry(request, Body::from(body.to_owned())).await
    }

    async fn carry(&self, request: Builder, body: Body) -> Answer {
        let request = request
            .header(header::COOKIE, self.cookie_header())
            .extension(ConnectInfo(self.from))
            .body(body)
            .unwrap();
        let asked = format!("{} {}", request.method(), request.uri());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, PAGE_LIMIT_BYTES).await.unwrap();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        };
        self.keep_cookies(&answer.headers);
        self.seen.lock().unwrap().push((asked, answer.clone()));
        answer
    }

    /// Makes an account and is signed in.
    pub async fn register(&self) {
        self.try_link("").await.leads_to("/environments");
    }

    /// Tries to make an account with the token of a link.
    pub async fn try_link(&self, link: &str) -> Answer {
        let fields = [
            ("name", self.name.as_str()),
            ("email", &self.email),
            ("password", &self.password),
            ("link", link),
        ];
        self.post("/register", &fields).await
    }

    /// Signs in; says what came of it.
    pub async fn sign_in(&self) -> Answer {
        self.try_password(&self.password).await
    }

    /// Tries to sign in with this password.
    pub async fn try_password(&self, password: &str) -> Answer {
        self.post("/login", &[("email", &self.email), ("password", password)])
            .await
    }

    /// What the browser keeps under this name.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Puts something into the browser's cookies.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().unwrap();
        cookies.insert(name.to_owned(), value.to_owned());
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        let pairs = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap();
        for set in headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
