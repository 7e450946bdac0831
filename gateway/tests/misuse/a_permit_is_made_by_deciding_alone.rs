use kguard_gateway::decide::{Permit, Subject};

fn forge(subject: Subject) -> Permit {
    Permit { subject, policy: None, hold: None, reservation: Default::default(), seen: None }
}

fn main() {}
