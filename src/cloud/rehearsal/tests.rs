//! The rehearsal against the practice cloud, as a person would do it.
