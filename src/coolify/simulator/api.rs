//! The controllers: what each call of the API does to the world, once the gate has let it in.
//!
//! They know Coolify's rules and answers; they must not know connections, tokens or faults.

mod applications;
mod create;
mod deploy;
mod deployments;
mod domains;
mod envs;
mod fields;
mod input;
mod insert;
mod places;
mod storages;
mod update;

use super::answer::Answer;
use super::call::{Call, Route};
use super::moment::Moment;
use super::world::World;

/// A call that was let in.
pub struct Ask<'a> {
    /// Which call, and about what.
    pub route: &'a Route,
    /// The query string's pairs, decoded.
    pub query: &'a [(String, String)],
    /// Whether the body says that it is JSON.
    pub is_json: bool,
    /// The body.
    pub body: &'a [u8],
    /// Whether the token may read sensitive things.
    pub sensitive: bool,
    /// Now.
    pub now: Moment,
}

impl Ask<'_> {
    /// The application or other thing in the path.
    pub fn subject(&self) -> &str {
        &self.route.subject
    }

    /// A parameter of the query string.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        let found = pairs.find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }
}

/// Does what is asked. An early refusal is an answer like any other.
pub fn answer(world: &mut World, ask: &Ask<'_>) -> Answer {
    control(world, ask).unwrap_or_else(|refusal| refusal)
}

fn control(world: &mut World, ask: &Ask<'_>) -> Result<Answer, Answer> {
    match ask.route.call {
        Call::Health | Call::HealthV1 => Ok(places::health()),
        Call::Version => Ok(places::version(world)),
        Call::Project => places::project(world, ask),
        Call::Find => places::environment(world, ask),
        Call::Server => places::server(world, ask),
        Call::Destinations => places::destinations(world, ask),
        Call::Applications => Ok(applications::list(world, ask)),
        Call::Create => create::create(world, ask),
        Call::Application => applications::show(world, ask),
        Call::Update => update::update(world, ask),
        Call::Delete => applications::delete(world, ask),
        Call::Logs => applications::logs(world, ask),
        Call::Stop => applications::stop(world, ask),
        Call::EnvsList => envs::list(world, ask),
        Call::EnvsAdd => envs::add(world, ask),
        Call::EnvsUpdate => envs::update(world, ask),
        Call::Envs => envs::bulk(world, ask),
        Call::StoragesList => storages::list(world, ask),
        Call::StoragesAdd => storages::add(world, ask),
        Call::Deploy => deploy::deploy(world, ask),
        Call::Start | Call::Restart => deploy::start(world, ask),
        Call::Deployments => Ok(deployments::active(world)),
        Call::Deployment => deployments::show(world, ask),
        Call::DeploymentsOfApplication => deployments::of_application(world, ask),
        Call::Cancel => deployments::cancel(world, ask),
        Call::Any | Call::Unknown | Call::Address => Ok(Answer::no_such_route()),
    }
}
