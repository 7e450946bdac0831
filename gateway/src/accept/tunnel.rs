//! The gateway's end of the tunnel: a websocket, HTTP/2 inside it, and in each `CONNECT` stream the
//! HTTP/1.1 of one of kubectl's connections. See [`kguard::tunnel`] for the protocol.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use kguard::kube::status::{Reason, Status};
use kguard::tunnel::{self, WsBytes};

use super::drain::Drain;
use super::{Doors, control};
use crate::answer;
use crate::answer_body::AnswerBody;
use crate::authenticate::Authenticated;
use crate::pipeline::{self, Arrival, Credential};
use crate::request::{Origin, Via};
use crate::stopped::Stopped;

/// A connection that was just opened is not closed before its first request had time to come, even
/// if its token is one that only our patience towards other clocks still accepts.
const FIRST_REQUEST: Duration = Duration::from_secs(5);

/// Answers a request for a tunnel, and serves the tunnel behind the answer.
pub(super) async fn accept(
    doors: Doors,
    peer: SocketAddr,
    mut request: Request<Incoming>,
    drain: Drain,
) -> Response<AnswerBody> {
    let response = match tunnel::accept(&request) {
        Ok(response) => response,
        Err(error) => return bad_request(&error),
    };
    if let Err(stopped) = authenticate(&doors, &request).await {
        return answer::stopped(&stopped);
    }
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            serve(doors, peer, TokioIo::new(upgraded), drain).await;
        }
    });
    response.map(|()| AnswerBody::default())
}

async fn serve<S>(doors: Doors, peer: SocketAddr, upgraded: S, drain: Drain)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let _open = doors.gateway.metrics.tunnel();
    let bytes = WsBytes::server(upgraded).await;
    let inner = drain.clone();
    let service = service_fn(move |request| {
        let (doors, drain) = (doors.clone(), inner.clone());
        async move { Ok::<_, Infallible>(stream(doors, peer, request, drain).await) }
    });
    let connection = tunnel::server().serve_connection(TokioIo::new(bytes), service);
    if let Some(Err(error)) = drain.run(connection, http2::Connection::graceful_shutdown).await {
        tracing::debug!(%peer, %error, "tunnel ended");
    }
}

/// One stream of a tunnel: a connection to a cluster, or a request of the control API.
async fn stream(
    doors: Doors,
    peer: SocketAddr,
    mut request: Request<Incoming>,
    drain: Drain,
) -> Response<AnswerBody> {
    if request.method() != Method::CONNECT {
        return control(doors.control, request).await;
    }
    let admitted = match admit(&doors, peer, &request).await {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(connection(doors, upgrade, admitted, drain));
    Response::new(AnswerBody::default())
}

async fn admit(
    doors: &Doors,
    peer: SocketAddr,
    request: &Request<Incoming>,
) -> Result<(Authenticated, Arc<Origin>), Box<Response<AnswerBody>>> {
    let stopped = |stopped| Box::new(answer::stopped(&stopped));
    let authenticated = authenticate(doors, request).await.map_err(stopped)?;
    let cluster = tunnel::cluster(request).unwrap_or_default();
    doors.gateway.cluster(cluster).map_err(stopped)?;
    let invalid = |error| Box::new(bad_request(&error));
    let origin = Origin {
        cluster: cluster.to_owned(),
        undoes: None,
        via: Via::Tunnel,
        peer: peer.to_string(),
        session: tunnel::read_session(request.headers()).map_err(invalid)?,
        plan: tunnel::read_plan(request.headers()).map_err(invalid)?,
        claims: tunnel::read_claims(request.headers()).map_err(invalid)?.without_secrets(),
        keep_hold: tunnel::read_keep_hold(request.headers()),
        break_glass: tunnel::read_break_glass(request.headers()).map_err(invalid)?,
    };
    Ok((authenticated, Arc::new(origin)))
}

/// Serves the HTTP/1.1 inside a stream. Idle connections stay, as kubectl's own end closes them,
/// until the stream's token ends: the client opens the next stream with a fresh one.
async fn connection(
    doors: Doors,
    upgrade: OnUpgrade,
    (authenticated, origin): (Authenticated, Arc<Origin>),
    drain: Drain,
) {
    let Ok(upgraded) = upgrade.await else { return };
    let left = authenticated.expires.duration_since(doors.gateway.clock.now());
    let left = Duration::try_from(left).unwrap_or_default().max(FIRST_REQUEST);
    let service = service_fn(move |request: Request<Incoming>| {
        let (doors, authenticated) = (doors.clone(), authenticated.clone());
        let origin = Arc::clone(&origin);
        async move {
            let path = request.uri().path().to_owned();
            let credential = Credential::Stream(authenticated);
            let arrival = Arrival { request, path, credential, origin };
            Ok::<_, Infallible>(pipeline::serve(&doors.gateway, arrival).await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .serve_connection(upgraded, service)
        .with_upgrades();
    let ended = drain.run_until(
        tokio::time::sleep(left),
        connection,
        http1::UpgradeableConnection::graceful_shutdown,
    );
    if let Some(Err(error)) = ended.await {
        tracing::debug!(%error, "a connection inside the tunnel ended");
    }
}

async fn authenticate<B>(doors: &Doors, request: &Request<B>) -> Result<Authenticated, Stopped> {
    let token = tunnel::read_bearer(request.headers()).ok_or(Stopped::Anonymous)?;
    Ok(doors.gateway.authenticator.authenticate(token.expose()).await?)
}

fn bad_request(error: &dyn std::error::Error) -> Response<AnswerBody> {
    answer::respond(&Status::failure(Reason::BadRequest, error.to_string()))
}
