//! The gateway's own requests, for its decisions: sent in the name of the one on whose request it
//! decides, so that nobody learns anything through them that he could not ask for himself.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use kguard::identity::Caller;
use kguard::kube::strict_json;
use serde_json::Value;
use uuid::Uuid;

use super::pool::{Outgoing, PooledBody};
use super::{ANSWER_TIMEOUT, headers};
use crate::cluster::Cluster;
use crate::request::KubeRequest;

/// The largest object that the gateway reads for itself.
const MAX_READ_BYTES: usize = 16 * 1024 * 1024;

const OBJECT: &str = "application/json";

/// Why the gateway could not read an object for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The answer is no object.
    #[error("the API server's answer is not an object")]
    Malformed,
    /// Something on the way does more than the API server would undo.
    #[error("an admission webhook of the cluster knows no dry runs")]
    NoDryRun,
    /// 404.
    #[error("it does not exist")]
    NotFound,
    /// 401 or 403, to the caller.
    #[error("the caller may not read it")]
    Refused,
    /// No answer, or an error.
    #[error("the API server could not be asked for it")]
    Unavailable,
}

/// What the API server would do with a request.
pub enum DryRun {
    /// It would store this.
    Stored {
        /// What.
        object: Value,
        /// Whether it is not there yet.
        creates: bool,
    },
    /// It would refuse it.
    Refused(http::Response<PooledBody>),
}

/// Reads one object.
pub async fn read(cluster: &Cluster, caller: &Caller, path: &str) -> Result<Value, ReadError> {
    read_as(cluster, caller, path, OBJECT).await
}

/// Reads something in a form of JSON.
pub async fn read_as(
    cluster: &Cluster,
    caller: &Caller,
    path: &str,
    accept: &'static str,
) -> Result<Value, ReadError> {
    let _room = cluster.own_requests().acquire().await;
    let response = ask(cluster, caller, get(path, accept)).await?;
    body_of(response).await
}

/// Reads something for the eyes of people, in room of the caller's own: decisions come first.
pub async fn browse(
    cluster: &Cluster,
    caller: &Caller,
    target: &str,
    accept: &'static str,
) -> Result<Value, ReadError> {
    body_of(ask(cluster, caller, get(target, accept)).await?).await
}

/// Reads the objects of a list.
pub async fn list(
    cluster: &Cluster,
    caller: &Caller,
    target: &str,
) -> Result<Vec<Value>, ReadError> {
    let mut list = read(cluster, caller, target).await?;
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => Ok(items),
        Some(Value::Null) => Ok(Vec::new()),
        _ => Err(ReadError::Malformed),
    }
}

/// Creates an object that is a question, such as an access review, and reads the answer.
pub async fn review(
    cluster: &Cluster,
    caller: &Caller,
    path: &str,
    question: &Value,
) -> Result<Value, ReadError> {
    let _room = cluster.own_requests().acquire().await;
    let mut outgoing = get(path, OBJECT);
    outgoing.method = Method::POST;
    outgoing.headers.insert(CONTENT_TYPE, HeaderValue::from_static(OBJECT));
    outgoing.body = question.to_string().into();
    let response = ask(cluster, caller, outgoing).await?;
    body_of(response).await
}

/// Has the API server try the request without storing anything.
pub async fn dry_run(
    cluster: &Cluster,
    caller: &Caller,
    request: &KubeRequest,
) -> Result<DryRun, ReadError> {
    let _room = cluster.own_requests().acquire().await;
    let mut query = request.query.without(&["dryRun"]).pairs().to_vec();
    query.push(("dryRun".to_owned(), "All".to_owned()));
    let query: kguard::kube::target::Query = query.into_iter().collect();
    let mut outgoing = get(&format!("{}?{}", request.info.path, query.encode()), OBJECT);
    outgoing.method = request.method.clone();
    outgoing.body = request.payload.to_bytes();
    let media_type = request.payload.media_type().map(HeaderValue::from_str);
    outgoing.headers.extend(media_type.and_then(Result::ok).map(|of| (CONTENT_TYPE, of)));
    // Field managers are named after it, and field managers decide on conflicts.
    let user_agent = request.headers.get(http::header::USER_AGENT).cloned();
    outgoing.headers.extend(user_agent.map(|of| (http::header::USER_AGENT, of)));
    let response = ask(cluster, caller, outgoing).await?;
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => return Err(ReadError::Unavailable),
        StatusCode::BAD_REQUEST => return refused(response).await,
        status if status.is_client_error() => return Ok(DryRun::Refused(response)),
        _ => {}
    }
    let creates = response.status() == StatusCode::CREATED;
    body_of(response).await.map(|object| DryRun::Stored { object, creates })
}

/// What is wrong with the request, or with trying it: an admission webhook with side effects knows
/// no dry runs (k8s.io/apiserver `pkg/admission/plugin/webhook/errors`).
async fn refused(response: http::Response<PooledBody>) -> Result<DryRun, ReadError> {
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MAX_READ_BYTES).collect().await;
    let body = body.map_err(|_| ReadError::Unavailable)?.to_bytes();
    let needle: &[u8] = b"does not support dry run";
    if body.windows(needle.len()).any(|window| window == needle) {
        return Err(ReadError::NoDryRun);
    }
    Ok(DryRun::Refused(http::Response::from_parts(parts, PooledBody::whole(body))))
}

fn get(target: &str, accept: &'static str) -> Outgoing {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    Outgoing { method: Method::GET, target: target.to_owned(), headers, body: Bytes::new() }
}

async fn ask(
    cluster: &Cluster,
    caller: &Caller,
    mut outgoing: Outgoing,
) -> Result<http::Response<PooledBody>, ReadError> {
    let authorization = cluster.pool().endpoint().authorization().await;
    let authorization = authorization.map_err(|_| ReadError::Unavailable)?;
    let identity = headers::identity(caller, Uuid::now_v7(), authorization)
        .map_err(|_| ReadError::Unavailable)?;
    outgoing.headers.extend(identity);
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, cluster.pool().send(&outgoing)).await;
    answer.map_err(|_| ReadError::Unavailable)?.map_err(|_| ReadError::Unavailable)
}

async fn body_of(response: http::Response<PooledBody>) -> Result<Value, ReadError> {
    let status = response.status();
    // A refusal is read as well, or its connection would be lost to the next request.
    let body = Limited::new(response.into_body(), MAX_READ_BYTES).collect();
    let body = tokio::time::timeout(ANSWER_TIMEOUT, body).await;
    match status {
        status if status.is_success() => {}
        StatusCode::NOT_FOUND => return Err(ReadError::NotFound),
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => return Err(ReadError::Refused),
        _ => return Err(ReadError::Unavailable),
    }
    let body = body.map_err(|_| ReadError::Unavailable)?.map_err(|_| ReadError::Unavailable)?;
    strict_json::parse(&body.to_bytes()).map_err(|_| ReadError::Malformed)
}
