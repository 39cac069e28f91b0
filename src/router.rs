//! What is behind the one listener: the pages and the API.

use crate::actions::checks;
use crate::api::{self, Api, document};
use crate::app::App;
use crate::config::Config;
use crate::http::Proxies;
use crate::web::{self, Below, Reference, Refused, Setting, Web};
use axum::Router;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How requests are refused that no handler gets: those to the API as the API does it.
pub fn refused(secure: bool) -> Refused {
    let (path, refuse) = (api::PATH, api::refused as _);
    let below = Some(Below { path, refuse });
    Refused { secure, below }
}

/// The pages and the API, as they are set up.
pub fn router(
    app: &App,
    config: &Config,
    checks: Arc<checks::Setup>,
    stop: CancellationToken,
) -> Router {
    let proxies = Arc::new(Proxies::new(config.trusted_proxies.clone()));
    let public_url = config.public_url.clone().map(Arc::new);
    let api = Api {
        app: app.clone(),
        secure: config.secure,
        public_url: public_url.clone(),
        proxies: Arc::clone(&proxies),
        stop,
    };
    let web = Web {
        app: app.clone(),
        secure: config.secure,
        public_url,
        proxies,
        demo: config.demo,
        settings: shown(config),
        reference: Reference::of(&document::value()).into(),
        checks,
    };
    web::router(web).merge(api::router(api))
}

/// The settings in force, for a page.
fn shown(config: &Config) -> Arc<[Setting]> {
    let settings = config.shown.iter().map(|one| Setting {
        name: one.name,
        value: one.value.clone(),
        origin: one.origin.clone(),
    });
    settings.collect()
}
