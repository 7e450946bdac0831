use kguard_gateway::decide::{Held, Permit};
use kguard_gateway::hold::Approval;

fn wave_through(held: Held) -> Permit {
    held.release(Approval { hold: "abcde".to_owned() })
}

fn main() {}
