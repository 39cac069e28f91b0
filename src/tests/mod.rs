//! Stories through the real router.
