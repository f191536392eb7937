//! The practice cloud: an HTTP server over one in-memory world.
