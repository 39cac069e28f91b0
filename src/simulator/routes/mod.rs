//! Coolify's API: one file for each kind of call. A handler gets the state and the request, once the call has
//! passed the faults (`inject.rs`) and the checks of `access.rs`.

mod api;
mod applications;
mod create;
mod deployments;
mod envs;
mod projects;
mod request;
mod servers;

use axum::Router;

use super::calls::Call;
use super::server::Shared;

/// All calls of the API; any other path or method is answered with 404.
pub fn router(shared: &Shared) -> Router {
    api::Api::new(shared)
        .call(Call::Version, servers::version)
        .call(Call::Find, projects::environment)
        .call(Call::Server, servers::server)
        .call(Call::Destinations, servers::destinations)
        .call(Call::Create, create::create)
        .call(Call::Application, applications::show)
        .call(Call::Logs, applications::logs)
        .call(Call::Update, create::update)
        .call(Call::Delete, applications::delete)
        .call(Call::EnvsList, envs::list)
        .call(Call::Envs, envs::bulk)
        .call(Call::EnvsDelete, envs::delete)
        .call(Call::StoragesList, applications::list_storages)
        .call(Call::StoragesAdd, applications::add_storage)
        .call(Call::Deploy, deployments::deploy)
        .call(Call::Deployments, deployments::active)
        .call(Call::Deployment, deployments::show)
        .call(Call::DeploymentsOfApplication, deployments::of_application)
        .call(Call::Cancel, deployments::cancel)
        .finish()
}
