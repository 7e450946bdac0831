//! RFC 8628: the user enters a code on a page while we ask whether it is done.

use std::time::Duration;

use kguard::redact::Secret;
use serde::Deserialize;

use super::{ErrorAnswer, OidcError, Provider, TokenSet, answer};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What `slow_down` adds, by RFC 8628, 3.5.
const SLOW_DOWN: Duration = Duration::from_secs(5);

/// RFC 8628, 3.2.
#[derive(Debug, Deserialize)]
pub(crate) struct DeviceCode {
    #[serde(rename = "device_code")]
    secret: Secret<String>,
    /// What the user enters.
    pub(crate) user_code: String,
    /// Where the user enters it.
    #[serde(alias = "verification_url")]
    pub(crate) verification_uri: String,
    /// The same with the code in it already.
    pub(crate) verification_uri_complete: Option<String>,
    /// Seconds until the code ends.
    pub(crate) expires_in: u64,
    #[serde(default = "default_interval")]
    interval: u64,
}

fn default_interval() -> u64 {
    5
}

/// A login that somebody is to confirm.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) code: DeviceCode,
    interval: Duration,
}

/// How the user is to prove who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Anew, whatever the issuer remembers of him.
    Fresh,
    /// As the issuer likes.
    Usual,
}

impl Proof {
    /// RFC 8628 knows none of OpenID's parameters; many issuers do, and the others have to ignore
    /// what they do not know (RFC 6749, 3.1). With `max_age` a token says when its user logged in; a
    /// second, as some take none at all for `prompt=login` and do not say it then.
    fn parameters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Fresh => &[("max_age", "1"), ("prompt", "login")],
            Self::Usual => &[],
        }
    }
}

/// What one question brought.
#[derive(Debug)]
pub(crate) enum Poll {
    /// The login is confirmed.
    Done(TokenSet),
    /// Ask again after [`Pending::interval`].
    Wait,
}

impl Pending {
    pub(crate) async fn start(
        provider: &Provider,
        endpoint: &str,
        (scopes, proof): (&[String], Proof),
    ) -> Result<Self, OidcError> {
        let scope = scopes.join(" ");
        let mut form = vec![("client_id", provider.client_id.as_str()), ("scope", &scope)];
        form.extend(proof.parameters());
        let request = provider.http.post(endpoint).form(&form);
        let code: DeviceCode = answer(endpoint, request).await??;
        Ok(Self { interval: Duration::from_secs(code.interval), code })
    }

    /// How long to wait before the next question.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    pub(crate) async fn poll(&mut self, provider: &Provider) -> Result<Poll, OidcError> {
        let form = [
            ("grant_type", GRANT_TYPE),
            ("client_id", &provider.client_id),
            ("device_code", self.code.secret.expose()),
        ];
        let request = provider.http.post(&provider.token_endpoint).form(&form);
        let answered = answer(&provider.token_endpoint, request).await;
        self.step(answered)
    }

    /// RFC 8628, 3.5: what an answer means for the next question.
    fn step(
        &mut self,
        answered: Result<Result<TokenSet, ErrorAnswer>, OidcError>,
    ) -> Result<Poll, OidcError> {
        match answered {
            Ok(Ok(tokens)) => Ok(Poll::Done(tokens)),
            Ok(Err(refusal)) if refusal.error == "authorization_pending" => Ok(Poll::Wait),
            Ok(Err(refusal)) if refusal.error == "slow_down" => {
                self.interval += SLOW_DOWN;
                Ok(Poll::Wait)
            }
            Ok(Err(refusal)) => Err(refusal.into()),
            // A connection that broke says nothing of the login; the code's end ends the asking.
            Err(OidcError::Unreachable { .. }) => {
                self.interval = (self.interval * 2).max(Duration::from_secs(1));
                Ok(Poll::Wait)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        let code = serde_json::json!({
            "device_code": "hidden-value", "user_code": "ABCD-EFGH",
            "verification_uri": "https://idp.example/device", "expires_in": 300, "interval": 1,
        });
        Pending { code: serde_json::from_value(code).unwrap(), interval: Duration::from_secs(1) }
    }

    fn refusal(error: &str) -> ErrorAnswer {
        ErrorAnswer { error: error.into(), error_description: None }
    }

    #[test]
    fn a_login_waits_slows_down_and_ends() {
        let mut pending = pending();
        assert!(matches!(pending.step(Ok(Err(refusal("authorization_pending")))), Ok(Poll::Wait)));
        assert_eq!(pending.interval(), Duration::from_secs(1));
        assert!(matches!(pending.step(Ok(Err(refusal("slow_down")))), Ok(Poll::Wait)));
        assert_eq!(pending.interval(), Duration::from_secs(6));
        let tokens = TokenSet { id_token: None, refresh_token: None };
        assert!(matches!(pending.step(Ok(Ok(tokens))), Ok(Poll::Done(_))));
    }

    #[test]
    fn refusals_say_what_happened() {
        for (code, text) in [
            ("access_denied", "the login was denied"),
            ("expired_token", "nobody entered the code in time"),
            ("invalid_client", "the issuer refused: invalid_client"),
        ] {
            let error = pending().step(Ok(Err(refusal(code)))).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn the_device_code_is_never_shown() {
        assert!(!format!("{:?}", pending()).contains("hidden-value"));
    }
}
