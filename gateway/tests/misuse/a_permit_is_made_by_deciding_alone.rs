use kguard_gateway::decide::{Permit, Subject};

fn forge(subject: Subject) -> Permit {
    Permit { subject, policy: String::new(), hold: None }
}

fn main() {}
