//! The loop that carries effects out and brings events back.
