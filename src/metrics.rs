//! What is counted and measured since the process began, in the text format of Prometheus. Handles, cheap to clone; it must
//! not know what is measured, nor who asks.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Begins the name of every metric.
const PREFIX: &str = "vps_claude";

type Labels = Vec<(&'static str, &'static str)>;
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRequest {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfCall {
    call: &'static str,
    answer: String,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfJob {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfDeployment {
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfLookup {
    kept: &'static str,
    found: bool,
}

/// Everything that is counted and measured.
#[derive(Clone)]
pub struct Metrics(Arc<Families>);

struct Families {
    requests: Durations<OfRequest>,
    calls: Durations<OfCall>,
    jobs: Family<OfJob, Counter>,
    deployments: Durations<OfDeployment>,
    lookups: Family<OfLookup, Counter>,
    registry: Registry,
}

/// What is true at this moment: a value for each combination of labels.
#[derive(Debug)]
pub struct Reading {
    pub name: &'static str,
    /// Without a full stop.
    pub help: &'static str,
    pub values: Vec<(Labels, f64)>,
}

impl Reading {
    /// A single value.
    pub fn one(name: &'static str, help: &'static str, value: f64) -> Self {
        let values = vec![(vec![], value)];
        Self { name, help, values }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Durations::new_with_constructor(of_requests);
        let calls = Durations::new_with_constructor(of_calls);
        let deployments = Durations::new_with_constructor(of_deployments);
        let (jobs, lookups) = (Family::default(), Family::default());
        let mut registry = Registry::with_prefix(PREFIX);
        let help = "Answered requests, by route and class of status";
        registry.register("request_duration_seconds", help, Family::clone(&requests));
        let help = "Calls to Coolify, by status or why there was none";
        registry.register("coolify_call_duration_seconds", help, Family::clone(&calls));
        let help = "Steps of deployments and removals";
        registry.register("jobs", help, Family::clone(&jobs));
        let help = "Ended deployments, with the time since they were requested";
        let copy = Family::clone(&deployments);
        registry.register("deployment_duration_seconds", help, copy);
        let help = "Lookups in what polls keep, and whether it was there";
        registry.register("poll_lookups", help, Family::clone(&lookups));
        Self(Arc::new(Families {
            requests,
            calls,
            jobs,
            deployments,
            lookups,
            registry,
        }))
    }
}

impl Metrics {
    /// A request was answered. `route` is not its address: there are only so many.
    pub fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let labels = OfRequest {
            method,
            route: route.to_owned(),
            status: class(status),
        };
        let durations = self.0.requests.get_or_create(&labels);
        durations.observe(took.as_secs_f64());
    }

    /// A call to Coolify ended with this status, or with the words that say why there was none.
    pub fn call(&self, call: &'static str, answer: &str, took: Duration) {
        let answer = answer.to_owned();
        let durations = self.0.calls.get_or_create(&OfCall { call, answer });
        durations.observe(took.as_secs_f64());
    }

    /// A job ran.
    pub fn job(&self, kind: &'static str, outcome: &'static str) {
        self.0.jobs.get_or_create(&OfJob { kind, outcome }).inc();
    }

    /// A deployment ended.
    pub fn deployment(&self, outcome: &'static str, seconds: f64) {
        let durations = self.0.deployments.get_or_create(&OfDeployment { outcome });
        durations.observe(seconds);
    }

    /// Counts lookups of one kind that found something, or nothing.
    pub fn lookups(&self, kept: &'static str, found: bool) -> Counter {
        self.0
            .lookups
            .get_or_create_owned(&OfLookup { kept, found })
    }

    /// Everything so far, and these readings.
    pub fn text(&self, readings: &[Reading]) -> String {
        let mut now = Registry::with_prefix(PREFIX);
        for reading in readings {
            let values = Family::<Labels, Gauge<f64, AtomicU64>>::default();
            for (labels, value) in &reading.values {
                values.get_or_create(labels).set(*value);
            }
            now.register(reading.name, reading.help, values);
        }
        let mut text = String::new();
        let written = encode_registry(&mut text, &self.0.registry)
            .and_then(|()| encode_registry(&mut text, &now))
            .and_then(|()| encode_eof(&mut text));
        written.expect("a string takes any text");
        text
    }
}

fn class(status: u16) -> &'static str {
    match status {
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500..600 => "5xx",
        _ => "1xx",
    }
}

/// From an unchanged poll to a statement that waits for a lock.
fn of_requests() -> Histogram {
    Histogram::new([0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0])
}

/// Up to the timeout of a call.
fn of_calls() -> Histogram {
    Histogram::new([0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0])
}

/// From an image that is used again to a long wait for a turn.
fn of_deployments() -> Histogram {
    Histogram::new([15.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 3_600.0, 14_400.0])
}
