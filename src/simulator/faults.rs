//! Faults: which call, what goes wrong with it, and how often; and the calls that are held meanwhile. How each is carried
//! out is in `inject.rs`.
//!
//! To let adding a storage answer 500 until further notice:
//! `simulator.fault(Fault::new(Call::StoragesAdd, FaultKind::ServerErrorBefore))`, or over HTTP
//! `POST /simulator/faults` with `{"call": "storages_add", "fault": "server_error_before"}`.

use std::sync::{Arc, Mutex, Weak};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::{calls::Call, locking::lock};

/// What goes wrong: before anything is done, or after it was done. What is answered in place of it does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    ResetBefore,
    ResetAfter,
    /// Nothing is done and nothing is ever answered.
    Hang,
    TooManyRequests,
    ServerErrorBefore,
    ServerErrorAfter,
    /// The HTML 502 of a proxy; nothing done.
    BadGatewayHtml,
    /// 503 of a proxy; nothing done.
    Unavailable,
    /// Done, and the JSON response is cut in the middle though complete as HTTP.
    MalformedJson,
    Unauthenticated,
    /// 403 for want of the call's ability.
    ForbiddenAbility,
    /// 403 because the API is switched off.
    ForbiddenApiDisabled,
    NotFound,
    /// 404 as for a path that this version does not have.
    EndpointMissing,
    /// Done, and the response comes in small pieces and breaks off before its end.
    SlowDrip,
    /// Held until released.
    HoldBefore,
    HoldAfter,
}

/// An order to let calls go wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "keys of the control interface")]
pub struct Fault {
    pub call: Call,
    pub fault: FaultKind,
    /// How often it strikes; until cleared when absent.
    pub times: Option<u32>,
    /// How many matching calls are let through first.
    #[serde(default)]
    pub skip: u32,
    /// For `too_many_requests`: the seconds in `Retry-After`, 1 when absent.
    pub retry_after_seconds: Option<u32>,
    /// For `hold_before`: a call whose caller has left is done all the same when it is released.
    #[serde(default)]
    pub lands_anyway: bool,
    /// How often it has struck; `times` and `skip` count down meanwhile.
    #[serde(default)]
    pub struck: u32,
}

impl Fault {
    /// Whether it strikes this call, which counts.
    pub fn strikes(&mut self, call: Call) -> bool {
        let any = self.call == Call::Any && call != Call::Address;
        let meant = (any || self.call == call) && self.times != Some(0);
        if !meant || self.skip > 0 {
            self.skip -= u32::from(meant);
            return false;
        }
        self.times = self.times.map(|times| times - 1);
        self.struck += 1;
        true
    }
}

/// Whether a held call has been done already, its response withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    Before,
    After,
}

/// A held call.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    pub call: Call,
    pub phase: Phase,
}

/// All calls that are held until somebody releases them.
#[derive(Default)]
pub struct HeldCalls {
    releases: Notify,
    /// Each belongs to its waiting caller, so that one who leaves takes it off the list.
    held: Mutex<Vec<Weak<Held>>>,
}

impl HeldCalls {
    /// Waits until the next release.
    pub async fn hold(&self, call: Held) {
        let released = self.releases.notified();
        let call = Arc::new(call);
        lock(&self.held).push(Arc::downgrade(&call));
        released.await;
        drop(call);
    }

    pub fn release(&self) {
        self.releases.notify_waiters();
    }

    pub fn list(&self) -> Vec<Held> {
        let mut held = lock(&self.held);
        held.retain(|call| call.strong_count() > 0);
        let calls = held.iter().filter_map(Weak::upgrade);
        calls.map(Arc::unwrap_or_clone).collect()
    }
}
