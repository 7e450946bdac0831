use kguard_gateway::forward::Unmasked;

fn open(unmasked: Unmasked) {
    let _ = unmasked.answer;
}

fn main() {}
