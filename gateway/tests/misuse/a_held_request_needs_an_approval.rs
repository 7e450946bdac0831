use jiff::Timestamp;
use kguard_gateway::budgets::Budgets;
use kguard_gateway::decide::{Held, Permit};
use kguard_gateway::hold::Approval;

fn wave_through(held: Held, budgets: &Budgets, now: Timestamp) -> Permit {
    held.release(Approval { hold: "abcde".to_owned() }, budgets, now)
}

fn main() {}
