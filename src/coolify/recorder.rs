//! Records and measures calls: what was asked, the status of the response, and how long it took. It must not know any body,
//! address or id.

use crate::domain::call::Call;
use crate::metrics::Metrics;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a call is recorded with that was given up before there was a response.
const NO_ANSWER: &str = "no answer in time";

/// The calls of a client so far; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Recorded>>>);

#[derive(Debug)]
struct Recorded {
    name: &'static str,
    answer: String,
    began: Instant,
    took: Duration,
}

impl Recorder {
    /// The calls that ended since the last time.
    pub fn take(&self) -> Vec<Call> {
        let calls = std::mem::take(&mut *self.calls()).into_iter();
        let call = |recorded: Recorded| Call {
            name: recorded.name,
            answer: recorded.answer,
            ago: recorded.began.elapsed(),
            took: recorded.took,
        };
        calls.map(call).collect()
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call. It is recorded when this is dropped, even if its caller stopped waiting.
pub struct Recording {
    metrics: Metrics,
    recorder: Option<Recorder>,
    name: &'static str,
    answer: Option<String>,
    began: Instant,
}

impl Recording {
    /// Begins now. Without a recorder it is only measured.
    pub fn begin(metrics: &Metrics, recorder: Option<&Recorder>, name: &'static str) -> Self {
        Self {
            metrics: metrics.clone(),
            recorder: recorder.cloned(),
            name,
            answer: None,
            began: Instant::now(),
        }
    }

    /// Sets the status code, or why there is none.
    pub fn answered(&mut self, answer: &str) {
        self.answer = Some(answer.to_owned());
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        let answer = self.answer.take().unwrap_or_else(|| NO_ANSWER.to_owned());
        self.metrics.call(self.name, &answer, took);
        if let Some(recorder) = &self.recorder {
            recorder.calls().push(Recorded {
                name: self.name,
                answer,
                began: self.began,
                took,
            });
        }
    }
}
