use jiff::Timestamp;
use kguard_gateway::budgets::Budgets;
use kguard_gateway::decide::{Held, Permit};
use kguard_gateway::hold::{Approval, Approved};

fn wave_through(held: Held, approved: Approved, budgets: &Budgets, now: Timestamp) -> Permit {
    held.release(Approval(approved), budgets, now)
}

fn main() {}
