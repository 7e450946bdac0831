//! An API server as fast as can be: one pod, some nodes, a great many Secrets, and watches in which
//! nothing happens. Below `/slow` each answer takes as long as one of a real API server.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::{Failure, masking};

/// How long a real API server takes for a small read.
pub(crate) const SERVICE_TIME: Duration = Duration::from_millis(2);

/// Serves until it is killed.
pub(crate) async fn serve(listen: SocketAddr, cert: &Path, key: &Path) -> Result<(), Failure> {
    let tls = TlsAcceptor::from(Arc::new(kguard_gateway::accept::server_config(cert, key)?));
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let tls = tls.clone();
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http2().max_concurrent_streams(100);
            // Clients break off watches; that is no error here.
            let _ = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let uri = request.uri();
    if uri.path().starts_with("/slow/") {
        // More precise than the runtime's timer. It does not fail.
        let _ = tokio::task::spawn_blocking(|| std::thread::sleep(SERVICE_TIME)).await;
    }
    let watch = uri.query().is_some_and(|query| query.contains("watch="));
    let body = if watch {
        BodyExt::boxed(StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>()))
    } else {
        Full::from(match uri.path() {
            NODES_PATH => NODES.clone(),
            SECRETS_PATH => SECRETS.clone(),
            _ => Bytes::from_static(POD.as_bytes()),
        })
        .boxed()
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if watch {
        // Without it nginx would wait for an event before it passes on that the watch has begun.
        let name = HeaderName::from_static("x-accel-buffering");
        response.headers_mut().insert(name, HeaderValue::from_static("no"));
    }
    Ok(response)
}

/// Where the nodes are.
pub(crate) const NODES_PATH: &str = "/api/v1/nodes";
/// Where the Secrets are.
pub(crate) const SECRETS_PATH: &str = "/api/v1/secrets";

/// 32 nodes, 64 KB.
static NODES: LazyLock<Bytes> = LazyLock::new(|| {
    let node = |number: u32| NODE.trim_end().replace("NUMBER", &format!("{number:02}"));
    let nodes: Vec<_> = (0..32).map(node).collect();
    let head =
        r#"{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":["#;
    format!("{head}{}]}}", nodes.join(",")).into()
});

static SECRETS: LazyLock<Bytes> = LazyLock::new(|| masking::list().into());

/// 2 KB, as in a list: without kind.
const NODE: &str = include_str!("node.json");

/// 1.4 KB, as a pod without managed fields has.
const POD: &str = include_str!("pod.json");
