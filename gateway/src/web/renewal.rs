//! Asking the issuer again who somebody is: before his token ends, and before each decision if it
//! did not say so within the last minute. What it says then counts, so that a group that was taken
//! away meanwhile decides nothing any more.

use std::sync::Arc;

use kguard::kube::status::Reason;

use super::session::{Need, Session, Vouched};
use super::sessions::is_same;
use super::{Login, Web};
use crate::authenticate::{AuthError, Authenticated, IssuerError};

/// Why nobody vouches for a session.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotVouched {
    /// The issuer does not any more; the session is over.
    #[error("your session is over: the login at {0} has ended; log in again")]
    Over(String),
    /// It gave no refresh token, so it can only be asked by logging in.
    #[error(
        "your login is older than a minute, and {0} gives no refresh tokens, so that your groups of now are known: log in again and repeat this at once"
    )]
    Stale(String),
    /// It cannot be asked.
    #[error("{0} cannot be asked who you are now, so nothing is decided; try again")]
    Unreachable(String),
}

/// The caller of a session as the issuer vouches for him.
pub(super) async fn vouched(
    web: &Arc<Web>,
    session: &Arc<Session>,
    need: Need,
) -> Result<Authenticated, NotVouched> {
    if let Some(authenticated) = session.standing_for(need, web.gateway.clock.now()) {
        return Ok(authenticated);
    }
    // On its own: the refresh token is good once, and a browser that goes away meanwhile must not
    // take the next one along.
    let renewal = renew(Arc::clone(web), Arc::clone(session), need);
    match tokio::spawn(renewal).await {
        Ok(renewed) => renewed,
        Err(_) => Err(NotVouched::Unreachable(issuer(web))),
    }
}

async fn renew(
    web: Arc<Web>,
    session: Arc<Session>,
    need: Need,
) -> Result<Authenticated, NotVouched> {
    let _one_at_a_time = Arc::clone(&session.renewing).lock_owned().await;
    // Somebody else may have asked while this one waited.
    let now = web.gateway.clock.now();
    if let Some(authenticated) = session.standing_for(need, now) {
        return Ok(authenticated);
    }
    let Ok(login) = &web.login else { return Err(NotVouched::Over(issuer(&web))) };
    let without = |otherwise: fn(String) -> NotVouched| {
        let standing = session.standing_without_issuer(need, now);
        standing.ok_or_else(|| otherwise(issuer(&web)))
    };
    match ask(&web, login, &session).await {
        Answer::Vouched(vouched) => {
            session.renew(vouched);
            let now = web.gateway.clock.now();
            let standing = session.standing_for(need, now);
            // A token that ends within seconds is good for a request all the same.
            standing
                .or_else(|| session.standing_without_issuer(Need::Reading, now))
                .ok_or_else(|| NotVouched::Over(issuer(&web)))
        }
        Answer::Refused => Err(NotVouched::Over(issuer(&web))),
        Answer::CannotAsk => without(match need {
            Need::Deciding => NotVouched::Stale,
            Need::Reading => NotVouched::Over,
        }),
        Answer::Unreachable => without(NotVouched::Unreachable),
    }
}

enum Answer {
    CannotAsk,
    Refused,
    Unreachable,
    Vouched(Vouched),
}

async fn ask(web: &Web, login: &Login, session: &Session) -> Answer {
    let Some(refresh_token) = session.refresh_token() else { return Answer::CannotAsk };
    let tokens = match login.flow.refresh(&refresh_token).await {
        Ok(tokens) => tokens,
        Err(error) => {
            let refused = matches!(error, IssuerError::Refused { .. });
            let error: &dyn std::error::Error = &error;
            tracing::info!(error, "the issuer vouches for a session no more");
            return if refused { Answer::Refused } else { Answer::Unreachable };
        }
    };
    // Who does not say who somebody is has not vouched for him.
    let Some(id_token) = tokens.id_token else { return Answer::Refused };
    match web.gateway.authenticator.authenticate(id_token.expose()).await {
        Ok(authenticated) if is_same(&authenticated.caller, &session.caller()) => {
            let (at, refresh_token) = (web.gateway.clock.now(), tokens.refresh_token);
            Answer::Vouched(Vouched { authenticated, at, refresh_token })
        }
        Err(AuthError::KeysUnavailable { .. }) => Answer::Unreachable,
        _ => Answer::Refused,
    }
}

fn issuer(web: &Web) -> String {
    web.login.as_ref().map(|login| login.flow.issuer().to_owned()).unwrap_or_default()
}

impl NotVouched {
    /// With what the request is refused.
    pub(super) fn reason(&self) -> Reason {
        match self {
            Self::Over(_) | Self::Stale(_) => Reason::Unauthorized,
            Self::Unreachable(_) => Reason::ServiceUnavailable,
        }
    }
}
