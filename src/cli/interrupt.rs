//! Ctrl-C ends a command whatever it waits for. That may be somebody who types, somebody who reads what is printed, or the
//! lookup of a name, none of which can be called off: so the command runs in a thread of its own, which is left behind.

use super::failure::Failure;
use super::output::Output;
use std::io;
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot::{self, Receiver};
use tokio::time::sleep;

/// How long a command may take that ends by itself when it is interrupted.
const ENDING: Duration = Duration::from_secs(5);

/// Carries out a command until it has ended, or was interrupted.
///
/// # Errors
/// Those of the command, and that it was interrupted.
pub fn carry_out<W>(
    output: &Output,
    command: impl FnOnce() -> W + Send + 'static,
) -> Result<(), Failure>
where
    W: Future<Output = Result<(), Failure>>,
{
    let runtime = runtime().map_err(|error| not_started(&error))?;
    runtime.block_on(async {
        let interrupted = signal(SignalKind::interrupt());
        let mut interrupted = interrupted.map_err(|error| not_started(&error))?;
        let mut ended = in_a_thread(command);
        tokio::select! {
            ended = &mut ended => return told(ended),
            _ = interrupted.recv() => {}
        }
        if output.sees_interrupts() {
            tokio::select! {
                ended = &mut ended => return told(ended),
                _ = interrupted.recv() => {}
                () = sleep(ENDING) => {}
            }
        }
        Err(Failure::interrupted())
    })
}

fn in_a_thread<W>(command: impl FnOnce() -> W + Send + 'static) -> Receiver<Result<(), Failure>>
where
    W: Future<Output = Result<(), Failure>>,
{
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let ended = match runtime() {
            Ok(runtime) => {
                let ended = runtime.block_on(command());
                // Dropping it would wait for the lookup of a name.
                runtime.shutdown_background();
                ended
            }
            Err(error) => Err(not_started(&error)),
        };
        let _ = tell.send(ended);
    });
    told
}

/// A thread that panics has said so.
fn told<E>(ended: Result<Result<(), Failure>, E>) -> Result<(), Failure> {
    ended.unwrap_or_else(|_| Err(Failure::failed("This is a fault of this program.")))
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn not_started(error: &io::Error) -> Failure {
    Failure::failed(format!("This cannot be started: {error}."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::Exit;
    use std::sync::mpsc;
    use std::time::Instant;

    /// Longer than anything here may take.
    const LONG: Duration = Duration::from_mins(2);

    #[test]
    fn what_cannot_be_called_off_keeps_no_command_from_ending() {
        let (end, ended) = mpsc::channel::<()>();
        let began = Instant::now();
        let command = || async move {
            let lookup = tokio::task::spawn_blocking(move || ended.recv_timeout(LONG).is_ok());
            let waited = tokio::time::timeout(Duration::from_millis(50), lookup).await;
            waited.map(drop).map_err(|_| Failure::failed("Too long."))
        };
        let failure = carry_out(&Output::new(false), command).unwrap_err();
        assert_eq!(failure.sentence, "Too long.");
        assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
        drop(end);
    }

    #[test]
    fn what_goes_wrong_is_the_commands_own_failure() {
        let command = || async { Err(Failure::usage("It is so.")) };
        let ended = carry_out(&Output::new(false), command);
        assert_eq!(ended.unwrap_err().exit, Exit::Usage);
        let panics = || async { panic!("a fault") };
        let ended = carry_out(&Output::new(false), panics);
        assert_eq!(ended.unwrap_err().exit, Exit::Failed);
    }
}
