//! The client's end of the tunnel: one connection to the gateway, made anew when it is lost.
//!
//! What is in flight when the connection breaks fails, as it would on any connection. What asks
//! for a stream afterwards waits for the new connection, for [`PATIENCE`]. A gateway that could
//! not be reached at all fails at once, since kubectl's user is waiting at the terminal.

mod dial;
mod events;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::TokioIo;
use kguard::api::plans::PlanUse;
use kguard::api::{Claims, SessionEvent};
use kguard::redact::Secret;
use kguard::tunnel::{self, ConnectError, InvalidHeader};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use uuid::Uuid;

use crate::control::status_message;
use crate::credentials::{CredentialError, Tokens};
use crate::gateway::Gateway;
use crate::tls::TlsError;

/// How long a stream waits for a lost connection to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pauses between attempts to connect, from the first to the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];

/// More than any refusal says.
const MAX_REFUSAL_BYTES: usize = 64 << 10;

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TunnelError {
    #[error(transparent)]
    Credential(#[from] CredentialError),
    #[error("the gateway at {gateway} gives no tunnel")]
    Handshake { gateway: Gateway, source: ConnectError },
    #[error(transparent)]
    Header(#[from] InvalidHeader),
    #[error("the connection to the gateway was lost")]
    Lost,
    #[error("the gateway refused ({status})")]
    Refused { status: StatusCode, body: Bytes },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the gateway at {gateway} does not answer")]
    Unreachable { gateway: Gateway, source: std::io::Error },
}

impl TunnelError {
    /// Whether the gateway does not take the token.
    pub(crate) fn is_unauthorized(&self) -> bool {
        let status = match self {
            Self::Handshake { source: ConnectError::Refused { status, .. }, .. }
            | Self::Refused { status, .. } => *status,
            _ => return matches!(self, Self::Credential(_)),
        };
        status == StatusCode::UNAUTHORIZED
    }

    /// Whether it was no gateway that refused: those say why, and others would not know the path.
    pub(crate) fn is_of_stranger(&self) -> bool {
        match self {
            Self::Handshake { source: ConnectError::Refused { status, .. }, .. } => {
                status.is_client_error()
                    && (*status == StatusCode::FORBIDDEN || self.said().is_none())
            }
            _ => false,
        }
    }

    /// What the gateway says of its refusal.
    pub(crate) fn said(&self) -> Option<String> {
        match self {
            Self::Handshake { source: ConnectError::Refused { body, .. }, .. } => {
                status_message(body)
            }
            Self::Refused { body, .. } => status_message(body),
            _ => None,
        }
    }
}

type Sender = SendRequest<Empty<Bytes>>;

/// The state of the connection.
#[derive(Debug, Clone)]
enum State {
    /// Being made.
    Connecting,
    /// Could not be made.
    Failed(Arc<TunnelError>),
    /// Made.
    Up(Sender),
}

/// What a tunnel is made from.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    pub(crate) gateway: Gateway,
    pub(crate) ca: Option<String>,
    pub(crate) tokens: Tokens,
    pub(crate) session: Uuid,
    /// Whether holds are to stay when we go away; the gateway does so for workloads alone.
    pub(crate) keep_hold: bool,
    /// The plan that the session is for.
    pub(crate) plan: Option<PlanUse>,
    /// Why nobody is to be waited for, if nobody is.
    pub(crate) break_glass: Option<String>,
    /// Who hears of what happens to the session's requests.
    pub(crate) events: mpsc::Sender<SessionEvent>,
}

/// A tunnel; clones share the connection.
#[derive(Debug, Clone)]
pub(crate) struct Tunnel {
    dialer: Dialer,
    state: watch::Receiver<State>,
    trouble: Arc<Mutex<Option<Arc<TunnelError>>>>,
}

impl Tunnel {
    /// Starts to connect, in the background.
    pub(crate) fn start(dialer: Dialer) -> Self {
        let (sender, state) = watch::channel(State::Connecting);
        tokio::spawn(keep_connected(dialer.clone(), sender));
        Self { dialer, state, trouble: Arc::default() }
    }

    /// Opens a stream of bytes to a cluster.
    pub(crate) async fn open(
        &self,
        cluster: &str,
        claims: &Claims,
    ) -> Result<TokioIo<hyper::upgrade::Upgraded>, Arc<TunnelError>> {
        let Dialer { session, keep_hold, break_glass, .. } = &self.dialer;
        let (session, keep_hold) = (*session, *keep_hold);
        let break_glass = break_glass.as_deref();
        let stream = tunnel::Stream { session, claims, keep_hold, break_glass };
        let request = |token: &Secret<String>| {
            let request = tunnel::connect_request(cluster, token, stream)?;
            let request = match &self.dialer.plan {
                Some(plan) => tunnel::in_plan(request, plan)?,
                None => request,
            };
            Ok(request.map(|()| Empty::new()))
        };
        let opened = async {
            let response = self.ask(request).await?;
            let upgraded = hyper::upgrade::on(response).await;
            upgraded.map(TokioIo::new).map_err(|_| Arc::new(TunnelError::Lost))
        };
        let opened = opened.await;
        if let Err(error) = &opened {
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(error));
        }
        opened
    }

    /// Asks the control API.
    pub(crate) async fn get(&self, path: &str) -> Result<Response<Incoming>, Arc<TunnelError>> {
        self.ask(|token| self.dialer.control_request(Method::GET, path, token)).await
    }

    /// Asks the control API for something that may be done twice, and has no body.
    pub(crate) async fn post(&self, path: &str) -> Result<Response<Incoming>, Arc<TunnelError>> {
        self.ask(|token| self.dialer.control_request(Method::POST, path, token)).await
    }

    /// Whether nobody is to be waited for, as far as policies allow that.
    pub(crate) fn breaks_glass(&self) -> bool {
        self.dialer.break_glass.is_some()
    }

    /// Why the last stream that failed to open did.
    pub(crate) fn trouble(&self) -> Option<Arc<TunnelError>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a request that may be sent twice, over the next connection if this one is lost.
    async fn ask(
        &self,
        request: impl Fn(&Secret<String>) -> Result<Request<Empty<Bytes>>, TunnelError>,
    ) -> Result<Response<Incoming>, Arc<TunnelError>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut sender = self.connected(deadline).await?;
            let token = self.dialer.tokens.get().await.map_err(TunnelError::from)?;
            let sent = sender.send_request(request(&token)?).await;
            let answer = match sent {
                Ok(response) => checked(response).await,
                Err(_) if sender.is_closed() => continue,
                Err(_) => return Err(TunnelError::Lost.into()),
            };
            match answer {
                Err(TunnelError::Refused { status: StatusCode::UNAUTHORIZED, body }) => {
                    let renewed = self.dialer.tokens.renew(&token).await;
                    let Some(token) = renewed.map_err(TunnelError::from)? else {
                        let status = StatusCode::UNAUTHORIZED;
                        return Err(TunnelError::Refused { status, body }.into());
                    };
                    let sent = sender.send_request(request(&token)?).await;
                    return Ok(checked(sent.map_err(|_| TunnelError::Lost)?).await?);
                }
                answer => return Ok(answer?),
            }
        }
    }

    async fn connected(&self, deadline: Instant) -> Result<Sender, Arc<TunnelError>> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| match state {
            State::Connecting => false,
            State::Failed(_) => true,
            State::Up(sender) => !sender.is_closed(),
        });
        match tokio::time::timeout_at(deadline, settled).await {
            Ok(Ok(state)) => match &*state {
                State::Up(sender) => Ok(sender.clone()),
                State::Failed(error) => Err(Arc::clone(error)),
                State::Connecting => Err(TunnelError::Lost.into()),
            },
            _ => Err(TunnelError::Lost.into()),
        }
    }
}

/// The response, unless it is a refusal.
async fn checked(response: Response<Incoming>) -> Result<Response<Incoming>, TunnelError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = Limited::new(response.into_body(), MAX_REFUSAL_BYTES).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    Err(TunnelError::Refused { status, body })
}

/// Connects, and connects again, until nobody holds the tunnel any more.
async fn keep_connected(dialer: Dialer, state: watch::Sender<State>) {
    let [shortest, longest] = PAUSES;
    let mut pause = shortest;
    let mut was_up = false;
    while !state.is_closed() {
        match dialer.dial().await {
            Ok((sender, connection)) => {
                (pause, was_up) = (shortest, true);
                // Before anybody can ask for a stream, so that nothing of it is missed.
                events::follow(dialer.clone(), sender.clone()).await;
                state.send_replace(State::Up(sender));
                until_unused(&state, connection).await;
                state.send_replace(State::Connecting);
            }
            Err(error) => {
                if !was_up || error.is_unauthorized() {
                    state.send_replace(State::Failed(error.into()));
                }
                until_unused(&state, tokio::time::sleep(pause)).await;
                pause = (pause * 2).min(longest);
            }
        }
    }
}

async fn until_unused(state: &watch::Sender<State>, end: impl Future<Output = ()>) {
    tokio::select! {
        () = state.closed() => {}
        () = end => {}
    }
}
