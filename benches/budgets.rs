//! The budgets of the design, printed as figures.

fn main() {}
