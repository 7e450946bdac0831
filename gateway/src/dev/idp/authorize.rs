//! The authorization endpoint: where a browser is sent to log in, and from where it goes back with a
//! code. There is one client, and one address that it may be sent back to, to the letter.

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::codes::Issued;
use super::http::html;
use super::page::{self, Hidden};
use super::{CLIENT_ID, DevIdp, GrantError, failed};

/// The longest value that is carried along.
const MAX_VALUE_BYTES: usize = 512;

/// What the client asks for (RFC 6749, 4.1.1; RFC 7636, 4.3; OpenID Connect Core, 3.1.2.1).
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    response_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    code_challenge: String,
    #[serde(default)]
    code_challenge_method: String,
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    #[serde(flatten)]
    asked: Asked,
    user: String,
    password: String,
}

/// What came of a person's attempt to log in for a client.
pub(super) enum Authorized {
    /// The client gets this code.
    Code(String),
    /// The user or the password is wrong.
    WrongPassword,
    /// Too many attempts were wrong lately, or too many people log in.
    TooMany,
}

/// Shows the form.
pub(super) async fn show(State(idp): State<DevIdp>, Query(asked): Query<Asked>) -> Response {
    match asked.problem(&idp) {
        None => html(StatusCode::OK, page::login(&idp.0.users, &asked.hidden(), None)),
        Some(problem) => html(StatusCode::BAD_REQUEST, page::refused(problem)),
    }
}

/// Takes the form, and sends the browser back with a code. Needs no token against forged requests:
/// what a foreign page cannot know is the password.
pub(super) async fn log_in(
    State(idp): State<DevIdp>,
    Form(Credentials { asked, user, password }): Form<Credentials>,
) -> Response {
    if let Some(problem) = asked.problem(&idp) {
        return html(StatusCode::BAD_REQUEST, page::refused(problem));
    }
    let again =
        |status, problem| html(status, page::login(&idp.0.users, &asked.hidden(), Some(problem)));
    match idp.authorize(&asked, &user, &password) {
        Ok(Authorized::Code(code)) => asked.back(&code),
        Ok(Authorized::WrongPassword) => again(StatusCode::FORBIDDEN, "The password is wrong."),
        Ok(Authorized::TooMany) => again(
            StatusCode::TOO_MANY_REQUESTS,
            "Too many attempts were wrong: wait a minute and try again.",
        ),
        Err(_) => {
            again(StatusCode::INTERNAL_SERVER_ERROR, "The provider failed; its log says how.")
        }
    }
}

impl Asked {
    /// What is wrong with it. The browser is not sent back with an error: whoever asks wrongly is not
    /// the client, and is not to learn anything.
    fn problem(&self, idp: &DevIdp) -> Option<&'static str> {
        let values = [&self.scope, &self.state, &self.nonce, &self.code_challenge];
        let has_scope = self.scope.split(' ').any(|scope| scope == "openid");
        [
            (self.client_id != CLIENT_ID, "There is no such client."),
            (self.redirect_uri != idp.0.redirect_uri, "The client has another address."),
            (self.response_type != "code", "The response type has to be `code`."),
            (!has_scope, "The scope `openid` is missing."),
            (
                self.code_challenge_method != "S256" || self.code_challenge.len() != 43,
                "A PKCE challenge by S256 is missing.",
            ),
            (values.iter().any(|value| value.len() > MAX_VALUE_BYTES), "A value is too long."),
        ]
        .into_iter()
        .find_map(|(wrong, problem)| wrong.then_some(problem))
    }

    /// As hidden fields, so that the form says again what it is for.
    fn hidden(&self) -> Hidden {
        let value = serde_json::to_value(self).unwrap_or_default();
        let fields = value.as_object().into_iter().flatten();
        fields
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned()))
            .collect()
    }

    fn back(&self, code: &str) -> Response {
        let Ok(mut url) = Url::parse(&self.redirect_uri) else {
            return html(StatusCode::BAD_REQUEST, page::refused("The client has no address."));
        };
        url.query_pairs_mut().append_pair("code", code).append_pair("state", &self.state);
        Redirect::to(url.as_str()).into_response()
    }
}

impl DevIdp {
    fn authorize(
        &self,
        asked: &Asked,
        user: &str,
        password: &str,
    ) -> Result<Authorized, GrantError> {
        let (at, mut state) = (self.0.clock.now(), self.state());
        if !state.attempts.may_try(at) {
            return Ok(Authorized::TooMany);
        }
        let Some(user) = self.user(user).filter(|user| user.has_password(password)) else {
            state.attempts.failed(at);
            return Ok(Authorized::WrongPassword);
        };
        let issued = Issued {
            user: user.name.clone(),
            nonce: Some(asked.nonce.clone()).filter(|nonce| !nonce.is_empty()),
            challenge: asked.code_challenge.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            at,
        };
        let code = state.codes.issue(issued).map_err(|error| failed(&error))?;
        Ok(code.map_or(Authorized::TooMany, Authorized::Code))
    }
}
