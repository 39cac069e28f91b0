//! How often and after which pauses a request is sent again.

use super::request::Request;
use super::trouble::{Again, LONGEST_PAUSE, Trouble};
use crate::cli::failure::{Exit, Failure};
use std::time::{Duration, Instant};

/// How often a request is sent again: usually, and by somebody who follows something.
const FEW: u32 = 3;
const MANY: u32 = 12;
/// How long a request is sent again that is still under way. The dashboard takes one that broke off for that for 30 seconds.
const UNDER_WAY: Duration = Duration::from_secs(45);

/// What has become of a request so far.
pub struct Retries<'a> {
    request: &'a Request<'a>,
    is_persistent: bool,
    tries: u32,
    under_way_since: Option<Instant>,
    /// Whether it may have been carried out although no answer says so.
    may_be_done: bool,
}

impl<'a> Retries<'a> {
    /// Nothing so far.
    pub fn new(request: &'a Request<'a>, is_persistent: bool) -> Self {
        Self {
            request,
            is_persistent,
            tries: 0,
            under_way_since: None,
            may_be_done: false,
        }
    }

    /// How long to wait before it is sent again after this; `None` if it is not.
    pub fn pause(&mut self, trouble: &Trouble, now: Instant) -> Option<Duration> {
        let pause = trouble.pause(self.tries);
        if trouble.again == Again::UnderWay && self.request.has_key() {
            self.may_be_done = true;
            let since = *self.under_way_since.get_or_insert(now);
            let is_early = now.saturating_duration_since(since) < UNDER_WAY;
            return is_early.then_some(pause.min(LONGEST_PAUSE));
        }
        self.may_be_done |= trouble.again == Again::IfRepeatable && !self.request.reads();
        let may_help = match trouble.again {
            Again::Never | Again::UnderWay => false,
            Again::WhileWaiting => self.is_persistent && self.request.reads(),
            Again::IfRepeatable => self.request.is_repeatable(),
            Again::Always => true,
        };
        let most = if self.is_persistent { MANY } else { FEW };
        let is_soon = self.tries < most && pause <= LONGEST_PAUSE;
        self.tries += 1;
        (may_help && is_soon).then_some(pause)
    }

    /// Why it is not sent again, and what is not known about it then.
    pub fn given_up(self, trouble: Trouble) -> Failure {
        let failure = trouble.failure;
        let is_open = failure.exit == Exit::Unreachable || trouble.again == Again::UnderWay;
        if !(self.may_be_done && is_open) {
            return failure;
        }
        let sentence =
            "It is not known whether the request arrived: look before you send it again.";
        Failure::new(
            Exit::Unreachable,
            format!("{}\n{sentence}", failure.sentence),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(again: Again, exit: Exit) -> Trouble {
        Trouble {
            failure: Failure::new(exit, "It is so."),
            again,
            after: (again == Again::UnderWay).then_some(Duration::from_secs(2)),
        }
    }

    #[test]
    fn a_request_under_way_is_sent_again_for_longer_than_the_dashboard_holds_it() {
        let request = Request::post(&["a"]).once();
        let mut retries = Retries::new(&request, false);
        let under_way = trouble(Again::UnderWay, Exit::Refused);
        let mut now = Instant::now();
        let began = now;
        while let Some(pause) = retries.pause(&under_way, now) {
            assert_eq!(pause, Duration::from_secs(2));
            now += pause;
        }
        let waited = now - began;
        assert!(waited > Duration::from_secs(35), "{waited:?}");
        assert!(waited < Duration::from_mins(1), "{waited:?}");
        let failure = retries.given_up(under_way);
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(failure.sentence.contains("It is not known"), "{failure:?}");
    }

    #[test]
    fn a_refusal_that_names_a_pause_is_final_for_a_request_without_a_key() {
        let request = Request::post(&["a"]);
        let mut retries = Retries::new(&request, false);
        let later = trouble(Again::UnderWay, Exit::Refused);
        assert_eq!(retries.pause(&later, Instant::now()), None);
        assert_eq!(retries.given_up(later).exit, Exit::Refused);
    }

    #[test]
    fn nothing_is_sent_again_for_ever() {
        for (again, is_persistent, most) in [
            (Again::Always, false, FEW),
            (Again::IfRepeatable, true, MANY),
            (Again::WhileWaiting, true, MANY),
            (Again::WhileWaiting, false, 0),
            (Again::Never, true, 0),
        ] {
            let request = Request::get(&["a"]);
            let mut retries = Retries::new(&request, is_persistent);
            let again = trouble(again, Exit::Unreachable);
            let mut tries = 0;
            while retries.pause(&again, Instant::now()).is_some() {
                tries += 1;
            }
            assert_eq!(tries, most, "{:?}", again.again);
            assert_eq!(retries.given_up(again).sentence, "It is so.");
        }
    }
}
