//! Failpoints at which a test kills the process as `kill -9` would. Without the feature `failpoints` they do nothing.
//! It knows none of their callers.

/// Kills the process when `FAILPOINTS` says so: `FAILPOINTS='job.before=2*off->return'` means the third time.
#[cfg(feature = "failpoints")]
pub fn point(name: &str) {
    fail::fail_point!(name, |_| die());
}

/// Does nothing without the feature.
#[cfg(not(feature = "failpoints"))]
pub fn point(_name: &str) {}

/// Reads `FAILPOINTS`; the failpoints are active while the returned guard lives.
#[cfg(feature = "failpoints")]
pub fn set_up() -> fail::FailScenario<'static> {
    fail::FailScenario::setup()
}

/// The guard of no failpoints.
#[cfg(not(feature = "failpoints"))]
pub struct NoPoints;

/// Does nothing without the feature.
#[cfg(not(feature = "failpoints"))]
pub fn set_up() -> NoPoints {
    NoPoints
}

/// A real SIGKILL, so that nothing is cleaned up. This thread does not continue until it arrives.
#[cfg(feature = "failpoints")]
fn die() {
    let _ = std::process::Command::new("sh")
        .args(["-c", "kill -KILL $PPID"])
        .status();
    loop {
        std::thread::park();
    }
}
