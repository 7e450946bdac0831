use kguard_gateway::answer_body::AnswerBody;
use kguard_gateway::forward::Unmasked;

fn leak(unmasked: Unmasked) -> http::Response<AnswerBody> {
    unmasked
}

fn main() {}
