//! The control API, as [`kguard::api`] describes it. Every answer is filtered by who asks.

mod audit;
mod grants;
mod holds;
mod notifications;
mod plans;
mod recordings;
mod reviews;
mod search;
mod stream;
mod streams;
mod undo;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use futures_util::future::join_all;
use kguard::api::{Cluster, LoginInfo, OutputMasking, WhoAmI};
use kguard::kube::status::{Reason, Status};
use kguard::tunnel;

use crate::answer;
use crate::authenticate::Authenticated;
use crate::gateway::Gateway;
use crate::known_values;
use crate::stopped::Stopped;
use crate::web::BySession;

/// The gateway, as axum hands it to handlers.
type Shared = State<Arc<Gateway>>;

/// The router of the control API.
pub fn router(gateway: Arc<Gateway>) -> Router {
    Router::new()
        .route("/v1/login", get(login))
        .route("/v1/whoami", get(whoami))
        .route("/v1/clusters", get(clusters))
        .route("/v1/masking", get(masking))
        .route("/v1/holds", get(holds::list))
        .route("/v1/holds/{id}", get(holds::show))
        .route("/v1/holds/{id}/effect", get(holds::effect))
        .route("/v1/holds/{id}/decision", post(holds::decide))
        .route("/v1/holds/{id}/cancel", post(holds::cancel))
        .route("/v1/plans", get(plans::list).post(plans::open))
        .route("/v1/plans/{id}", get(plans::show))
        .route("/v1/plans/{id}/submit", post(plans::submit))
        .route("/v1/plans/{id}/begin", post(plans::begin))
        .route("/v1/plans/{id}/end", post(plans::end))
        .route("/v1/holds/{id}/grant", get(grants::propose))
        .route("/v1/holds/{id}/review", post(reviews::close))
        .route("/v1/grants", get(grants::list))
        .route("/v1/grants/{id}/revocation", post(grants::revoke))
        .route("/v1/reviews", get(reviews::list))
        .route("/v1/inbox", get(holds::inbox))
        .route("/v1/sessions/{id}/events", get(holds::session))
        .route("/v1/sessions/{id}/outcome", get(holds::outcome))
        .route("/v1/notifications", get(notifications::list))
        .route("/v1/notifications/{id}/retry", post(notifications::retry))
        .route("/v1/notification-targets/{name}/test", post(notifications::test))
        .route("/v1/undo", get(undo::list))
        .route("/v1/undo/{id}", get(undo::show).post(undo::run))
        .route("/v1/streams", get(streams::list))
        .route("/v1/streams/{id}/end", post(streams::end))
        .route("/v1/streams/{id}/recording", get(streams::follow))
        .route("/v1/recordings", get(recordings::list))
        .route("/v1/recordings/{id}", get(streams::recording))
        .route("/v1/audit", get(audit::export))
        .route("/v1/audit/entries", get(audit::list))
        .fallback(async || Refusal(Status::failure(Reason::NotFound, "there is no such call")))
        .with_state(gateway)
}

/// The caller of a control request. A handler that names it is not reached without a token, or
/// the session of the web page.
struct Asking(Authenticated);

impl FromRequestParts<Arc<Gateway>> for Asking {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        gateway: &Arc<Gateway>,
    ) -> Result<Self, Response> {
        if let Some(session) = parts.extensions.get::<BySession>() {
            return Ok(Self(session.authenticated().clone()));
        }
        let stopped = |stopped: Stopped| answer::stopped(&stopped).map(axum::body::Body::new);
        let token =
            tunnel::read_bearer(&parts.headers).ok_or_else(|| stopped(Stopped::Anonymous))?;
        let authenticated = gateway.authenticator.authenticate(token.expose()).await;
        authenticated.map(Self).map_err(|error| stopped(error.into()))
    }
}

/// An error of the control API.
struct Refusal(Status);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        answer::respond(&self.0).map(axum::body::Body::new)
    }
}

async fn login(State(gateway): Shared) -> Result<Json<LoginInfo>, Refusal> {
    gateway.authenticator.login().cloned().map(Json).ok_or_else(|| {
        let message = "this gateway has no issuer for people, only for workloads";
        Refusal(Status::failure(Reason::NotFound, message))
    })
}

async fn whoami(Asking(asking): Asking) -> Json<WhoAmI> {
    Json(WhoAmI { caller: asking.caller, expires: asking.expires })
}

async fn masking(State(gateway): Shared, Asking(asking): Asking) -> Json<Vec<OutputMasking>> {
    let policies = gateway.policies.current();
    let mut clusters: Vec<_> = gateway.clusters.values().collect();
    clusters.sort_by_key(|cluster| cluster.name());
    clusters.retain(|cluster| {
        known_values::are_needed(&policies.mask_rules(&asking.caller, cluster.name()))
    });
    let found = clusters.into_iter().map(async |cluster| OutputMasking {
        cluster: cluster.name().to_owned(),
        reads_secrets: known_values::can_be_read(cluster).await,
    });
    Json(join_all(found).await)
}

async fn clusters(State(gateway): Shared, _: Asking) -> Json<Vec<Cluster>> {
    let mut names: Vec<_> = gateway.clusters.keys().cloned().collect();
    names.sort();
    Json(names.into_iter().map(|name| Cluster { name }).collect())
}
