//! One file per command: arguments in, text or JSON out.
