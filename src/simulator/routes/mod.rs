//! Coolify's API: one file for each noun of it. A handler gets the state and the request's input, once the call has
//! passed the faults (`inject.rs`) and the checks of `access.rs`.

mod api;
mod applications;
mod create;
mod deploy;
mod deployments;
mod domains;
mod envs;
mod fields;
mod input;
mod instance;
mod projects;
mod servers;
mod storages;

use axum::Router;

use super::server::Shared;

/// All calls of the API; any other path or method is answered with 404.
pub fn router(shared: &Shared) -> Router {
    let nouns = [
        instance::routes,
        projects::routes,
        servers::routes,
        applications::routes,
        create::routes,
        envs::routes,
        storages::routes,
        deploy::routes,
        deployments::routes,
    ];
    let none = api::Api::new(shared);
    let all = nouns.into_iter().fold(none, |api, routes| routes(api));
    all.finish()
}
