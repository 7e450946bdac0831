use kguard_gateway::decide::Permit;

fn forge(permit: Permit) -> Permit {
    Permit { hold: None, ..permit }
}

fn main() {}
