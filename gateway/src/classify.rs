//! Reads an HTTP request as the API server will read it, and keeps nothing of it but what was
//! understood: a canonical target, a parsed body, the headers that are known to be harmless.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::{
    ACCEPT, CONNECTION, CONTENT_TYPE, HeaderName, IF_NONE_MATCH, UPGRADE, USER_AGENT,
};
use http::request::Parts;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use kguard::kube::delete_options::{DeleteOptions, InvalidOptions, QUERY_KEYS};
use kguard::kube::impersonation::{Impersonation, InvalidImpersonation};
use kguard::kube::json_patch::{self, InvalidPointer};
use kguard::kube::protobuf::{self, Malformed};
use kguard::kube::request_info::{RequestInfo, Unreadable, Verb};
use kguard::kube::target::{Query, Target, TargetError};
use kguard::kube::{strict_json, strict_yaml};
use kguard::mask::placeholder;
use uuid::Uuid;

use crate::bodies::{MAX_BODY_BYTES, Taken};
use crate::request::{JSON_PATCH, KubeRequest, Payload, Upgrade};
use crate::watch_socket::Handshake;

/// A body that takes a millisecond or more to read.
const LARGE_BYTES: usize = 64 * 1024;

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_mins(1);

/// Headers that are passed on. What is not here does not reach the API server: credentials,
/// front-proxy identities, `X-Forwarded-*`, whatever `Connection` nominates.
const PASSED: [HeaderName; 5] = [
    ACCEPT,
    IF_NONE_MATCH,
    USER_AGENT,
    HeaderName::from_static("kubectl-command"),
    HeaderName::from_static("kubectl-session"),
];

/// Headers of an upgrade's handshake, passed on for exec, attach and port-forward alone.
const PASSED_UPGRADING: [HeaderName; 3] = [
    HeaderName::from_static("sec-websocket-key"),
    HeaderName::from_static("sec-websocket-version"),
    HeaderName::from_static("x-stream-protocol-version"),
];

const SEC_WEBSOCKET_PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");

/// A subprotocol that is really a bearer token, and authenticates upstream
/// (k8s.io/apiserver `pkg/authentication/request/websocket/protocol.go`).
const BEARER_SUBPROTOCOL: &str = "base64url.bearer.authorization.k8s.io.";

/// Subprotocols in which the same is said in base64. The events of a watch are not.
const BASE64: &str = "base64.";

/// Why a request is not understood. All of it is the client's doing.
#[derive(Debug, thiserror::Error)]
pub enum Unclassified {
    /// The body broke off.
    #[error("the request body could not be read")]
    Body,
    /// The delete options make no sense.
    #[error(transparent)]
    DeleteOptions(#[from] InvalidOptions),
    /// As whom the client asks to act has two readings. Dropping the headers would run the request
    /// as the caller himself, which is not what was asked for.
    #[error(transparent)]
    Impersonation(#[from] InvalidImpersonation),
    /// The body is not the JSON that it says it is.
    #[error(transparent)]
    Json(#[from] strict_json::Invalid),
    /// A content type that the API server does not take, or that cannot be read here.
    #[error("the content type is not supported; send JSON, YAML or Kubernetes protobuf")]
    MediaType,
    /// The body is not the protobuf that it says it is, or says something that is not known here.
    #[error("{0}, or has fields that kguard does not know; send JSON")]
    Protobuf(#[from] Malformed),
    /// A masked value is on its way back.
    #[error(
        "the request contains a value masked by kguard (`kguard:masked:…`), which cannot be written; leave that field out or give the real value"
    )]
    Placeholder,
    /// A pointer of a JSON patch has two readings.
    #[error(transparent)]
    Pointer(#[from] InvalidPointer),
    /// The body does not come.
    #[error("the request body did not arrive in time")]
    Slow,
    /// The target has two readings.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The body is too big.
    #[error("the request body is too large: the limit is {MAX_BODY_BYTES} bytes")]
    TooLarge,
    /// No API server has a route for it, or its effect is unknown.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// An upgrade where none is offered.
    #[error("this path cannot be upgraded to another protocol")]
    Upgrade,
    /// The body is not the YAML that it says it is.
    #[error(transparent)]
    Yaml(#[from] strict_yaml::Invalid),
}

/// What a request asks for, known before its body is read.
#[derive(Debug)]
pub struct Head {
    method: Method,
    info: RequestInfo,
    query: Query,
    headers: HeaderMap,
    media_type: Option<String>,
    impersonation: Option<Box<Impersonation>>,
    upgrade: Option<Upgrade>,
    room: Option<Arc<Taken>>,
}

/// Reads everything but the body. `path` is the path at the cluster, without any prefix of ours.
pub fn head(mut parts: Parts, path: &str) -> Result<Head, Unclassified> {
    let impersonation = Impersonation::read(&parts.headers)?.map(Box::new);
    let target = Target::parse(path, parts.uri.query())?;
    let info = RequestInfo::read(&parts.method, &target)?;
    let upgrade = upgrade(&mut parts, &info)?;
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Ok(Head {
        media_type: media_type.map(str::to_owned),
        headers: if info.is_proxy() {
            proxied_headers(&parts.headers)
        } else {
            passed_headers(&parts.headers, upgrade.is_some() && info.is_stream())
        },
        query: target.query().clone(),
        method: parts.method,
        info,
        impersonation,
        upgrade,
        room: None,
    })
}

/// Reads a body that will not be looked at, as far as one may be sent.
pub async fn discard<B: Body>(body: B) {
    let mut left = MAX_BODY_BYTES;
    let mut body = pin!(body);
    let read = async {
        while let Some(Ok(frame)) = body.frame().await {
            let Some(data) = frame.data_ref() else { continue };
            let Some(rest) = left.checked_sub(data.remaining()) else { return };
            left = rest;
        }
    };
    let _ = tokio::time::timeout(BODY_TIMEOUT, read).await;
}

impl Head {
    /// With the room that its body takes: it is given back when nothing of the body is left anywhere, not
    /// when the client has gone.
    #[must_use]
    pub fn in_room(self, room: Taken) -> Self {
        Self { room: Some(Arc::new(room)), ..self }
    }

    /// The request in the API server's terms.
    pub fn info(&self) -> &RequestInfo {
        &self.info
    }

    /// Reads the body, and with it the whole request.
    pub async fn with_body<B>(self, id: Uuid, body: B) -> Result<KubeRequest, Unclassified>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let body = Limited::new(body, MAX_BODY_BYTES).collect();
        let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
            Err(_) => return Err(Unclassified::Slow),
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Unclassified::TooLarge),
            Ok(Err(_)) => return Err(Unclassified::Body),
        };
        self.read_in_turn(id, body).await
    }

    async fn read_in_turn(self, id: Uuid, body: Bytes) -> Result<KubeRequest, Unclassified> {
        if body.len() < LARGE_BYTES {
            return self.read(id, body);
        }
        // What is long must not hold up all that its thread serves besides.
        let read = tokio::task::spawn_blocking(move || self.read(id, body)).await;
        read.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn read(self, id: Uuid, body: Bytes) -> Result<KubeRequest, Unclassified> {
        let is_marked = placeholder::contains_placeholder(&body);
        let (query, payload) = self.payload(body)?;
        let returns_masked = match &payload {
            // YAML has more ways to spell a placeholder than JSON (`"\x6bguard…"`), so it is looked
            // for once more in what was read.
            Payload::Json { value, .. } => {
                is_marked || placeholder::contains_placeholder(value.to_string().as_bytes())
            }
            // Nothing here can put the value back where it was.
            _ if is_marked => return Err(Unclassified::Placeholder),
            _ => false,
        };
        let Self { method, info, headers, impersonation, upgrade, room, .. } = self;
        let info = info.into();
        Ok(KubeRequest {
            id,
            method,
            info,
            query,
            headers,
            payload,
            impersonation,
            returns_masked,
            came: None,
            upgrade,
            room,
        })
    }

    /// The resource, if its objects hold what masks are mostly about: those are read in protobuf, too,
    /// and sent on as JSON.
    fn masked_kind(&self) -> Option<&str> {
        let of = self.info.resource.as_ref()?;
        let is_core =
            of.api_group.is_empty() && of.api_version == "v1" && of.subresource.is_empty();
        let is_read = matches!(of.resource.as_str(), "configmaps" | "secrets");
        (is_core && is_read).then_some(of.resource.as_str())
    }

    fn payload(&self, body: Bytes) -> Result<(Query, Payload), Unclassified> {
        let media_type = self.media_type.as_deref().unwrap_or("application/json");
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let query = self.query.clone();
        let payload = match self.info.verb {
            _ if self.info.is_proxy() => {
                Payload::Opaque { media_type: self.media_type.clone(), bytes: body }
            }
            Verb::Delete | Verb::DeleteCollection => {
                let options = delete_options(essence, &body, &query)?;
                return Ok((query.without(QUERY_KEYS), Payload::Delete(options)));
            }
            Verb::Patch => patch(essence, &body)?,
            Verb::Create | Verb::Update if !body.is_empty() => match self.masked_kind() {
                Some(resource) if is_protobuf(essence) => Payload::Json {
                    media_type: "application/json",
                    value: protobuf::object(resource, &body)?.ok_or(Unclassified::MediaType)?,
                },
                _ => object(essence, body)?,
            },
            _ => Payload::Empty,
        };
        Ok((query, payload))
    }
}

/// Unlike a patch's, an object's type may be in any case (RFC 9110, 8.3.1).
fn is_protobuf(essence: &str) -> bool {
    essence.eq_ignore_ascii_case(PROTOBUF)
}

fn delete_options(
    essence: &str,
    body: &Bytes,
    query: &Query,
) -> Result<DeleteOptions, Unclassified> {
    Ok(match object(essence, body.clone()) {
        _ if body.is_empty() => DeleteOptions::from_query(query)?,
        Ok(Payload::Json { value, .. }) => DeleteOptions::from_json(value)?,
        Ok(_) => DeleteOptions::from_protobuf(body)?,
        Err(error) => return Err(error),
    })
}

/// YAML is sent on as the JSON that was read from it. Unlike a patch's, an object's type may be in any case (RFC 9110, 8.3.1).
fn object(essence: &str, body: Bytes) -> Result<Payload, Unclassified> {
    let value = match essence.to_ascii_lowercase().as_str() {
        "application/json" => strict_json::parse(&body)?,
        "application/yaml" => strict_yaml::parse(&body)?,
        PROTOBUF => {
            let media_type = Some(PROTOBUF.to_owned());
            return Ok(Payload::Opaque { media_type, bytes: body });
        }
        _ => return Err(Unclassified::MediaType),
    };
    Ok(Payload::Json { media_type: "application/json", value })
}

fn patch(essence: &str, body: &Bytes) -> Result<Payload, Unclassified> {
    let media_type = patch_type(essence).ok_or(Unclassified::MediaType)?;
    let value = match media_type {
        "application/apply-patch+yaml" => strict_yaml::parse(body)?,
        _ => strict_json::parse(body)?,
    };
    if media_type == JSON_PATCH {
        json_patch::check(&value)?;
    }
    Ok(Payload::Json { media_type, value })
}

/// The API server compares a patch's type to the letter, up to a `;`
/// (k8s.io/apiserver `pkg/endpoints/handlers/patch.go`).
fn patch_type(essence: &str) -> Option<&'static str> {
    const TYPES: [&str; 4] = [
        "application/apply-patch+yaml",
        JSON_PATCH,
        "application/merge-patch+json",
        "application/strategic-merge-patch+json",
    ];
    TYPES.into_iter().find(|known| *known == essence)
}

fn upgrade(parts: &mut Parts, info: &RequestInfo) -> Result<Option<Upgrade>, Unclassified> {
    // The API server looks for `upgrade` anywhere in `Connection`, so any trace of it counts.
    let asks = parts.headers.contains_key(UPGRADE)
        || parts.headers.get_all(CONNECTION).iter().any(|value| {
            value.to_str().map_or(true, |value| value.to_ascii_lowercase().contains("upgrade"))
        });
    if !asks {
        return Ok(None);
    }
    let is_watch = info.verb == Verb::Watch && !info.is_proxy();
    let protocol = match parts.headers.get(UPGRADE).map(http::HeaderValue::as_bytes) {
        Some(name) if is_watch && name.eq_ignore_ascii_case(b"websocket") => "websocket",
        _ if !info.is_stream() => return Err(Unclassified::Upgrade),
        Some(name) if name.eq_ignore_ascii_case(b"websocket") => "websocket",
        Some(name) if name.eq_ignore_ascii_case(b"SPDY/3.1") => "SPDY/3.1",
        _ => return Err(Unclassified::Upgrade),
    };
    let watch = if is_watch {
        let offered = parts.headers.get(SEC_WEBSOCKET_PROTOCOL).and_then(in_plain_text);
        Some(Handshake::read(&parts.headers, offered.as_ref()).ok_or(Unclassified::Upgrade)?)
    } else {
        None
    };
    let client = parts.extensions.remove().ok_or(Unclassified::Upgrade)?;
    Ok(Some(Upgrade { protocol, client, watch }))
}

fn passed_headers(headers: &HeaderMap, upgrading: bool) -> HeaderMap {
    let mut passed = HeaderMap::new();
    // Of `Accept` only the first line counts upstream, so only that one is passed on.
    for name in PASSED {
        if let Some(value) = headers.get(&name) {
            passed.insert(name, value.clone());
        }
    }
    if upgrading {
        for name in PASSED_UPGRADING {
            for value in headers.get_all(&name) {
                passed.append(name.clone(), value.clone());
            }
        }
        for value in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
            if let Some(value) = without_bearer(value) {
                passed.append(SEC_WEBSOCKET_PROTOCOL, value);
            }
        }
    }
    passed
}

fn without_bearer(value: &http::HeaderValue) -> Option<http::HeaderValue> {
    subprotocols(value, |_| true)
}

fn in_plain_text(value: &http::HeaderValue) -> Option<http::HeaderValue> {
    subprotocols(value, |name| !name.contains(BASE64))
}

/// Those that are none of them a bearer token; none if nothing is left.
fn subprotocols(
    value: &http::HeaderValue,
    is_passed: impl Fn(&str) -> bool,
) -> Option<http::HeaderValue> {
    let names = value.to_str().ok()?.split(',').map(str::trim);
    let kept: Vec<_> = names
        .filter(|name| !name.is_empty() && !name.starts_with(BEARER_SUBPROTOCOL) && is_passed(name))
        .collect();
    if kept.is_empty() { None } else { kept.join(", ").parse().ok() }
}

/// The headers of a request to something behind a proxy subresource. The application may need any
/// of them, so here only what carries identity or belongs to the connection is left out.
fn proxied_headers(headers: &HeaderMap) -> HeaderMap {
    const DROPPED: [&str; 15] = [
        "audit-id",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "x-http-method-override",
    ];
    const DROPPED_PREFIXES: [&str; 4] =
        ["impersonate-", "x-remote-", "x-forwarded-", "sec-websocket-"];
    let nominated: Vec<String> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(|name| name.trim().to_ascii_lowercase()))
        .collect();
    let kept = headers.iter().filter(|(name, _)| {
        // CGI and its descendants take `_` in a header's name for `-`.
        let name = name.as_str().replace('_', "-");
        !DROPPED.contains(&name.as_str())
            && !DROPPED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && !nominated.iter().any(|of| of.replace('_', "-") == name)
    });
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests;
