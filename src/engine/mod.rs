//! The domain: choices, facts, checks, plan, report. No I/O, no clock.
