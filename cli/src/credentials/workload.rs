//! Tokens of machines: files that somebody mounts, and GitHub's endpoint.

use std::path::Path;

use kguard::redact::Secret;
use serde::Deserialize;

use super::{CredentialError, Token};
use crate::files::FileError;

pub(super) fn read(path: &Path) -> Result<Token, CredentialError> {
    let token = std::fs::read_to_string(path)
        .map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    Ok(Token::new(Secret::new(token.trim().to_owned())))
}

/// Asks GitHub Actions for a token of the job; needs `permissions: {id-token: write}`.
pub(super) async fn github(
    url: &str,
    request_token: &Secret<String>,
    audience: &str,
) -> Result<Token, CredentialError> {
    #[derive(Deserialize)]
    struct Answer {
        value: Secret<String>,
    }
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(crate::tls::issuer(None)?)
        .timeout(std::time::Duration::from_secs(20))
        .build()
        .map_err(CredentialError::GitHub)?;
    let mut url: reqwest::Url = url.parse().map_err(|_| CredentialError::None)?;
    url.query_pairs_mut().append_pair("audience", audience);
    let asked = async {
        let request = http.get(url).bearer_auth(request_token.expose());
        request.send().await?.error_for_status()?.json::<Answer>().await
    };
    let answer = asked.await.map_err(|error| CredentialError::GitHub(error.without_url()))?;
    Ok(Token::new(answer.value))
}
