//! Listens: TLS, HTTP, and which of the gateway's doors a request is for.
//!
//! | path | door |
//! |---|---|
//! | `/clusters/NAME/…` | the cluster's API, for plain clients with a bearer token |
//! | `/tunnel` | our own client's tunnel, see [`tunnel`] |
//! | `/v1/…` | the control API; for the web page by its cookie |
//! | `/`, `/ui/…` | the approvers' web page |
//! | `/idp/…` | the built-in provider, in `dev` only |
//! | `/livez`, `/readyz`, `/metrics` | for whoever looks after the gateway |

mod drain;
mod tls;
mod tunnel;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use kguard::api::Claims;
use kguard::kube::status::{Reason, Status};
use kguard::tunnel as protocol;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

pub use tls::{TlsError, server_config};

use self::drain::Drain;
use crate::answer;
use crate::answer_body::AnswerBody;
use crate::gateway::Gateway;
use crate::pipeline::{self, Arrival, Credential};
use crate::request::{Origin, Via};
use crate::workers::Workers;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections open at once. The next one waits in the kernel until one closes.
const MAX_CONNECTIONS: usize = 16 * 1024;
/// Held requests and watches occupy streams for long; a client-go process has many of both.
const MAX_STREAMS: u32 = 1024;

/// Everything that answers requests.
#[derive(Clone)]
pub struct Doors {
    /// The gateway behind them.
    pub gateway: Arc<Gateway>,
    /// The control API, and in `dev` the built-in provider.
    pub control: axum::Router,
    /// The same and the web page, with what browsers need to be told. Not inside the tunnel, which
    /// is for those who have a token.
    pub browsers: axum::Router,
}

/// Accepts connections until `shutdown` resolves, then waits for what is under way, at most as
/// long as `drain_time`.
pub(crate) async fn serve(
    (listener, tls): (TcpListener, TlsAcceptor),
    doors: Doors,
    workers: &Workers,
    (shutdown, drain_time): (impl Future<Output = ()>, Duration),
) {
    let drain = Drain::default();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    tokio::pin!(shutdown);
    loop {
        let accept = async {
            // Never closed, so there is always a place to wait for.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let accepted = tokio::select! {
            accepted = accept => accepted,
            () = &mut shutdown => break,
        };
        let (place, (stream, peer)) = match accepted {
            (place, Ok(accepted)) => (place, accepted),
            (_, Err(error)) => {
                // Out of file descriptors, most likely: what is open goes on, and may close.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let accepted =
            Accepted { peer, tls: tls.clone(), doors: doors.clone(), drain: drain.clone() };
        match stream.into_std() {
            Ok(stream) => workers.spawn(async move {
                let _place = place;
                accepted.serve(stream).await;
            }),
            Err(error) => tracing::warn!(%peer, %error, "a connection is lost"),
        }
    }
    drop(listener);
    doors.gateway.holds.close();
    if tokio::time::timeout(drain_time, drain.drain()).await.is_err() {
        tracing::info!("some requests were still under way at the end of the drain time");
        drain.cut().await;
    }
}

/// What a connection is served with.
struct Accepted {
    peer: SocketAddr,
    tls: TlsAcceptor,
    doors: Doors,
    drain: Drain,
}

impl Accepted {
    /// Serves it, on the thread whose event loop it belongs to from now on.
    async fn serve(self, stream: std::net::TcpStream) {
        let Self { peer, tls, doors, drain } = self;
        let handshake = async {
            let stream = TcpStream::from_std(stream)?;
            let _ = protocol::prepare(&stream);
            tls.accept(stream).await
        };
        match tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await {
            Ok(Ok(stream)) => connection(TokioIo::new(stream), peer, doors, drain).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "TLS handshake failed"),
            Err(_) => tracing::debug!(%peer, "TLS handshake timed out"),
        }
    }
}

async fn connection<I>(io: I, peer: SocketAddr, doors: Doors, drain: Drain)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    let inner = drain.clone();
    let asked = Arc::new(Notify::new());
    let first = Arc::clone(&asked);
    let service = service_fn(move |request| {
        first.notify_one();
        let (doors, drain) = (doors.clone(), inner.clone());
        let asks_for_head = request.method() == Method::HEAD;
        async move {
            let response = route(doors, peer, request, drain).await;
            Ok::<_, Infallible>(if asks_for_head { without_body(response) } else { response })
        }
    });
    let connection = builder.serve_connection_with_upgrades(io, service);
    tokio::select! {
        ended = drain.run(connection, auto::UpgradeableConnection::graceful_shutdown) => {
            if let Some(Err(error)) = ended {
                tracing::debug!(%peer, %error, "connection ended");
            }
        }
        () = silence(&asked) => tracing::debug!(%peer, "nothing was asked for"),
    }
}

/// The answer to a HEAD (RFC 9110, 9.3.2). Over HTTP/1.1 hyper sees to it, over HTTP/2 it would send
/// the body, which clients take for an error of the protocol.
fn without_body(response: Response<AnswerBody>) -> Response<AnswerBody> {
    response.map(|body| if body.is_end_stream() { body } else { AnswerBody::default() })
}

/// Resolves if no request comes at all. Before the first one, hyper still waits to learn which
/// HTTP it will be, and would do so forever.
async fn silence(asked: &Notify) {
    if tokio::time::timeout(HEADER_TIMEOUT, asked.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

async fn route(
    doors: Doors,
    peer: SocketAddr,
    request: Request<Incoming>,
    drain: Drain,
) -> Response<AnswerBody> {
    let path = request.uri().path();
    match path {
        "/livez" => plain(StatusCode::OK, "ok\n".to_owned()),
        "/readyz" => readiness(&doors.gateway),
        "/metrics" => {
            let problems = doors.gateway.policies.problems().len();
            plain(StatusCode::OK, doors.gateway.metrics.text(problems))
        }
        protocol::PATH => Box::pin(tunnel::accept(doors, peer, request, drain)).await,
        _ => match cluster_path(path) {
            Some((cluster, rest)) => {
                let (cluster, rest) = (cluster.to_owned(), rest.to_owned());
                to_cluster(&doors.gateway, peer, request, (cluster, rest)).await
            }
            None if is_for_browsers(path) => Box::pin(control(doors.browsers, request)).await,
            None => answer::respond(&Status::failure(
                Reason::NotFound,
                "nothing is here: a cluster's API is at /clusters/NAME/",
            )),
        },
    }
}

/// A request of a plain Kubernetes client.
async fn to_cluster(
    gateway: &Gateway,
    peer: SocketAddr,
    request: Request<Incoming>,
    (cluster, path): (String, String),
) -> Response<AnswerBody> {
    let break_glass = match protocol::read_break_glass(request.headers()) {
        Ok(reason) => reason,
        Err(error) => {
            return answer::respond(&Status::failure(Reason::BadRequest, error.to_string()));
        }
    };
    let origin = Origin {
        cluster,
        undoes: None,
        via: Via::Plain,
        peer: peer.to_string(),
        session: None,
        plan: None,
        claims: Claims::default(),
        keep_hold: false,
        break_glass,
    };
    let credential = Credential::Bearer(protocol::read_bearer(request.headers()));
    pipeline::serve(gateway, Arrival { request, path, credential, origin: Arc::new(origin) }).await
}

async fn control(router: axum::Router, request: Request<Incoming>) -> Response<AnswerBody> {
    match router.oneshot(request.map(axum::body::Body::new)).await {
        Ok(response) => response.map(AnswerBody::new),
        Err(never) => match never {},
    }
}

/// Whether a path is the control API's, the page's, or the built-in provider's.
fn is_for_browsers(path: &str) -> bool {
    let under = |door| path.starts_with(door);
    matches!(path, "/" | "/ui") || ["/ui/", "/v1/", "/idp/"].into_iter().any(under)
}

/// `/clusters/NAME/rest` taken apart.
fn cluster_path(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/clusters/")?;
    let at = rest.find('/')?;
    let (cluster, path) = rest.split_at_checked(at)?;
    Some((cluster, path))
}

/// Ready means: a request would be recorded, and the policies in force are those of the folder.
fn readiness(gateway: &Gateway) -> Response<AnswerBody> {
    if let Err(error) = gateway.recorder.healthy() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n"));
    }
    match gateway.policies.problems().len() {
        0 => plain(StatusCode::OK, "ok\n".to_owned()),
        count => plain(
            StatusCode::OK,
            format!(
                "ok, but the policy folder has {count} problems and the last good set is in force\n"
            ),
        ),
    }
}

fn plain(status: StatusCode, text: String) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::new(Full::from(text)));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_body_has_ended_and_says_the_same() {
        let answer = without_body(plain(StatusCode::METHOD_NOT_ALLOWED, "no".to_owned()));
        assert!(answer.body().is_end_stream());
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
