//! Masks an answer: the only way from [`Unmasked`] to something that a client can be given.

mod held_text;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, WARNING};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::Full;
use hyper::body::{Body, Frame};
use kguard::kube::media::ContentType;
use kguard::kube::protobuf;
use kguard::kube::request_info::{RequestInfo, ResourceInfo, Verb};
use kguard::mask::{Context, MAX_ELEMENT_BYTES, MaskError, Masker, PlaceholderKey, Shape};

use self::held_text::HeldText;
use crate::answer_body::AnswerBody;
use crate::entry::Closing;
use crate::forward::{About, Answer, PooledBody, Unmasked};
use crate::record::TrailUnavailable;
use crate::request::Upgrade;
use crate::stream;
use crate::streams::{Opened, Streams};
use crate::watch_socket;

/// What is read ahead before the head of an answer is sent, so that an answer that cannot be
/// masked is a clean 502 and not a broken body.
const READ_AHEAD_BYTES: usize = 32 * 1024;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// Response headers that are passed on. What an API server says besides is its own business.
const PASSED: [&str; 11] = [
    "audit-id",
    "cache-control",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "retry-after",
    "vary",
    "x-content-type-options",
    "x-kubernetes-pf-flowschema-uid",
    "x-kubernetes-pf-prioritylevel-uid",
];

/// An answer that may be given to the client. Made here alone.
pub struct Masked {
    response: http::Response<AnswerBody>,
}

impl Masked {
    /// The response, for the client.
    pub fn into_response(self) -> http::Response<AnswerBody> {
        self.response
    }
}

/// Why an answer cannot be given to the client.
#[derive(Debug, thiserror::Error)]
pub enum UnmaskableError {
    /// The connection broke while the answer was read.
    #[error("cluster `{cluster}` broke off its answer")]
    Broken {
        /// The cluster.
        cluster: String,
    },
    /// It is in no format that kguard can look into.
    #[error("the answer of cluster `{cluster}` is not JSON, so kguard cannot mask it")]
    MediaType {
        /// The cluster.
        cluster: String,
    },
    /// It is not what it says it is.
    #[error("kguard cannot mask the answer of cluster `{cluster}`: {source}")]
    Mask {
        /// The cluster.
        cluster: String,
        /// Why.
        source: MaskError,
    },
    /// It has something that has no place in protobuf.
    #[error(
        "the answer of cluster `{cluster}` cannot be masked in protobuf; accept application/json"
    )]
    Protobuf {
        /// The cluster.
        cluster: String,
    },
    /// It is an upgrade to something that kguard does not speak.
    #[error("cluster `{cluster}` chose a protocol for the stream that kguard does not speak")]
    Stream {
        /// The cluster.
        cluster: String,
    },
    /// Its entry could not be made durable.
    #[error(transparent)]
    Trail(#[from] TrailUnavailable),
}

/// Masks. Waits for the entry to be durable first: no answer without a record.
pub async fn mask(
    unmasked: Unmasked,
    (key, streams): (&PlaceholderKey, &Arc<Streams>),
) -> Result<Masked, UnmaskableError> {
    let Unmasked { answer, about, committed, opened } = unmasked;
    let mut closing = committed.durable().await?;
    let (response, socket) = match answer {
        Answer::Upgrade(response, client) => {
            return joined((response, client), &about, (opened, streams), closing);
        }
        Answer::Response(response) => (response, None),
        Answer::Watch(response, socket) => (response, Some(socket)),
    };
    drop(opened);
    let (mut parts, body) = response.into_parts();
    closing.code(parts.status);
    let masking = match context(&about, &parts.headers, parts.status, key) {
        Ok(Some(context)) => Masking::Objects(Box::new(Masker::new(context))),
        Ok(None) => match about.shown.text.as_ref().filter(|_| is_log(&about, parts.status)) {
            Some(plan) => Masking::Text(Box::new(HeldText::new(plan.masker(), about.log_limit))),
            None => Masking::None,
        },
        Err(error) => {
            closing.code(StatusCode::BAD_GATEWAY);
            closing.failed(&error);
            return Err(error);
        }
    };
    let is_passed = matches!(masking, Masking::None);
    let withheld = is_passed && is_maskable(&about, parts.status);
    parts.headers = headers(&about, parts.headers, !is_passed || withheld);
    let mut body = MaskedBody::new((!withheld).then_some(body), masking, closing);
    if shape(&about.info, parts.status) != Shape::Watch {
        body.read_ahead().await.map_err(|error| error.of(&about.cluster))?;
    }
    if about.in_protobuf && !is_passed {
        return Ok(Masked { response: said_in_protobuf(parts, body, &about.cluster).await? });
    }
    if let Some(Upgrade { client, watch: Some(handshake), .. }) = socket {
        body.closing.code(StatusCode::SWITCHING_PROTOCOLS);
        return Ok(Masked { response: watch_socket::open(handshake, client, body) });
    }
    Ok(Masked { response: http::Response::from_parts(parts, AnswerBody::new(body)) })
}

/// The answer for a client that takes protobuf and nothing else, made of the masked JSON as a whole.
async fn said_in_protobuf(
    mut parts: http::response::Parts,
    mut body: MaskedBody,
    cluster: &str,
) -> Result<http::Response<AnswerBody>, UnmaskableError> {
    let whole = body.whole().await.map_err(|error| error.of(cluster))?;
    let object = serde_json::from_slice(&whole).ok();
    let Some(said) = object.and_then(|object| protobuf::answer(&object).ok()) else {
        let error = UnmaskableError::Protobuf { cluster: cluster.to_owned() };
        body.closing.code(StatusCode::BAD_GATEWAY);
        body.closing.failed(&error);
        return Err(error);
    };
    body.closing.sent(said.len());
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROTOBUF));
    Ok(http::Response::from_parts(parts, AnswerBody::new(Full::from(said))))
}

/// The answer to an upgrade, behind which its stream begins.
fn joined<B>(
    (response, client): (http::Response<B>, Upgrade),
    about: &About,
    (opened, streams): (Option<Opened>, &Arc<Streams>),
    mut closing: Closing,
) -> Result<Masked, UnmaskableError> {
    let (Some(opened), Some(id)) = (opened, closing.id()) else {
        return Err(UnmaskableError::Stream { cluster: about.cluster.clone() });
    };
    let Some(protocol) = stream::protocol(&response, &client) else {
        let error = UnmaskableError::Stream { cluster: about.cluster.clone() };
        closing.code(StatusCode::BAD_GATEWAY);
        closing.failed(&error);
        return Err(error);
    };
    closing.code(response.status());
    let session = streams.begin(opened, id);
    let plan = about.shown.text.clone();
    let masking = stream::Masking { plan, is_interactive: about.is_interactive };
    let response = stream::join(response, (client, protocol), (session, masking), closing);
    Ok(Masked { response })
}

/// What masking the answer needs to know; none if no mask can apply to it.
fn context(
    about: &About,
    headers: &HeaderMap,
    status: StatusCode,
    key: &PlaceholderKey,
) -> Result<Option<Context>, UnmaskableError> {
    let info = &about.info;
    let Some(resource) = info.resource.as_ref().filter(|_| !about.shown.masks.is_empty()) else {
        return Ok(None);
    };
    if info.is_proxy() || is_log(about, status) {
        return Ok(None);
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.and_then(ContentType::parse).is_some_and(|of| of.is_json()) {
        // An empty answer has nothing to mask; anything else is not understood.
        let empty = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || headers.get(CONTENT_LENGTH).is_some_and(|length| length == "0");
        let cluster = about.cluster.clone();
        return if empty || is_own_error(content_type, status) {
            Ok(None)
        } else {
            Err(UnmaskableError::MediaType { cluster })
        };
    }
    Ok(Some(Context {
        rules: about.shown.masks.clone(),
        shape: shape(info, status),
        requested: Some(resource.clone()),
        placeholders: key.placeholders(&about.cluster, about.shown.echo.clone()),
        max_element_bytes: MAX_ELEMENT_BYTES,
    }))
}

/// Whether the answer is what a container wrote.
fn is_log(about: &About, status: StatusCode) -> bool {
    about.info.subresource() == "log" && status.is_success()
}

/// Whether masks cover what the answer is about, so that of an answer that is not masked only the
/// status and the headers are passed on. (client-go makes its own words of those.)
fn is_maskable(about: &About, status: StatusCode) -> bool {
    let is_opaque = about.info.is_proxy() || is_log(about, status);
    let resource = about.info.resource.as_ref().filter(|_| !is_opaque);
    resource.is_some_and(|resource| about.shown.masks.hide_in(resource, "").is_none())
}

/// The API server's own panics, overloads and timeouts are one line of plain text.
fn is_own_error(content_type: Option<&str>, status: StatusCode) -> bool {
    let plain = content_type
        .and_then(ContentType::parse)
        .is_some_and(|content_type| content_type.essence() == "text/plain");
    plain && (status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS)
}

fn shape(info: &RequestInfo, status: StatusCode) -> Shape {
    match info.verb {
        _ if !status.is_success() => Shape::Object,
        Verb::DeleteCollection | Verb::List => Shape::List,
        Verb::Watch => Shape::Watch,
        _ => Shape::Object,
    }
}

fn headers(about: &About, mut from: HeaderMap, masked: bool) -> HeaderMap {
    if about.info.is_proxy() {
        for name in ["connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"]
        {
            from.remove(name);
        }
        return from;
    }
    let mut headers = HeaderMap::new();
    for (name, value) in from.iter().filter(|(name, _)| PASSED.contains(&name.as_str())) {
        headers.append(name, value.clone());
    }
    if !masked {
        headers.extend(from.remove(CONTENT_LENGTH).map(|length| (CONTENT_LENGTH, length)));
    }
    // A warning on a masked resource can quote it, as that of a TLS Secret does.
    let subject = about.info.resource.as_ref();
    for value in from.get_all(WARNING) {
        headers.extend(warning(about, subject, value).map(|value| (WARNING, value)));
    }
    let label = about.label.as_ref().filter(|_| masked);
    if let Some(Ok(label)) = label.map(|label| HeaderValue::from_str(label.essence())) {
        headers.insert(CONTENT_TYPE, label);
    }
    headers
}

fn warning(
    about: &About,
    subject: Option<&ResourceInfo>,
    value: &HeaderValue,
) -> Option<HeaderValue> {
    let Some(resource) = subject else { return Some(value.clone()) };
    let hidden = about.shown.masks.hide_in(resource, value.to_str().ok()?)?;
    HeaderValue::from_str(&hidden).ok()
}

/// What is done to a body.
enum Masking {
    /// Nothing.
    None,
    /// It is made of objects.
    Objects(Box<Masker>),
    /// It is what a container wrote.
    Text(Box<HeldText>),
}

/// A body on its way to the client. Ends its entry when it ends or is dropped.
pub struct MaskedBody {
    from: Option<PooledBody>,
    masking: Masking,
    ready: Option<Bytes>,
    closing: Closing,
}

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The upstream connection broke.
    #[error("the cluster broke off its answer")]
    Broken,
    /// What came cannot be masked.
    #[error("the answer cannot be masked: {0}")]
    Mask(#[from] MaskError),
}

impl BodyError {
    fn of(self, cluster: &str) -> UnmaskableError {
        let cluster = cluster.to_owned();
        match self {
            Self::Broken => UnmaskableError::Broken { cluster },
            Self::Mask(source) => UnmaskableError::Mask { cluster, source },
        }
    }
}

impl MaskedBody {
    fn new(from: Option<PooledBody>, masking: Masking, closing: Closing) -> Self {
        Self { from, masking, ready: None, closing }
    }

    /// Reads until something can be sent, so that errors at the start are found before the head
    /// of the answer is gone.
    async fn read_ahead(&mut self) -> Result<(), BodyError> {
        if !matches!(self.masking, Masking::Objects(_)) {
            return Ok(());
        }
        let mut ahead = Vec::new();
        while ahead.len() < READ_AHEAD_BYTES {
            match self.next().await {
                Some(Ok(bytes)) => ahead.extend_from_slice(&bytes),
                Some(Err(error)) => {
                    self.closing.code(StatusCode::BAD_GATEWAY);
                    return Err(error);
                }
                None => break,
            }
        }
        self.ready = Some(ahead.into());
        Ok(())
    }

    /// All of it, up to what one object may take.
    async fn whole(&mut self) -> Result<Vec<u8>, BodyError> {
        let mut whole = self.ready.take().map(Vec::from).unwrap_or_default();
        while let Some(bytes) = self.next().await {
            whole.extend_from_slice(&bytes?);
            if whole.len() > MAX_ELEMENT_BYTES {
                return Err(MaskError::TooLarge { limit_bytes: MAX_ELEMENT_BYTES }.into());
            }
        }
        Ok(whole)
    }

    async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| self.poll_bytes(cx)).await
    }

    /// The next bytes that may be sent.
    fn poll_bytes(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            let Some(from) = &mut self.from else { return Poll::Ready(None) };
            let mut out = Vec::new();
            let frame = match Pin::new(from).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(_))) => return self.fail(BodyError::Broken),
                Poll::Ready(None) => return self.end(),
                Poll::Pending => {
                    if let Masking::Text(text) = &mut self.masking {
                        text.poll_release(cx, &mut out);
                    }
                    if out.is_empty() {
                        return Poll::Pending;
                    }
                    self.stop_at_limit();
                    return Poll::Ready(Some(Ok(out.into())));
                }
            };
            let Ok(data) = frame.into_data() else { continue };
            match &mut self.masking {
                Masking::None => return Poll::Ready(Some(Ok(data))),
                Masking::Objects(masker) => {
                    if let Err(error) = masker.push(&data, &mut out) {
                        return self.fail(error.into());
                    }
                }
                Masking::Text(text) => text.push(&data, &mut out),
            }
            self.stop_at_limit();
            if !out.is_empty() {
                return Poll::Ready(Some(Ok(out.into())));
            }
        }
    }

    fn end(&mut self) -> Poll<Option<Result<Bytes, BodyError>>> {
        self.from = None;
        let mut out = Vec::new();
        match std::mem::replace(&mut self.masking, Masking::None) {
            Masking::None => {}
            Masking::Objects(masker) => match masker.finish() {
                Ok(report) => self.closing.masked(report),
                Err(error) => return self.fail(error.into()),
            },
            Masking::Text(text) => self.closing.masked(text.finish(&mut out)),
        }
        Poll::Ready((!out.is_empty()).then(|| Ok(out.into())))
    }

    /// Lets go of the cluster's connection once the client has as much of a log as it wants: the
    /// program may go on for ever.
    fn stop_at_limit(&mut self) {
        if matches!(&self.masking, Masking::Text(text) if text.is_enough()) {
            // What is left is nothing.
            let _ = self.end();
        }
    }

    fn fail(&mut self, error: BodyError) -> Poll<Option<Result<Bytes, BodyError>>> {
        self.from = None;
        self.masking = Masking::None;
        self.closing.failed(&error);
        Poll::Ready(Some(Err(error)))
    }
}

/// A client that has read enough of a log has seen what was masked until then.
impl Drop for MaskedBody {
    fn drop(&mut self) {
        if let Masking::Text(text) = std::mem::replace(&mut self.masking, Masking::None) {
            self.closing.masked(text.finish(&mut Vec::new()));
        }
    }
}

impl Body for MaskedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let next = match self.ready.take().filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => Some(Ok(bytes)),
            None => std::task::ready!(self.poll_bytes(cx)),
        };
        if let Some(Ok(bytes)) = &next {
            let length = bytes.len();
            self.closing.sent(length);
        }
        Poll::Ready(next.map(|result| result.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.from.is_none() && self.ready.is_none()
    }
}
