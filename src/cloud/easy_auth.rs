//! The probes of Easy Auth: what an anonymous caller is told.
