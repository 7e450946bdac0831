use kguard_gateway::answer_body::AnswerBody;
use kguard_gateway::mask::Masked;

fn forge(response: http::Response<AnswerBody>) -> Masked {
    Masked { response }
}

fn main() {}
