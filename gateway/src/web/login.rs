//! Logging in and out.

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{HeaderMap, SET_COOKIE};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Json, Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use kguard::identity::Caller;
use kguard::redact::Secret;
use serde::{Deserialize, Serialize};

use super::attempt::{self, Attempt};
use super::cookie::{LOGIN, SESSION};
use super::guard::{NotAdmitted, admit, recognise};
use super::session::Vouched;
use super::{Login, NoLogin, Web, WebError};
use crate::authenticate::{AuthError, IssuerError, LoginSecrets};

/// Where the issuer sends the browser back to.
pub(super) const CALLBACK: &str = "/ui/callback";

/// The longest code that is passed on; issuers write some hundred bytes.
const MAX_CODE_BYTES: usize = 4096;

/// Login, callback, logout, and who is logged in.
pub(super) fn router(web: Arc<Web>) -> Router {
    Router::new()
        .route("/ui/login", get(begin))
        .route(CALLBACK, get(finish))
        .route("/ui/logout", post(logout))
        .route("/ui/session", get(session))
        .with_state(web)
}

/// Why somebody is not logged in. Told to a person in his browser.
#[derive(Debug, thiserror::Error)]
enum NotLoggedIn {
    #[error("{}", told(.0))]
    Issuer(#[from] IssuerError),
    #[error("{0}")]
    NoLogin(#[from] NoLogin),
    #[error(
        "This login was not begun in this browser at {0}, or it took too long. Log in once more."
    )]
    NotBegun(String),
    #[error("{0}")]
    Random(#[from] WebError),
    #[error("The login was refused where you logged in. Ask those who run it whether you may.")]
    Refused,
    #[error("{0}")]
    Token(#[from] AuthError),
    #[error("The issuer told nobody's name: it has to give an ID token for the scope `openid`.")]
    Wordless,
}

#[derive(Deserialize)]
struct Begin {
    #[serde(default)]
    to: Option<String>,
    #[serde(default)]
    fresh: bool,
}

/// Sends the browser to the issuer.
async fn begin(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Query(Begin { to, fresh }): Query<Begin>,
) -> Result<Response, NotLoggedIn> {
    let login = web.login.as_ref().map_err(|why| *why)?;
    let attempt = Attempt::begin(to.as_deref(), web.gateway.clock.now())?
        .replacing(SESSION.read(&headers).map(str::to_owned));
    let secrets = LoginSecrets {
        state: &attempt.state,
        nonce: &attempt.nonce,
        verifier: &attempt.verifier(),
    };
    let address = login.flow.address(&secrets, fresh).await?;
    let sealed = login.attempts.seal(&attempt).ok_or(WebError::Random)?;
    let seconds = u64::try_from(attempt::LIFETIME.as_secs()).unwrap_or_default();
    let cookies = [LOGIN.set(&sealed, Some(seconds))];
    Ok(with_cookies(Redirect::to(address.as_str()), cookies))
}

/// What the issuer sends the browser back with (RFC 6749, 4.1.2; `iss` by RFC 9207).
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    code: Option<Secret<String>>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    iss: Option<String>,
}

/// The browser comes back from the issuer.
async fn finish(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Response {
    let finished = match &web.login {
        Ok(login) => log_in(&web, login, &headers, answer.ok()).await,
        Err(why) => Err(NotLoggedIn::from(*why)),
    };
    match finished {
        Ok((to, id)) => {
            let cookies = [SESSION.set(id.expose(), None), LOGIN.remove()];
            with_cookies(Redirect::to(&to), cookies)
        }
        // An answer to a question that was not asked ends no login that goes on elsewhere.
        Err(error @ NotLoggedIn::NotBegun(_)) => error.into_response(),
        Err(error) => with_cookies(error, [LOGIN.remove()]),
    }
}

/// Where to go on the page, and the id of the session that begins.
async fn log_in(
    web: &Web,
    login: &Login,
    headers: &HeaderMap,
    answer: Option<Query<Answer>>,
) -> Result<(String, Secret<String>), NotLoggedIn> {
    let not_begun = || NotLoggedIn::NotBegun(login.external_url.to_string());
    let Query(answer) = answer.ok_or_else(not_begun)?;
    let attempt = LOGIN
        .read(headers)
        .and_then(|sealed| login.attempts.open(sealed, web.gateway.clock.now()))
        .filter(|attempt| attempt.state == answer.state)
        .ok_or_else(not_begun)?;
    if answer.iss.is_some_and(|issuer| issuer != login.flow.issuer()) {
        return Err(not_begun());
    }
    let code = answer.code.filter(|code| code.expose().len() <= MAX_CODE_BYTES);
    let code = code.ok_or(NotLoggedIn::Refused)?;
    let tokens = login.flow.redeem(code.expose(), &attempt.verifier()).await?;
    let id_token = tokens.id_token.ok_or(NotLoggedIn::Wordless)?;
    let authenticator = &web.gateway.authenticator;
    let authenticated = authenticator.authenticate_login(id_token.expose(), &attempt.nonce).await?;
    // A browser has one session, and a new id with each login.
    if let Some(earlier) = &attempt.replaces {
        web.sessions.end(earlier);
    }
    let at = web.gateway.clock.now();
    let refresh_token = tokens.refresh_token;
    let id = web.sessions.begin(Vouched { authenticated, at, refresh_token })?;
    Ok((attempt.to, id))
}

/// Ends the session. Whoever has none is logged out already.
async fn logout(
    State(web): State<Arc<Web>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, NotAdmitted> {
    if let Some(id) = SESSION.read(&headers) {
        // Logging out needs no word of the issuer's.
        match recognise(&web, id, &method, &headers) {
            Ok(_) => web.sessions.end(id),
            Err(NotAdmitted::NoSession) => {}
            Err(refused) => return Err(refused),
        }
    }
    Ok(with_cookies(StatusCode::NO_CONTENT, [SESSION.remove()]))
}

/// Who is logged in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionInfo {
    /// The caller, as policies and clusters see him.
    caller: Arc<Caller>,
    /// Whether he may read the whole trail.
    auditor: bool,
    /// What has to be in `X-Kguard-Csrf` of whatever changes something.
    csrf: String,
    /// When the session ends at the latest.
    expires: Timestamp,
}

async fn session(
    State(web): State<Arc<Web>>,
    method: Method,
    headers: HeaderMap,
) -> Result<Json<SessionInfo>, NotAdmitted> {
    if let Err(why) = &web.login {
        return Err((*why).into());
    }
    let id = SESSION.read(&headers).ok_or(NotAdmitted::NoSession)?;
    let (session, authenticated) = admit(&web, id, &method, &headers).await?;
    Ok(Json(SessionInfo {
        auditor: web.gateway.is_auditor(&authenticated.caller),
        caller: authenticated.caller,
        csrf: session.csrf().expose().clone(),
        expires: session.ends(),
    }))
}

fn with_cookies<const N: usize>(
    response: impl IntoResponse,
    cookies: [Option<HeaderValue>; N],
) -> Response {
    let mut response = response.into_response();
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

impl NotLoggedIn {
    fn status(&self) -> StatusCode {
        match self {
            Self::Issuer(IssuerError::Refused { .. })
            | Self::NotBegun(_)
            | Self::Refused
            | Self::Wordless => StatusCode::FORBIDDEN,
            Self::Issuer(_) | Self::NoLogin(_) | Self::Random(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Token(error) if error.status().is_server_error() => error.status(),
            Self::Token(_) => StatusCode::FORBIDDEN,
        }
    }
}

/// What a person in a browser may know of it.
fn told(error: &IssuerError) -> String {
    match error {
        IssuerError::Secret { .. } => {
            "the gateway cannot log anybody in; its log says what is missing".to_owned()
        }
        error => error.to_string(),
    }
}

impl IntoResponse for NotLoggedIn {
    fn into_response(self) -> Response {
        match &self {
            // Anybody can send one.
            Self::NotBegun(_) => tracing::debug!("the end of a login that was not begun"),
            Self::Issuer(error) => {
                let error: &dyn std::error::Error = error;
                tracing::warn!(error, "somebody was not logged in to the page");
            }
            other => tracing::info!(error = %other, "somebody was not logged in to the page"),
        }
        (self.status(), Html(page(&self.to_string()))).into_response()
    }
}

/// A page that works without the page: its own words, and the way out.
fn page(problem: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>kguard login</title>\
         <main><h1>You are not logged in</h1><p role=\"alert\">{}</p>\
         <p><a href=\"/ui/login\">Log in</a></p></main></html>",
        escape(problem)
    )
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_text() {
        let page = page("<script>\"&");
        assert!(page.contains("<p role=\"alert\">&lt;script&gt;&quot;&amp;</p>"), "{page}");
    }
}
