//! Points at which a test lets the process die as `kill -9` would. Without the feature `failpoints` they are nothing.
//! It knows no one who has such a point.

/// The process dies here when `FAILPOINTS` says so: `FAILPOINTS='job.before=2*off->return'` means the third time.
#[cfg(feature = "failpoints")]
pub fn point(name: &str) {
    fail::fail_point!(name, |_| die());
}

/// Nothing, in what people run.
#[cfg(not(feature = "failpoints"))]
pub fn point(_name: &str) {}

/// Reads `FAILPOINTS`; the points hold as long as what it returns.
#[cfg(feature = "failpoints")]
pub fn set_up() -> fail::FailScenario<'static> {
    fail::FailScenario::setup()
}

/// There is nothing to hold.
#[cfg(not(feature = "failpoints"))]
pub struct NoPoints;

/// Nothing, in what people run.
#[cfg(not(feature = "failpoints"))]
pub fn set_up() -> NoPoints {
    NoPoints
}

/// A real SIGKILL, so that nothing is tidied up. This thread does no more until it comes.
#[cfg(feature = "failpoints")]
fn die() {
    let _ = std::process::Command::new("sh")
        .args(["-c", "kill -KILL $PPID"])
        .status();
    loop {
        std::thread::park();
    }
}
