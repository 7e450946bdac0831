//! The approvers' web page: its files, the login by the issuer of people, sessions, and the control
//! API by cookie.
//!
//! | path | what it is |
//! |---|---|
//! | `/`, `/ui/…` | the files of the page, compiled in ([`assets`]) |
//! | `GET /ui/login?to=PATH` | sends the browser to the issuer; with `fresh=true` to log in anew there |
//! | `GET /ui/callback` | where the issuer sends it back to |
//! | `GET /ui/session` | who is logged in: [`SessionInfo`]; 401 if nobody is |
//! | `POST /ui/logout` | ends the session |
//! | `/v1/…` | the control API, for the page by its cookie ([`guard`]), for others by their token |
//!
//! The browser never sees a token: it has a cookie, which scripts cannot read, and by which this
//! gateway finds a session that holds what the issuer has said ([`session`]). The caller of a session
//! is made by the same verification as that of `kguard login`, so that policies, holds and the trail
//! know no difference.

mod assets;
mod attempt;
mod config;
mod cookie;
mod guard;
mod headers;
mod login;
mod renewal;
mod session;
mod sessions;

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::response::Redirect;
use axum::routing::get;

pub use self::config::{WebConfig, WebError};
pub use self::guard::BySession;

use self::attempt::Attempts;
use self::headers::Headers;
use self::sessions::Sessions;
use crate::authenticate::{CodeClient, CodeFlow};
use crate::config::ExternalUrl;
use crate::gateway::Gateway;

/// The page's server side.
pub struct Web {
    gateway: Arc<Gateway>,
    login: Result<Login, NoLogin>,
    sessions: Sessions,
}

/// What it takes to log people in.
struct Login {
    flow: CodeFlow,
    attempts: Attempts,
    external_url: ExternalUrl,
}

/// Why nobody can log in to the page. Its text tells the operator what to set.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum NoLogin {
    #[error(
        "nobody can log in to this page: set `externalUrl: https://…` in the gateway's configuration"
    )]
    ExternalUrl,
    #[error(
        "nobody can log in to this page: no issuer of the gateway's configuration is `kind: person` with a `clientID`"
    )]
    Issuer,
}

/// Where the issuer sends browsers back to: what its client has to be registered with.
pub fn callback(external_url: &ExternalUrl) -> String {
    format!("{external_url}{}", login::CALLBACK)
}

impl Web {
    /// The server side of `gateway`'s page.
    pub fn new(gateway: Arc<Gateway>, config: WebConfig) -> Result<Self, WebError> {
        let login = match gateway.external_url.clone() {
            Some(external_url) => Self::login(&gateway, config, external_url)?,
            None => Err(NoLogin::ExternalUrl),
        };
        if let Err(why) = &login {
            tracing::info!("{why}");
        }
        let sessions = Sessions::new(gateway.clock.clone());
        Ok(Self { gateway, login, sessions })
    }

    fn login(
        gateway: &Gateway,
        config: WebConfig,
        external_url: ExternalUrl,
    ) -> Result<Result<Login, NoLogin>, WebError> {
        config.check()?;
        let Some(known) = gateway.authenticator.login() else { return Ok(Err(NoLogin::Issuer)) };
        let client = CodeClient {
            id: config.client_id.unwrap_or_else(|| known.client_id.clone()),
            secret_file: config.client_secret_file,
            redirect_uri: callback(&external_url),
        };
        let Some(flow) = gateway.authenticator.code_flow(client) else {
            return Ok(Err(NoLogin::Issuer));
        };
        Ok(Ok(Login { flow, attempts: Attempts::new()?, external_url }))
    }

    /// The page, and `api` behind it for whoever has a session.
    pub fn router(self, api: Router) -> Router {
        let external_url = self.login.as_ref().ok().map(|login| &login.external_url);
        let headers = Headers::new(external_url);
        let web = Arc::new(self);
        let guarded = api.layer(middleware::from_fn_with_state(Arc::clone(&web), guard::guard));
        Router::new()
            .route("/", get(async || Redirect::temporary("/ui/")))
            .route("/ui", get(async || Redirect::temporary("/ui/")))
            .merge(login::router(web))
            .merge(assets::router())
            .layer(middleware::from_fn_with_state(headers.clone(), headers::page))
            .fallback_service(guarded.layer(middleware::from_fn_with_state(headers, headers::api)))
    }
}
