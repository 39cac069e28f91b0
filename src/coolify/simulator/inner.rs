//! What all requests share: the world behind its lock, the faults, the counts.
//!
//! It knows how the parts are put together; it must not know HTTP's wording.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{Method, Uri, header};
use serde_json::Value;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::answer::Answer;
use super::api::{self, Ask};
use super::call::{Call, Route};
use super::entrance::Letter;
use super::fault::{Fault, Faults};
use super::gate::{self, Throttle};
use super::hold::Holds;
use super::ledger::Traffic;
use super::moment::Moment;
use super::socket::Lines;
use super::world::World;

/// What one lock guards.
pub struct State {
    /// The rows.
    pub world: World,
    /// The calls' counts.
    pub traffic: Traffic,
    /// What goes wrong.
    pub faults: Faults,
    throttle: Throttle,
}

/// Who has to answer at a host.
pub enum Place {
    /// The API, and what controls the simulator.
    Api,
    /// The application of this name and identifier.
    Application(String, String),
    /// Nobody.
    Nowhere,
}

/// The simulator behind its handle.
pub struct Inner {
    state: Mutex<State>,
    /// Parked calls.
    pub holds: Holds,
    /// Open connections.
    pub lines: Lines,
    /// Rung when something was asked or became due.
    pub changed: Notify,
    /// The task that accepts connections, while the listener is open.
    pub door: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    /// Ends the tasks.
    pub stopping: CancellationToken,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its state is kept.
    pub file: Option<PathBuf>,
    /// Held by whoever writes the file.
    pub writing: Mutex<()>,
}

impl Inner {
    /// Puts the parts together.
    pub fn new(
        world: World,
        traffic: Traffic,
        address: SocketAddr,
        lines: Lines,
        file: Option<PathBuf>,
    ) -> Self {
        Self {
            state: Mutex::new(State {
                world,
                traffic,
                faults: Faults::default(),
                throttle: Throttle::default(),
            }),
            holds: Holds::default(),
            lines,
            changed: Notify::new(),
            door: tokio::sync::Mutex::new(None),
            stopping: CancellationToken::new(),
            address,
            file,
            writing: Mutex::new(()),
        }
    }

    /// The state as it is, with nothing overdue.
    pub fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.world.advance(Moment::now()) {
            self.ring();
        }
        state
    }

    /// Says that something changed: there may be something to write down, or due earlier than thought.
    pub fn ring(&self) {
        self.changed.notify_one();
    }

    /// Who answers at a host. Applications are known by the hosts of their addresses, whatever their ports.
    pub fn place(&self, host: &str) -> Place {
        let state = self.state();
        let at_host = |url: &str| url.parse::<Uri>().is_ok_and(|url| url.host() == Some(host));
        let mut rows = state.world.applications.iter();
        match rows.find(|row| row.addresses().any(at_host)) {
            Some(row) => Place::Application(row.name().to_owned(), row.uuid.clone()),
            None if host.ends_with(".localhost") => Place::Nowhere,
            None => Place::Api,
        }
    }

    /// Reads a path as the present version does.
    pub fn route(&self, method: &Method, path: &str) -> Route {
        Route::read(method, path, self.state().world.settings.profile)
    }

    /// The names a call goes by: name and identifier of every application it is about.
    pub fn about(&self, route: &Route, parts: &Parts, body: &[u8]) -> Vec<String> {
        let mut words = words(route, parts, body);
        let world = &self.state().world;
        let meant = world
            .deployments
            .iter()
            .filter(|row| words.contains(&row.uuid));
        let meant: Vec<String> = meant.map(|row| row.application.clone()).collect();
        words.extend(meant);
        let rows = world
            .applications
            .iter()
            .filter(|row| words.contains(&row.uuid));
        words.extend(rows.map(|row| row.name().to_owned()).collect::<Vec<_>>());
        words.retain(|word| !word.is_empty());
        words
    }

    /// The fault that strikes a call.
    pub fn strike(&self, call: Call, about: &[String]) -> Option<Fault> {
        self.state().faults.strike(call, about)
    }

    /// Lets a call through the gate and does it.
    pub fn perform(&self, letter: &Letter) -> Answer {
        let answer = self.decide(letter);
        if letter.parts.method != Method::GET {
            self.ring();
        }
        let accept = letter.header(header::ACCEPT).unwrap_or_default();
        if accept.contains("/json") || accept.contains("+json") {
            return answer;
        }
        answer.for_browsers()
    }

    fn decide(&self, letter: &Letter) -> Answer {
        let mut state = self.state();
        let State {
            world, throttle, ..
        } = &mut *state;
        let token = letter.header(header::AUTHORIZATION);
        let pass = match gate::pass(&world.settings, throttle, &letter.route, token) {
            Ok(pass) => pass,
            Err(refusal) => return refusal,
        };
        let kind = letter.header(header::CONTENT_TYPE).unwrap_or_default();
        let ask = Ask {
            route: &letter.route,
            query: &letter.query(),
            is_json: kind.contains("/json") || kind.contains("+json"),
            body: &letter.body,
            sensitive: pass.sensitive,
            now: Moment::now(),
        };
        pass.stamp(api::answer(world, &ask))
    }

    /// The pause between two drops of a slow answer.
    pub fn drip(&self) -> Duration {
        Duration::from_millis(self.state().world.settings.drip_millis.into())
    }

    /// Counts a call from now until the count is dropped. Requests to applications are not counted.
    pub fn count(&self, call: Call) -> Count<'_> {
        if call != Call::Address {
            self.state().traffic.enter();
        }
        Count {
            inner: self,
            call,
            answer: "left".to_owned(),
        }
    }
}

/// What a call says itself about whom it concerns.
fn words(route: &Route, parts: &Parts, body: &[u8]) -> Vec<String> {
    let query = parts.uri.query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes());
    let lists = pairs
        .filter(|(key, _)| key == "uuid")
        .map(|(_, list)| list.into_owned());
    let mut lists: Vec<String> = lists.collect();
    if matches!(route.call, Call::Create | Call::Deploy) {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let named = ["name", "uuid"].map(|key| body[key].as_str().map(str::to_owned));
        lists.extend(named.into_iter().flatten());
    }
    lists.push(route.subject.clone());
    let words = lists.iter().flat_map(|list| list.split(','));
    words.map(|word| word.trim().to_owned()).collect()
}

/// A call under way.
pub struct Count<'a> {
    inner: &'a Inner,
    call: Call,
    answer: String,
}

impl Count<'_> {
    /// Says what the call was answered.
    pub fn note(&mut self, answer: &str) {
        answer.clone_into(&mut self.answer);
    }
}

impl Drop for Count<'_> {
    fn drop(&mut self) {
        if self.call != Call::Address {
            let name = self.call.name();
            tracing::debug!(
                call = name,
                answer = self.answer,
                "simulated Coolify answered"
            );
            self.inner.state().traffic.leave(name, &self.answer);
        }
    }
}
