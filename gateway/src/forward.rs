//! Sends a permitted, recorded request to its cluster, impersonating the caller. What comes back
//! is unmasked, and of a type that only the mask stage can turn into an answer.

mod connect;
mod headers;
mod log_limit;
mod own;
mod pool;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use kguard::kube::media::{self, ContentType, NotAcceptable};
use kguard::kube::request_info::{RequestInfo, Verb};
use kguard::kube::status::Reason;
use kguard::kube::target::is_on;
use kguard::mask::MaskRules;

pub use connect::{ConnectError, Endpoint, EndpointError};
pub use headers::Anonymous;
pub use own::{DryRun, ReadError, browse, dry_run, list, read, read_as, review};
pub use pool::{Pool, PooledBody, SendError};

use self::pool::Outgoing;
use crate::cluster::Cluster;
use crate::decide::{Permit, Shown, Subject};
use crate::entry::Committed;
use crate::live::{Bond, LiveObjects, Seen};
use crate::request::{KubeRequest, Upgrade};
use crate::review;
use crate::streams::Opened;

/// How long the API server may take to begin an answer that is not long-running; a little more
/// than it allows itself (60 s).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(65);

/// How often a change is sent whose object changes meanwhile.
const ATTEMPTS: u32 = 5;

/// What an API server answered, with everything that masking needs to know.
///
/// It has no way to a client: its fields are for the mask stage alone.
pub struct Unmasked {
    pub(crate) answer: Answer,
    pub(crate) about: About,
    pub(crate) committed: Committed,
    /// What is to become of it if it is an upgrade.
    pub(crate) opened: Option<Opened>,
}

impl Unmasked {
    /// The status of an ordinary answer.
    pub(crate) fn code(&self) -> Option<StatusCode> {
        match &self.answer {
            Answer::Response(response) => Some(response.status()),
            Answer::Upgrade(..) | Answer::Watch(..) => None,
        }
    }

    /// Another answer in its place, masked like any.
    #[must_use]
    pub(crate) fn instead(self, response: http::Response<PooledBody>) -> Self {
        Self { answer: Answer::Response(response), ..self }
    }
}

/// The two kinds of answer.
pub(crate) enum Answer {
    /// An ordinary response.
    Response(http::Response<PooledBody>),
    /// The API server's agreement to an upgrade, and the client's half of it.
    Upgrade(http::Response<PooledBody>, Upgrade),
    /// The events of a watch, for a client that wants them over WebSocket.
    Watch(http::Response<PooledBody>, Upgrade),
}

/// What was asked for, by whom.
pub(crate) struct About {
    pub(crate) info: Arc<RequestInfo>,
    pub(crate) shown: Shown,
    /// The content type to label the JSON answer with, if the client wants another label.
    pub(crate) label: Option<ContentType>,
    /// Whether the answer is to be said in protobuf.
    pub(crate) in_protobuf: bool,
    pub(crate) cluster: String,
    /// Whether somebody may be typing into it.
    pub(crate) is_interactive: bool,
    /// Of a masked log, how many bytes the client wants.
    pub(crate) log_limit: Option<usize>,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// The caller cannot be impersonated; a fault of the gateway's own.
    #[error(transparent)]
    Anonymous(#[from] Anonymous),
    /// The entry is another request's; a fault of the gateway's own.
    #[error("the committed entry is for another request")]
    Entry,
    /// The cluster answered with more than is ever read.
    #[error("cluster `{cluster}` answered with more than kguard reads")]
    Long {
        /// The cluster.
        cluster: String,
    },
    /// What it was approved for is not there any more.
    #[error(
        "the object that this was approved for is another one by now, so it was not sent; try again, and it will be held for the one that is there"
    )]
    Moved,
    /// The client takes nothing that can be masked.
    #[error("the client accepts no media type in which kguard can mask the answer; accept JSON")]
    NotAcceptable,
    /// The cluster switched to a protocol that nobody asked for.
    #[error("cluster `{cluster}` switched to another protocol than it was asked for")]
    Protocol {
        /// The cluster.
        cluster: String,
    },
    /// The cluster did not answer.
    #[error("cluster `{cluster}`: {source}")]
    Send {
        /// The cluster.
        cluster: String,
        /// Why.
        source: SendError,
    },
    /// The cluster took too long.
    #[error("cluster `{cluster}` did not answer in time")]
    Timeout {
        /// The cluster.
        cluster: String,
    },
}

impl ForwardError {
    /// What it is to the client.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Anonymous(_) | Self::Entry => Reason::InternalError,
            Self::Moved => Reason::Conflict,
            Self::NotAcceptable => Reason::NotAcceptable,
            Self::Long { .. } | Self::Protocol { .. } | Self::Send { .. } => Reason::BadGateway,
            Self::Timeout { .. } => Reason::Timeout,
        }
    }
}

/// Sends a request. Takes the permit and the entry by value: each is good for one request.
pub async fn send(
    cluster: &Cluster,
    (permit, opened): (Permit, Option<Opened>),
    committed: Committed,
) -> Result<Unmasked, ForwardError> {
    if committed.id() != permit.subject().request().id {
        return Err(ForwardError::Entry);
    }
    match ask(cluster, permit).await {
        Ok((answer, about)) => Ok(Unmasked { answer, about, committed, opened }),
        Err(error) => {
            committed.unanswered(error.reason().code(), &error.to_string());
            Err(error)
        }
    }
}

async fn ask(cluster: &Cluster, permit: Permit) -> Result<(Answer, About), ForwardError> {
    let (subject, bond) = permit.spend();
    let (caller, mut request, shown) = subject.into_parts();
    let failed = |source| ForwardError::Send { cluster: cluster.name().to_owned(), source };
    let authorization = cluster.pool().endpoint().authorization().await;
    let authorization = authorization.map_err(|error| failed(error.into()))?;
    let identity = headers::identity(&caller, request.id, authorization)?;
    let log_limit = log_limit::take(&mut request, &shown);
    let Asking { accept, label, in_protobuf } = negotiate(&request, &shown.masks)?;
    let outgoing = Outgoing {
        headers: headers::of_request(&mut request, identity, accept),
        method: request.method.clone(),
        target: target(&request),
        body: body(&request, bond.as_ref()),
    };
    let live = LiveObjects::of(cluster, &caller);
    // Right before it is sent: what the API server does not hold it to.
    if let Some(bond) = &bond
        && !Box::pin(live.is_still(&request.info, bond)).await
    {
        return Err(ForwardError::Moved);
    }
    let mut upgrade = request.upgrade.take();
    let socket = upgrade.take_if(|upgrade| upgrade.watch.is_some());
    let long = request.info.is_long_running();
    let answer = match upgrade {
        Some(upgrade) => {
            let response =
                Box::pin(cluster.pool().send_upgrade(&outgoing)).await.map_err(failed)?;
            upgraded(response, upgrade).map_err(|OtherProtocol| ForwardError::Protocol {
                cluster: cluster.name().to_owned(),
            })?
        }
        None if long => {
            Answer::Response(Box::pin(cluster.pool().send_long(&outgoing)).await.map_err(failed)?)
        }
        None => match bond {
            Some(Bond::Version(seen)) => {
                Answer::Response(Box::pin(bound(cluster, &live, (&request, seen), outgoing)).await?)
            }
            _ => Answer::Response(short(cluster, &outgoing).await?),
        },
    };
    let answer = match (answer, socket) {
        (Answer::Response(response), Some(socket)) if response.status() == StatusCode::OK => {
            Answer::Watch(response, socket)
        }
        (answer, _) => answer,
    };
    if let Answer::Response(response) = &answer
        && response.status().is_informational()
    {
        return Err(ForwardError::Protocol { cluster: cluster.name().to_owned() });
    }
    Ok((answer, About { log_limit, ..about(cluster, request, shown, (label, in_protobuf)) }))
}

/// Sends a request that is answered soon.
async fn short(
    cluster: &Cluster,
    outgoing: &Outgoing,
) -> Result<http::Response<PooledBody>, ForwardError> {
    let name = || cluster.name().to_owned();
    let sent = tokio::time::timeout(ANSWER_TIMEOUT, cluster.pool().send(outgoing)).await;
    let sent = sent.map_err(|_| ForwardError::Timeout { cluster: name() })?;
    sent.map_err(|source| ForwardError::Send { cluster: name(), source })
}

/// Sends a change that is bound to the version that was decided on. If the object is another version
/// by now, and everything that the decision has seen is still so, it is sent once more: controllers
/// write into objects all the time, and the API server would do the same with a patch.
async fn bound(
    cluster: &Cluster,
    live: &LiveObjects<'_>,
    (request, mut seen): (&KubeRequest, Seen),
    mut outgoing: Outgoing,
) -> Result<http::Response<PooledBody>, ForwardError> {
    for _ in 1..ATTEMPTS {
        let response = short(cluster, &outgoing).await?;
        if response.status() != StatusCode::CONFLICT {
            return Ok(response);
        }
        let again = live.again(request, &seen).await;
        // Of the same version, it conflicts with something else.
        let Some(again) = again.filter(|again| again.object != seen.object) else {
            return Ok(response);
        };
        seen = again;
        outgoing.body = bound_body(request, &seen);
    }
    short(cluster, &outgoing).await
}

fn body(request: &KubeRequest, bond: Option<&Bond>) -> Bytes {
    match bond {
        Some(Bond::Version(seen)) => bound_body(request, seen),
        Some(Bond::Absent | Bond::Same { .. }) | None => request.payload.to_bytes(),
    }
}

/// Where the client binds it to something else itself, that stays, and the API server refuses it.
fn bound_body(request: &KubeRequest, seen: &Seen) -> Bytes {
    match request.bound_to(&seen.object) {
        Ok(bound) => bound.to_bytes(),
        Err(_) => request.payload.to_bytes(),
    }
}

/// Answers a request that is not sent: with what the API server said to a dry run of it that it would
/// refuse, or with what a plan makes of it.
pub fn refuse(
    cluster: &Cluster,
    subject: Subject,
    response: http::Response<PooledBody>,
    committed: Committed,
) -> Result<Unmasked, ForwardError> {
    let (_, request, shown) = subject.into_parts();
    let Asking { label, in_protobuf, .. } = negotiate(&request, &shown.masks)?;
    let about = about(cluster, request, shown, (label, in_protobuf));
    Ok(Unmasked { answer: Answer::Response(response), about, committed, opened: None })
}

fn about(
    cluster: &Cluster,
    request: KubeRequest,
    shown: Shown,
    (label, in_protobuf): (Option<ContentType>, bool),
) -> About {
    let asks = |name| is_on(request.query.pairs(), name);
    let is_interactive = asks("tty") || asks("stdin");
    let cluster = cluster.name().to_owned();
    let log_limit = None;
    About { info: request.info, shown, label, in_protobuf, cluster, is_interactive, log_limit }
}

/// What to ask for, so that the answer can be masked: JSON, wherever an object can come back.
fn negotiate(request: &KubeRequest, masks: &MaskRules) -> Result<Asking, ForwardError> {
    let opaque = request.info.is_stream() || matches!(request.info.subresource(), "log" | "proxy");
    let read_here = !masks.is_empty() || review::is_review(&request.info);
    if !read_here || opaque || request.info.resource.is_none() {
        return Ok(Asking::default());
    }
    let accept = request.headers.get(http::header::ACCEPT).and_then(|value| value.to_str().ok());
    let watch = request.info.verb == Verb::Watch;
    let negotiated =
        media::negotiate(accept, watch).map_err(|NotAcceptable| ForwardError::NotAcceptable)?;
    let accept = HeaderValue::from_str(&negotiated.upstream_accept)
        .map_err(|_| ForwardError::NotAcceptable)?;
    let resource = request.info.resource.as_ref();
    let is_sayable = resource.is_some_and(|of| {
        of.api_group.is_empty()
            && of.subresource.is_empty()
            && matches!(of.resource.as_str(), "configmaps" | "secrets")
    });
    let in_protobuf = is_sayable && negotiated.insists_on_protobuf;
    Ok(Asking { accept: Some(accept), label: negotiated.label, in_protobuf })
}

/// What the API server is asked for, and what becomes of its answer.
#[derive(Default)]
struct Asking {
    accept: Option<HeaderValue>,
    label: Option<ContentType>,
    in_protobuf: bool,
}

struct OtherProtocol;

/// Bytes are relayed only if the API server itself switched to just the protocol that was asked
/// for. Whatever else it says is an ordinary answer.
fn upgraded(
    response: http::Response<PooledBody>,
    client: Upgrade,
) -> Result<Answer, OtherProtocol> {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Answer::Response(response));
    }
    let protocol = response.headers().get(http::header::UPGRADE);
    let wanted = client.protocol.as_bytes();
    if protocol.is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(wanted)) {
        Ok(Answer::Upgrade(response, client))
    } else {
        Err(OtherProtocol)
    }
}

fn target(request: &KubeRequest) -> String {
    match request.query.encode() {
        query if query.is_empty() => request.info.path.clone(),
        query => format!("{}?{query}", request.info.path),
    }
}
