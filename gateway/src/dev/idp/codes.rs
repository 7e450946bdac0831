//! Authorization codes (RFC 6749, 4.1): what a browser carries from the login page to the client,
//! good once, for a minute, and for whoever has the verifier of the challenge (RFC 7636).

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::state::{StateError, random_text, sha256_text};

/// How long a code is good: a redirect takes no time.
const LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// Codes that may be on their way at the same time.
const MAX_CODES: usize = 64;

/// The codes on their way.
#[derive(Default)]
pub(super) struct Codes(HashMap<String, Issued>);

/// What a code stands for.
pub(super) struct Issued {
    /// Who logged in.
    pub(super) user: String,
    /// What the client wants to find in the token.
    pub(super) nonce: Option<String>,
    /// The S256 challenge.
    pub(super) challenge: String,
    /// Where the code went.
    pub(super) redirect_uri: String,
    /// When.
    pub(super) at: Timestamp,
}

impl Codes {
    /// A code for somebody who has just logged in; `None` when too many are on their way.
    pub(super) fn issue(&mut self, issued: Issued) -> Result<Option<String>, StateError> {
        let now = issued.at;
        self.0.retain(|_, other| !other.is_over(now));
        if self.0.len() >= MAX_CODES {
            return Ok(None);
        }
        let code = random_text()?;
        self.0.insert(code.clone(), issued);
        Ok(Some(code))
    }

    /// What a code stands for. Whoever asks with a wrong verifier or address has used it up all the
    /// same: it is in the wrong hands.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        (verifier, redirect_uri): (&str, &str),
        now: Timestamp,
    ) -> Option<Issued> {
        let issued = self.0.remove(code)?;
        let fits = issued.challenge == sha256_text(verifier)
            && issued.redirect_uri == redirect_uri
            && !issued.is_over(now);
        fits.then_some(issued)
    }
}

impl Issued {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) >= LIFETIME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://127.0.0.1/ui/callback";
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn issue(codes: &mut Codes, at: i64) -> Option<String> {
        let issued = Issued {
            user: "bob".to_owned(),
            nonce: None,
            challenge: sha256_text(VERIFIER),
            redirect_uri: HERE.to_owned(),
            at: second(at),
        };
        codes.issue(issued).unwrap()
    }

    #[test]
    fn a_code_is_good_once_and_for_a_minute() {
        let mut codes = Codes::default();
        let code = issue(&mut codes, 0).unwrap();
        assert_eq!(codes.redeem(&code, (VERIFIER, HERE), second(59)).unwrap().user, "bob");
        assert!(codes.redeem(&code, (VERIFIER, HERE), second(59)).is_none());
        let code = issue(&mut codes, 0).unwrap();
        assert!(codes.redeem(&code, (VERIFIER, HERE), second(60)).is_none());
    }

    #[test]
    fn a_code_in_the_wrong_hands_is_used_up() {
        for wrong in [("", HERE), ("x", HERE), (VERIFIER, "https://evil.example/"), (VERIFIER, "")]
        {
            let mut codes = Codes::default();
            let code = issue(&mut codes, 0).unwrap();
            assert!(codes.redeem(&code, wrong, second(1)).is_none());
            assert!(codes.redeem(&code, (VERIFIER, HERE), second(1)).is_none());
        }
    }

    #[test]
    fn only_so_many_codes_are_on_their_way() {
        let mut codes = Codes::default();
        for _ in 0..MAX_CODES {
            assert!(issue(&mut codes, 0).is_some());
        }
        assert!(issue(&mut codes, 59).is_none());
        assert!(issue(&mut codes, 60).is_some());
    }
}
