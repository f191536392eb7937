//! Signing in against the practice cloud, as a person would.
