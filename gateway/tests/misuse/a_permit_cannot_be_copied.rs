use kguard_gateway::decide::Permit;

fn copy(permit: &Permit) -> Permit {
    permit.clone()
}

fn main() {}
