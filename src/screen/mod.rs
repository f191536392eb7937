//! What is drawn: ratatui views over the flow's state, and the terminal guard.
