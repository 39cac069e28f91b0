//! The arithmetic of the call budget: virtual scheduling (GCRA) over times in milliseconds. It knows no clock and no
//! Redis; `calls.lua` implements the same arithmetic there.
//!
//! A line is a sequence of slots, one per call, each as long as the interval between two calls at the line's rate. A
//! reservation gets consecutive free slots, none before its earliest time, and its calls may begin a
//! burst before the end of its last slot. So calls that begin in any window have their slots in that window and one
//! burst, and no slot is assigned twice: their number never exceeds the rate times the window plus one burst.

/// How many gaps before the end of a line are tracked. Beyond that the shortest is dropped, which wastes its slots but
/// never assigns one twice.
const GAPS: usize = 32;

/// A time in milliseconds of one clock.
pub type Millis = u64;

/// The call rate of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_minute: u32,
    /// How many may begin at once after an idle period.
    pub burst: u32,
}

impl Rate {
    /// The time between two calls, rounded up.
    pub fn interval(self) -> Millis {
        60_000_u64.div_ceil(self.per_minute.max(1).into())
    }

    fn span(self, calls: u32) -> Millis {
        self.interval() * u64::from(calls)
    }
}

/// The rates of calls to Coolify, over all instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRates {
    /// Deployments and removals; also polls and logs while the burst is mostly unused.
    pub common: Rate,
    /// Reserved for polls.
    pub looks: Rate,
    /// Removals that overtake deployments. These calls come on top of the common ones and delay later deployments.
    pub removals: Rate,
}

/// Coolify allows 200 in any minute. Bursts and rates add up to 200, so no minute exceeds that in any combination.
impl Default for CallRates {
    fn default() -> Self {
        let rate = |per_minute, burst| Rate { per_minute, burst };
        Self {
            common: rate(110, 16),
            looks: rate(40, 4),
            removals: rate(20, 10),
        }
    }
}

/// The kind of call; the order is the priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Removals and cancels.
    Removal,
    Deployment,
    Look,
    Log,
}

impl Lane {
    /// How many calls of the common burst it must leave to lanes of higher priority.
    pub fn leaves(self, burst: u32) -> u32 {
        match self {
            Self::Removal | Self::Deployment => 0,
            Self::Look => burst / 2,
            Self::Log => burst / 4 * 3,
        }
    }

    /// Its own line. A removal uses it only if its calls can begin earlier there; a poll uses it unless they begin
    /// later there.
    pub fn own(self, rates: &CallRates) -> Option<Own> {
        let own = |name, rate, gain| Some(Own { name, rate, gain });
        match self {
            Self::Removal => own("removals", rates.removals, 1),
            Self::Look => own("looks", rates.looks, 0),
            Self::Deployment | Self::Log => None,
        }
    }
}

/// A line for a single lane.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    pub name: &'static str,
    pub rate: Rate,
    /// How much earlier than in the common line its calls must begin for it to be used.
    pub gain: Millis,
}

/// A range of free slots before the end of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gap {
    from: Millis,
    until: Millis,
}

/// Found slots: where they start, and when their calls may begin.
#[derive(Debug, Clone, Copy)]
struct Place {
    slot: Millis,
    begin: Millis,
    /// The index of the gap that contains it; `None` after the end of the line.
    gap: Option<usize>,
}

/// The occupied slots of one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Line {
    /// All slots after this are free.
    end: Millis,
    /// Ordered by time.
    gaps: Vec<Gap>,
}

impl Line {
    /// The first free slots for `calls` calls, none before `earliest`.
    fn find(&self, rate: Rate, calls: u32, earliest: Millis) -> Place {
        let span = rate.span(calls);
        let place = |from: Millis, gap| {
            let slot = from.max(earliest);
            let begin = (slot + span).saturating_sub(rate.span(rate.burst));
            Place {
                slot,
                begin: begin.max(earliest),
                gap,
            }
        };
        let gaps = self.gaps.iter().enumerate();
        gaps.map(|(at, gap)| (place(gap.from, Some(at)), gap.until))
            .find(|(place, until)| place.slot + span <= *until)
            .map_or_else(|| place(self.end, None), |(place, _)| place)
    }

    /// Occupies the slots of `calls` calls at a found place. Free slots before `now` have expired.
    fn book(&mut self, rate: Rate, calls: u32, place: Place, now: Millis) {
        let after = place.slot + rate.span(calls);
        if let Some(at) = place.gap {
            let gap = self.gaps[at];
            let rest = [(gap.from, place.slot), (after, gap.until)];
            let rest = rest.map(|(from, until)| Gap { from, until });
            self.gaps.splice(at..=at, rest);
        } else {
            let (from, until) = (self.end, place.slot);
            self.gaps.push(Gap { from, until });
            self.end = after;
        }
        self.tidy(rate, now);
    }

    /// Drops gaps too short for a call, and the shortest when there are too many.
    fn tidy(&mut self, rate: Rate, now: Millis) {
        self.gaps.retain_mut(|gap| {
            gap.from = gap.from.max(now);
            gap.from + rate.interval() <= gap.until
        });
        while self.gaps.len() > GAPS {
            let lengths = self.gaps.iter().map(|gap| gap.until - gap.from);
            let shortest = lengths.enumerate().min_by_key(|(_, length)| *length);
            self.gaps.remove(shortest.map_or(0, |(at, _)| at));
        }
    }

    /// Delays later reservations at the end of the line.
    fn delay(&mut self, rate: Rate, calls: u32, now: Millis) {
        self.end = self.end.max(now) + rate.span(calls);
    }
}

/// A request for calls.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub lane: Lane,
    /// At most a burst of the common line; more are clamped.
    pub calls: u32,
    /// The minimum delay from now.
    pub delay: Millis,
}

impl Request {
    pub fn fitting(self, rates: &CallRates) -> Self {
        Self {
            calls: self.calls.clamp(1, rates.common.burst.max(1)),
            ..self
        }
    }
}

/// The line that a request takes its slots from.
#[derive(Debug, Clone, Copy)]
struct Choice {
    own: bool,
    place: Place,
}

/// All reservations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    common: Line,
    looks: Line,
    removals: Line,
    paused_until: Millis,
}

impl State {
    /// Reserves calls; returns the delay until they may begin.
    pub fn reserve(&mut self, rates: &CallRates, request: Request, now: Millis) -> Millis {
        let floor = now.max(self.paused_until);
        let request = request.fitting(rates);
        let choice = self.choose(rates, request, floor.max(now + request.delay));
        self.book(rates, request, choice, floor);
        choice.place.begin - now
    }

    /// Reserves calls that may begin now, or nothing. The error is the delay until they could begin.
    pub fn try_reserve(
        &mut self,
        rates: &CallRates,
        request: Request,
        now: Millis,
    ) -> Result<(), Millis> {
        let floor = now.max(self.paused_until);
        let request = request.fitting(rates);
        let choice = self.choose(rates, request, floor);
        if choice.place.begin > now {
            return Err(choice.place.begin - now);
        }
        self.book(rates, request, choice, floor);
        Ok(())
    }

    /// Later reservations begin after this time.
    pub fn pause(&mut self, pause: Millis, now: Millis) {
        self.paused_until = self.paused_until.max(now + pause);
    }

    /// The remaining pause.
    pub fn paused(&self, now: Millis) -> Millis {
        self.paused_until.saturating_sub(now)
    }

    /// How far the common line, or the pause, reaches beyond now. Gaps in the line count as taken.
    pub fn backlog(&self, now: Millis) -> Millis {
        self.common.end.max(self.paused_until).saturating_sub(now)
    }

    /// The line in which the calls begin first.
    fn choose(&self, rates: &CallRates, request: Request, earliest: Millis) -> Choice {
        let Request { lane, calls, .. } = request;
        let leaves = lane.leaves(rates.common.burst);
        let with_others = (calls + leaves).min(rates.common.burst);
        let common = Choice {
            own: false,
            place: self.common.find(rates.common, with_others, earliest),
        };
        let Some(own) = lane.own(rates).filter(|own| calls <= own.rate.burst) else {
            return common;
        };
        let line = if lane == Lane::Look {
            &self.looks
        } else {
            &self.removals
        };
        let place = line.find(own.rate, calls, earliest);
        if place.begin + own.gain <= common.place.begin {
            Choice { own: true, place }
        } else {
            common
        }
    }

    fn book(&mut self, rates: &CallRates, request: Request, choice: Choice, now: Millis) {
        let (calls, place) = (request.calls, choice.place);
        match request.lane {
            Lane::Look if choice.own => self.looks.book(rates.looks, calls, place, now),
            Lane::Removal if choice.own => {
                self.removals.book(rates.removals, calls, place, now);
                self.common.delay(rates.common, calls, now);
            }
            _ => self.common.book(rates.common, calls, place, now),
        }
    }
}
