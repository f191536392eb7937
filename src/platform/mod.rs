//! The person's own machine: clipboard, browser, folders, clock, environment.
