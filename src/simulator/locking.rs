//! Mutexes whose value counts even when another holder panicked.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks one.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
