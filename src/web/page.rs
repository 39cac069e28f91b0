//! A page: the compiled-in templates, and the layout around every page's content.

use super::assets;
use super::session::Visitor;
use super::state::Notice;
use crate::domain::name::isolated;
use crate::domain::user::User;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior};
use rust_embed::RustEmbed;
use serde::Serialize;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;
use url::form_urlencoded;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_formatter(escape);
    engine.add_filter("urlencode", |text: String| {
        form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()
    });
    engine.add_filter("isolated", |name: String| isolated(&name));
    engine.add_function("asset", |name: String| assets::address(&name));
    for path in Templates::iter() {
        let file = Templates::get(&path).expect("a listed template is embedded");
        let source = String::from_utf8(file.data.into_owned()).expect("templates are UTF-8");
        engine
            .add_template_owned(path.into_owned(), source)
            .expect("templates are well formed");
    }
    engine
});

/// Identifies this build on pages and responses: a hash of the version and of all templates and assets.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    for path in Templates::iter() {
        let file = Templates::get(&path).map(|file| file.metadata.sha256_hash());
        (path, file).hash(&mut hasher);
    }
    assets::names().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
});

/// This build, as pages and responses name it.
pub fn build() -> &'static str {
    &BUILD
}

/// Escapes text for HTML. The engine's own escaping includes slashes, which makes URLs hard to read in the source.
fn escape(out: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return minijinja::escape_formatter(out, state, value);
    };
    if *state.auto_escape() == AutoEscape::None {
        return Ok(out.write_str(text)?);
    }
    for piece in text.split_inclusive(['&', '<', '>', '"', '\'']) {
        let end = piece.len() - usize::from(piece.ends_with(['&', '<', '>', '"', '\'']));
        let (plain, last) = piece.split_at(end);
        out.write_str(plain)?;
        out.write_str(match last {
            "&" => "&amp;",
            "<" => "&lt;",
            ">" => "&gt;",
            "\"" => "&quot;",
            "'" => "&#39;",
            _ => "",
        })?;
    }
    Ok(())
}

/// The layout's values.
#[derive(Debug, Serialize)]
pub struct Page {
    title: String,
    user: Option<Person>,
    theme: &'static str,
    pub notices: Vec<Notice>,
    /// The path and the query of the page, to which the theme switch leads back.
    pub url: String,
    /// Without script, the page reloads itself while a status may change, unless its reader stopped that.
    refresh: bool,
    /// The same page, with that stopped or started again.
    refresh_switch: Option<String>,
    build: &'static str,
}

#[derive(Debug, Serialize)]
struct Person {
    name: String,
    email: String,
    administrator: bool,
}

impl From<&User> for Person {
    fn from(user: &User) -> Self {
        Self {
            name: user.name.clone(),
            email: user.email.clone(),
            administrator: user.is_administrator,
        }
    }
}

impl Page {
    /// A page for this visitor; consumes the pending messages.
    pub async fn new(visitor: &Visitor, title: &str) -> Self {
        Self {
            notices: visitor.take_notices().await,
            ..Self::bare(visitor, title)
        }
    }

    /// A page that leaves the messages for the next one.
    pub fn bare(visitor: &Visitor, title: &str) -> Self {
        Self {
            title: title.to_owned(),
            user: visitor.user.as_ref().map(Person::from),
            theme: visitor.theme,
            notices: vec![],
            url: visitor.url.clone(),
            refresh: false,
            refresh_switch: None,
            build: build(),
        }
    }
}

impl Page {
    /// The page of a form that was refused, if it was.
    pub fn refused(mut self, refused: bool) -> Self {
        if refused {
            self.title.insert_str(0, "Error: ");
        }
        self
    }

    /// A page on which something moves: without script it is loaded again every 15 seconds, until its reader stops that.
    pub fn moving(mut self, moves: bool) -> Self {
        let (path, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let stopped = query.split('&').any(|part| part == STOPPED);
        let kept = query
            .split('&')
            .filter(|part| !part.is_empty() && *part != STOPPED);
        let parts: Vec<&str> = kept.chain((!stopped).then_some(STOPPED)).collect();
        self.refresh_switch = moves.then(|| [path, &parts.join("&")].join("?"));
        self.refresh = moves && !stopped;
        self
    }
}

/// The part of an address that stops the refreshing.
const STOPPED: &str = "refresh=no";

/// Renders a template with the context's values.
///
/// # Errors
/// When the template uses a value that the context lacks.
pub fn render(template: &str, context: impl Serialize) -> Result<String, minijinja::Error> {
    ENGINE.get_template(template)?.render(Serde(&context))
}

/// A rendered page or fragment, as a response.
pub fn html(template: &str, context: impl Serialize) -> Response {
    html_with(StatusCode::OK, template, context)
}

/// A rendered page or fragment with another status code.
pub fn html_with(status: StatusCode, template: &str, context: impl Serialize) -> Response {
    match render(template, context) {
        Ok(body) => (status, Html(body)).into_response(),
        Err(error) => {
            tracing::error!(template, %error, detail = ?error, "template not rendered");
            let sentence = "This page could not be made. The log says why.\n";
            (StatusCode::INTERNAL_SERVER_ERROR, sentence).into_response()
        }
    }
}

/// The name of every template.
#[cfg(test)]
pub fn templates() -> std::collections::BTreeSet<String> {
    Templates::iter()
        .map(std::borrow::Cow::into_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_escaped_and_stays_text() {
        let page = super::ENGINE.render_named_str(
            "x.html",
            "{{ a }}|{{ b|safe }}|{{ c }}",
            minijinja::context! {
                a => "<b> & \"'/é'", b => "<i>", c => 3,
            },
        );
        assert_eq!(page.unwrap(), "&lt;b&gt; &amp; &quot;&#39;/é&#39;|<i>|3");
    }
}
