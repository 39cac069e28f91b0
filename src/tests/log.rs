//! Everything that a story logs, at every level, of every part of the program. It knows no story.

use std::io;
use std::sync::{Arc, Mutex};
use tokio::runtime::Builder;
use tracing::{Dispatch, Level};
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};
use tracing_subscriber::util::SubscriberInitExt;

/// Everything that is logged, as text.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// What was logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// Listens to everything, of whatever part of the program.
    fn listener(&self) -> Dispatch {
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish()
            .into()
    }
}

/// Carries out a story while everything that any of its threads logs is kept.
pub fn overheard(story: impl Future<Output = ()>) -> Log {
    let log = Log::default();
    let listener = log.listener();
    // While there is only one listener, tracing asks the thread that comes to an event first whether anybody wants it; in
    // another story nobody does.
    let _second = log.listener();
    let on_threads = listener.clone();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .on_thread_start(move || std::mem::forget(on_threads.clone().set_default()))
        .build()
        .unwrap();
    let _listening = listener.set_default();
    runtime.block_on(story);
    log
}
