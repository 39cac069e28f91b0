//! Faults: what goes wrong with which call, and how often.
//!
//! It knows which fault strikes a call; it must not know how one is carried out.

use serde::{Deserialize, Serialize};

use super::call::Call;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection is reset and nothing was done.
    ResetBefore,
    /// The call is done, then the connection is reset.
    ResetAfter,
    /// Nothing is done and nothing is ever answered.
    Hang,
    /// 429 of the throttle.
    TooManyRequests,
    /// 500, nothing done.
    ServerErrorBefore,
    /// Done, then 500.
    ServerErrorAfter,
    /// The HTML 502 of a proxy; nothing done.
    BadGatewayHtml,
    /// 503 of a proxy; nothing done.
    Unavailable,
    /// Done, and the JSON answer is cut in the middle though complete as HTTP.
    MalformedJson,
    /// 401.
    Unauthenticated,
    /// 403 for want of the call's ability.
    ForbiddenAbility,
    /// 403 because the API is switched off.
    ForbiddenApiDisabled,
    /// 404 about the thing asked for.
    NotFound,
    /// 404 as for a path that this version does not have.
    EndpointMissing,
    /// Done, and the answer comes drop by drop and breaks off before its end.
    SlowDrip,
    /// Parked until released, and only then done.
    HoldBefore,
    /// Done, and parked until released.
    HoldAfter,
}

/// An order to let calls go wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_field_names,
    reason = "the names are those of the control interface"
)]
pub struct Fault {
    /// Which call; `any` is every call of the API.
    pub call: Call,
    /// What happens to it.
    pub fault: FaultKind,
    /// How often it strikes; until cleared when absent.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many matching calls are let through first.
    #[serde(default)]
    pub skip: u32,
    /// For `too_many_requests`: the seconds in `Retry-After`, 1 when absent.
    #[serde(default)]
    pub retry_after_seconds: Option<u32>,
    /// Only calls about the application of this name or identifier.
    #[serde(default)]
    pub name: Option<String>,
    /// For `hold_before`: a call whose caller has left is done all the same when it is released.
    #[serde(default)]
    pub lands_anyway: bool,
}

impl Fault {
    /// A fault that strikes until it is cleared.
    #[cfg(test)]
    pub fn new(call: Call, fault: FaultKind) -> Self {
        Self {
            call,
            fault,
            times: None,
            skip: 0,
            retry_after_seconds: None,
            name: None,
            lands_anyway: false,
        }
    }

    /// The same fault, striking only so often.
    #[cfg(test)]
    pub fn times(self, times: u32) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    fn concerns(&self, call: Call, about: &[String]) -> bool {
        let any = self.call == Call::Any && call != Call::Address;
        let called = any || self.call == call;
        let named = self.name.as_ref();
        called && named.is_none_or(|name| about.iter().any(|word| word == name))
    }
}

/// A fault with its history.
#[derive(Clone, Debug, Serialize)]
pub struct Posted {
    /// The order as it stands: `times` and `skip` count down.
    #[serde(flatten)]
    pub fault: Fault,
    /// How often it has struck.
    pub struck: u32,
}

/// All faults in the order they were given.
#[derive(Default)]
pub struct Faults(Vec<Posted>);

impl Faults {
    /// Adds a fault.
    pub fn add(&mut self, fault: Fault) {
        self.0.push(Posted { fault, struck: 0 });
    }

    /// Forgets all faults.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// All faults, spent ones too.
    pub fn list(&self) -> Vec<Posted> {
        self.0.clone()
    }

    /// The fault that strikes this call, if one does. `about` are the names the call goes by: the name and the
    /// identifier of its application.
    pub fn strike(&mut self, call: Call, about: &[String]) -> Option<Fault> {
        for posted in &mut self.0 {
            let fault = &mut posted.fault;
            if fault.times == Some(0) || !fault.concerns(call, about) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times = fault.times.map(|times| times - 1);
            posted.struck += 1;
            return Some(posted.fault.clone());
        }
        None
    }
}
