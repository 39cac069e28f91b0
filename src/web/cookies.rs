//! Which cookies of a request are believed, and how ours are set. Environments run other people's programs, perhaps on
//! sibling domains, and their pages can set cookies for this host, too: of any name and number, and with any bytes.

use super::state::Web;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

/// What https makes possible: browsers take a cookie with this prefix only from this very host, over https, for all of
/// its paths (RFC 6265bis, section 4.1.3.2), so no other page can put one in.
const PREFIX: &str = "__Host-";
/// How long a browser keeps what it remembers.
const YEAR_SECONDS: u32 = 31_536_000;

/// A cookie of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    Session,
    Theme,
    /// The groups of the list that are shut.
    Shut,
    /// The mark of a browser in which somebody signed in before.
    Mark,
}

/// Marks a request that came with two sessions, none of which was taken.
#[derive(Debug, Clone, Copy)]
pub struct SeveralSessions;

/// Cookies that a response sets after that of the session.
#[derive(Clone, Default)]
struct Remembered(Vec<HeaderValue>);

impl Cookie {
    const ALL: [Self; 4] = [Self::Session, Self::Theme, Self::Shut, Self::Mark];

    /// Its name where people come by https, and elsewhere.
    pub fn name(self, secure: bool) -> &'static str {
        let prefixed = match self {
            Self::Session => "__Host-vps-claude",
            Self::Theme => "__Host-theme",
            Self::Shut => "__Host-shut",
            Self::Mark => "__Host-vps-claude-known",
        };
        if secure {
            prefixed
        } else {
            &prefixed[PREFIX.len()..]
        }
    }

    /// Its values in a request whose cookies are only ours.
    pub fn all<'a>(self, headers: &'a HeaderMap, web: &Web) -> impl Iterator<Item = &'a str> {
        let name = self.name(web.secure);
        pairs(headers).filter_map(move |(other, value)| (other == name).then_some(value))
    }

    /// The last of its values: the youngest, as browsers send them.
    pub fn last<'a>(self, headers: &'a HeaderMap, web: &Web) -> Option<&'a str> {
        self.all(headers, web).last()
    }

    /// The response, which also makes the browser keep this value for a year.
    pub fn remembered(self, web: &Web, mut response: Response, value: &str) -> Response {
        let secure = if web.secure { "; Secure" } else { "" };
        let name = self.name(web.secure);
        let cookie = format!(
            "{name}={value}; Path=/; Max-Age={YEAR_SECONDS}; HttpOnly; SameSite=Lax{secure}"
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            let remembered: &mut Remembered = response.extensions_mut().get_or_insert_default();
            remembered.0.push(cookie);
        }
        response
    }
}

/// Leaves nothing but our cookies in a request. Names are compared as they are sent: the session's layer decodes them, so
/// that another name could become ours, and it reads none of them when one is not ASCII. Whoever sends two sessions is
/// nobody: one of them is another site's, and it is not known which.
pub async fn only_ours(State(secure): State<bool>, mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    if headers.contains_key(header::COOKIE) {
        let are_several = are_several_sessions(headers, secure);
        let kept = HeaderValue::from_str(&ours(headers, secure, are_several));
        headers.remove(header::COOKIE);
        if let Ok(kept) = kept {
            headers.insert(header::COOKIE, kept);
        }
        if are_several {
            request.extensions_mut().insert(SeveralSessions);
        }
    }
    let mut response = next.run(request).await;
    let remembered = response.extensions_mut().remove::<Remembered>();
    for cookie in remembered.unwrap_or_default().0 {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    if secure {
        let set = response.headers_mut().entry(header::SET_COOKIE);
        if let header::Entry::Occupied(mut set) = set {
            set.iter_mut().for_each(add_secure);
        }
    }
    response
}

fn are_several_sessions(headers: &HeaderMap, secure: bool) -> bool {
    let session = Cookie::Session.name(secure);
    let sessions = pairs(headers).filter(|(name, _)| *name == session);
    sessions.count() > 1
}

fn ours(headers: &HeaderMap, secure: bool, are_several: bool) -> String {
    let names = Cookie::ALL.map(|it| it.name(secure));
    let session = Cookie::Session.name(secure);
    let is_kept = |name| names.contains(&name) && !(name == session && are_several);
    let kept = pairs(headers).filter(|(name, _)| is_kept(name));
    let kept: Vec<String> = kept
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    kept.join("; ")
}

/// The cookies that can be read, as names and values.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).into_iter();
    let pairs = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let readable = pairs.filter_map(|pair| str::from_utf8(pair).ok());
    let readable = readable.map(str::trim).filter(|pair| {
        let mut bytes = pair.bytes();
        bytes.all(|byte| byte.is_ascii_graphic())
    });
    readable.filter_map(|pair| pair.split_once('='))
}

/// The session's layer removes its cookie without `Secure`, which the prefix requires of a removal, too.
fn add_secure(set: &mut HeaderValue) {
    let cookie = set.to_str().unwrap_or_default();
    let lacks_it = cookie.starts_with(PREFIX) && !cookie.contains("; Secure");
    let completed = lacks_it.then(|| HeaderValue::from_str(&format!("{cookie}; Secure")));
    if let Some(Ok(completed)) = completed {
        *set = completed;
    }
}
