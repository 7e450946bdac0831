//! A gateway that decides nothing: TLS, the tunnel and the control API with canned answers, and
//! behind the tunnel a cluster that says what it was asked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kguard::tunnel;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::streams;

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What the gateway has been told and has seen.
pub(crate) struct State {
    /// The tokens it takes.
    pub(crate) tokens: Mutex<Vec<String>>,
    /// `METHOD CLUSTER PATH` of each request that reached a cluster.
    pub(crate) requests: Mutex<Vec<String>>,
    /// The claims of each stream.
    pub(crate) claims: Mutex<Vec<kguard::api::Claims>>,
    /// The bodies of decisions.
    pub(crate) decisions: Mutex<Vec<Value>>,
    /// Lines for those who follow a session's events.
    events: broadcast::Sender<String>,
    /// What became of the sessions, going by the last event.
    outcome: Mutex<Value>,
    issuer: String,
    logins: Mutex<u32>,
}

pub(crate) struct FakeGateway {
    pub(crate) address: SocketAddr,
    pub(crate) ca: String,
    pub(crate) state: Arc<State>,
    acceptor: TlsAcceptor,
    connections: mpsc::Sender<()>,
    _port: TcpSocket,
}

impl FakeGateway {
    pub(crate) async fn start() -> Self {
        let issuer = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let certificate = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key =
            rustls::pki_types::PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.cert.der().clone()], key.into())
            .unwrap();
        let state = Arc::new(State {
            tokens: Mutex::new(vec!["good".to_owned()]),
            requests: Mutex::default(),
            claims: Mutex::default(),
            decisions: Mutex::default(),
            events: broadcast::channel(16).0,
            outcome: Mutex::new(json!({})),
            issuer: format!("http://{}", issuer.local_addr().unwrap()),
            logins: Mutex::default(),
        });
        tokio::spawn(serve_issuer(issuer, Arc::clone(&state)));
        // Kept while nobody listens: the kernel would give the port to some other connection.
        let port = TcpSocket::new_v4().unwrap();
        port.set_reuseaddr(true).unwrap();
        port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = port.local_addr().unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let connections = serve(listener, acceptor.clone(), Arc::clone(&state));
        Self { address, ca: certificate.cert.pem(), state, acceptor, connections, _port: port }
    }

    /// Breaks all connections and listens no more until [`Self::come_back`].
    pub(crate) async fn go_away(&mut self) {
        self.connections.send(()).await.unwrap();
        self.connections.closed().await;
    }

    pub(crate) async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.connections = serve(listener, self.acceptor.clone(), Arc::clone(&self.state));
    }

    /// Tells all sessions of an event, as soon as one listens.
    pub(crate) async fn tell(&self, event: &Value) {
        let is = |state| event["hold"]["state"] == state;
        *self.state.outcome.lock().unwrap() = json!({
            "refused": event["type"] == "refused" || is("denied"), "timedOut": is("expired"),
        });
        while self.state.events.send(event.to_string()).is_err() {
            tokio::task::yield_now().await;
        }
    }
}

/// Serves until it is told to stop.
fn serve(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<State>) -> mpsc::Sender<()> {
    let (stop, mut stopped) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (tcp, _) = tokio::select! {
                accepted = listener.accept() => accepted.unwrap(),
                _ = stopped.recv() => return connections.shutdown().await,
            };
            let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
            connections.spawn(async move {
                if let Ok(tls) = acceptor.accept(tcp).await {
                    serve_connection(tls, state).await;
                }
            });
        }
    });
    stop
}

async fn serve_connection<S>(tls: S, state: Arc<State>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (upgrades, mut upgraded) = mpsc::channel(1);
    let outside = Arc::clone(&state);
    let service = service_fn(move |request: Request<Incoming>| {
        let (state, upgrades) = (Arc::clone(&outside), upgrades.clone());
        async move { Ok::<_, Infallible>(outside_tunnel(&state, request, &upgrades).await) }
    });
    let http1 = hyper::server::conn::http1::Builder::new();
    let served = http1.serve_connection(TokioIo::new(tls), service).with_upgrades().await;
    let (Ok(()), Some(upgraded)) = (served, upgraded.try_recv().ok()) else { return };
    let websocket = tunnel::WsBytes::server(TokioIo::new(upgraded.await.unwrap())).await;
    let service = service_fn(move |request| {
        let response = inside(&state, request);
        async move { Ok::<_, Infallible>(response) }
    });
    let _ = tunnel::server().serve_connection(TokioIo::new(websocket), service).await;
}

async fn outside_tunnel(
    state: &State,
    mut request: Request<Incoming>,
    upgrades: &mpsc::Sender<hyper::upgrade::OnUpgrade>,
) -> Response<Body> {
    let path = request.uri().path();
    if path != tunnel::PATH && request.method() == Method::GET {
        return control(state, &request);
    }
    if !is_known(state, &request) {
        return status(StatusCode::UNAUTHORIZED, "not this token");
    }
    if path == tunnel::PATH {
        upgrades.try_send(hyper::upgrade::on(&mut request)).unwrap();
        return tunnel::accept(&request).unwrap().map(|()| Empty::new().boxed_unsync());
    }
    let is_end = path.starts_with("/v1/streams/") && path.ends_with("/end");
    assert!(is_end || path == "/v1/holds/7KQ4/decision", "{path}");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let decision: Value = serde_json::from_slice(&body).unwrap();
    if is_end {
        state.decisions.lock().unwrap().push(decision);
        return answer(&streams::running()[0]);
    }
    let state_after = if decision["verdict"] == "approve" { "approved" } else { "denied" };
    state.decisions.lock().unwrap().push(decision);
    answer(&hold(state_after))
}

/// A held deletion of a namespace.
pub(crate) fn hold(state: &str) -> Value {
    json!({
        "id": "7KQ4", "state": state,
        "caller": {"name": "oidc:alice", "groups": [], "kind": "person", "issuer": "i"},
        "cluster": "prod", "method": "DELETE",
        "request": {"verb": "delete", "path": "/api/v1/namespaces/shop"},
        "query": [], "digest": "abc", "policy": "deletes", "message": "Deletes all in it.",
        "approvers": ["group:oidc:sre"], "decisions": [],
        "demands": [{"policy": "p", "message": "", "approvers": ["group:oidc:sre"], "quorum": 1}],
        "created": "2026-01-01T00:00:00Z", "expires": "2026-01-01T00:15:00Z",
    })
}

/// Two records of a trail, as the gateway has written them.
pub(crate) const TRAIL: &str = concat!(
    r#"{"seq":1,"hash":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","record":{"at":"2026-01-01T00:00:00Z","event":"started","#,
    r#""version":"0.1.0","policies":"bb"}}"#,
    "\n",
    r#"{"seq":2,"hash":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc","record":{"at":"2026-01-01T00:00:01Z","event":"response","#,
    r#""id":"018f0000-0000-7000-8000-000000000000","code":403,"bytes":12,"durationMs":5}}"#,
    "\n",
);

fn inside(state: &Arc<State>, mut request: Request<Incoming>) -> Response<Body> {
    if request.method() != Method::CONNECT {
        return control(state, &request);
    }
    if !is_known(state, &request) {
        return status(StatusCode::UNAUTHORIZED, "not this token");
    }
    let cluster = tunnel::cluster(&request).unwrap().to_owned();
    state.claims.lock().unwrap().push(tunnel::read_claims(request.headers()).unwrap());
    if cluster == "broken" {
        return status(StatusCode::NOT_FOUND, "no such cluster");
    }
    let stream = hyper::upgrade::on(&mut request);
    let state = Arc::clone(state);
    tokio::spawn(async move {
        let service = service_fn(move |request: Request<Incoming>| {
            let line = format!("{} {cluster} {}", request.method(), request.uri());
            state.requests.lock().unwrap().push(line.clone());
            async move { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(line))) }
        });
        let http1 = hyper::server::conn::http1::Builder::new();
        let _ = http1.serve_connection(stream.await.unwrap(), service).await;
    });
    Response::new(Empty::new().boxed_unsync())
}

/// What the held request would do, as one line.
const EFFECT: &str = "{\"complete\":true,\"blastRadius\":{\"kinds\":\
    [{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"count\":12}]}}\n";

fn control(state: &State, request: &Request<Incoming>) -> Response<Body> {
    let path = request.uri().path();
    if path == "/v1/login" {
        return answer(&json!({
            "issuer": state.issuer, "clientId": "kguard", "scopes": ["openid", "offline_access"],
        }));
    }
    if !is_known(state, request) {
        return status(StatusCode::UNAUTHORIZED, "not this token");
    }
    match path {
        "/v1/clusters" => answer(&json!([{"name": "prod"}, {"name": "dev"}, {"name": "broken"}])),
        "/v1/whoami" => answer(&json!({
            "caller": {
                "name": "oidc:alice", "groups": ["oidc:dev"], "kind": "person",
                "issuer": state.issuer,
            },
            "expires": "2040-01-01T00:00:00Z",
        })),
        "/v1/holds" => answer(&json!([hold("pending")])),
        "/v1/holds/7KQ4" => answer(&hold("pending")),
        "/v1/holds/7KQ4/effect" => Response::new(Full::from(EFFECT).boxed_unsync()),
        "/v1/inbox" => {
            let first = futures_util::stream::once(async {
                Ok(Frame::data(Bytes::from(format!("{}\n", hold("pending")))))
            });
            let stream = futures_util::StreamExt::chain(first, futures_util::stream::pending());
            Response::new(StreamBody::new(stream).boxed_unsync())
        }
        "/v1/audit" => Response::new(Full::from(TRAIL).boxed_unsync()),
        "/v1/audit/entries" => match request.uri().query() {
            Some("limit=1&verb=delete") => {
                let last: Value = serde_json::from_str(TRAIL.lines().last().unwrap()).unwrap();
                answer(&json!([last]))
            }
            query => answer(&streams::entries(query.unwrap())),
        },
        "/v1/streams" => answer(&streams::running()),
        path if path.starts_with("/v1/recordings/") => {
            Response::new(Full::from(streams::RECORDING).boxed_unsync())
        }
        path if path.ends_with("/recording") => {
            let (written, ends) = streams::live(path);
            let written = futures_util::stream::iter(written)
                .map(|line| Ok(Frame::data(Bytes::from(line + "\n\n"))));
            let pending = futures_util::stream::pending().take(usize::from(!ends));
            Response::new(StreamBody::new(written.chain(pending)).boxed_unsync())
        }
        path if path.ends_with("/outcome") => answer(&state.outcome.lock().unwrap()),
        path if path.ends_with("/events") => {
            let events = state.events.subscribe();
            let lines = futures_util::stream::unfold(events, |mut events| async move {
                let line = Bytes::from(format!("{}\n", events.recv().await.ok()?));
                Some((Ok(Frame::data(line)), events))
            });
            Response::new(StreamBody::new(lines).boxed_unsync())
        }
        _ => status(StatusCode::NOT_FOUND, "no such path"),
    }
}

fn is_known<B>(state: &State, request: &Request<B>) -> bool {
    let token = tunnel::read_bearer(request.headers());
    token.is_some_and(|token| state.tokens.lock().unwrap().contains(token.expose()))
}

fn answer(value: &Value) -> Response<Body> {
    Response::new(Full::from(value.to_string()).boxed_unsync())
}

fn status(code: StatusCode, message: &str) -> Response<Body> {
    let body = json!({"kind": "Status", "code": code.as_u16(), "message": message});
    let mut response = answer(&body);
    *response.status_mut() = code;
    response
}

/// An OpenID provider whose user confirms at the second question, and whose tokens are
/// `token-1`, `token-2` and so on.
async fn serve_issuer(listener: TcpListener, state: Arc<State>) {
    loop {
        let (tcp, _) = listener.accept().await.unwrap();
        let state = Arc::clone(&state);
        let service = service_fn(move |request: Request<Incoming>| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(issuer_answer(&state, request).await) }
        });
        let http1 = hyper::server::conn::http1::Builder::new();
        tokio::spawn(http1.serve_connection(TokioIo::new(tcp), service));
    }
}

async fn issuer_answer(state: &State, request: Request<Incoming>) -> Response<Body> {
    let issuer = &state.issuer;
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let form = String::from_utf8(body.to_vec()).unwrap();
    match path.as_str() {
        "/.well-known/openid-configuration" => answer(&json!({
            "issuer": issuer, "token_endpoint": format!("{issuer}/token"),
            "device_authorization_endpoint": format!("{issuer}/device"),
        })),
        "/device" => answer(&json!({
            "device_code": "device", "user_code": "ABCD-EFGH", "expires_in": 60, "interval": 0,
            "verification_uri": format!("{issuer}/confirm"),
        })),
        "/token" => {
            let mut logins = state.logins.lock().unwrap();
            *logins += 1;
            let expected = match *logins {
                1 => return refusal("authorization_pending"),
                2 => "device_code=device".to_owned(),
                n => format!("refresh_token=refresh-{}", n - 1),
            };
            if !form.contains(&expected) {
                return refusal("invalid_grant");
            }
            let token = format!("token-{logins}");
            state.tokens.lock().unwrap().push(token.clone());
            answer(&json!({"id_token": token, "refresh_token": format!("refresh-{logins}")}))
        }
        _ => status(StatusCode::NOT_FOUND, "no such path"),
    }
}

fn refusal(code: &str) -> Response<Body> {
    let mut response = answer(&json!({"error": code}));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
