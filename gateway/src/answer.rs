//! Turns whatever stopped a request into the `Status` that its client is shown. The only place
//! that does; what the client may read and what the log gets are kept apart here.

use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body_util::Full;
use kguard::kube::request_info::Unreadable;
use kguard::kube::status::{Reason, Status};

use crate::answer_body::AnswerBody;
use crate::classify::Unclassified;
use crate::grants::NotUsed;
use crate::hold::{NotReleased, RESTART_SECONDS, RETRY_AFTER_SECONDS};
use crate::live::BindError;
use crate::mask::UnmaskableError;
use crate::stopped::Stopped;

/// The answer to a request that was stopped.
pub fn stopped(stopped: &Stopped) -> Response<AnswerBody> {
    let status = status(stopped);
    if status.code().is_server_error() {
        tracing::warn!(error = %Chain(stopped), code = status.code().as_u16(), "request failed");
    }
    respond(&status)
}

/// The same for a request at a path of a cluster.
pub fn stopped_at(path: &str, error: &Stopped) -> Response<AnswerBody> {
    let response = stopped(error);
    // client-go takes a plain text out of a refused discovery and shows it. Of a Status it shows
    // "unknown" there, so that kubectl would not tell what is wrong, before it does anything else.
    if !matches!(path, "/api" | "/apis") {
        return response;
    }
    let mut response =
        response.map(|_| AnswerBody::new(Full::from(status(error).message().to_owned())));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// A `Status` as a response.
pub fn respond(status: &Status) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::new(Full::from(status.to_json())));
    *response.status_mut() = status.code();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = status.retry_after_seconds() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if status.code() == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn status(stopped: &Stopped) -> Status {
    let text = stopped.to_string();
    match stopped {
        Stopped::Bind(BindError::NotFound) | Stopped::UnknownCluster(_) => {
            Status::failure(Reason::NotFound, text)
        }
        Stopped::Bind(BindError::Changed) => Status::failure(Reason::Conflict, text),
        Stopped::Bind(BindError::Protobuf | BindError::Unreadable(_)) | Stopped::UnboundDelete => {
            Status::failure(Reason::Forbidden, text)
        }
        Stopped::Classify(error) => Status::failure(unclassified(error), text),
        Stopped::Denied { request, message } => {
            Status::failure(Reason::Forbidden, message.clone()).about(request)
        }
        Stopped::Expired | Stopped::Anonymous => Status::failure(Reason::Unauthorized, text),
        Stopped::Authenticate(error) if error.status() == StatusCode::UNAUTHORIZED => {
            Status::failure(Reason::Unauthorized, text)
        }
        Stopped::Authenticate(_)
        | Stopped::Mask(UnmaskableError::Trail(_))
        | Stopped::Trail(_)
        | Stopped::Unrecorded(_) => Status::failure(Reason::ServiceUnavailable, text),
        Stopped::Forward(error) => Status::failure(error.reason(), text),
        Stopped::Plan(error) => Status::failure(error.reason(), text),
        Stopped::Held { request, error } => held(error, text).about(request),
        Stopped::Unwritable { request, message, reason, field, object } => {
            let field = field.as_deref().unwrap_or_default();
            let of_field = message.strip_prefix(field).unwrap_or(message).trim_start();
            let status = Status::failure(*reason, message.clone()).about(request);
            let status = match object {
                Some((kind, name)) if *reason == Reason::Invalid => status.about_object(kind, name),
                _ => status,
            };
            status.caused_by(field, of_field)
        }
        Stopped::Mask(_) => Status::failure(Reason::BadGateway, text),
        Stopped::NoRoom(_) => Status::failure(Reason::TooManyRequests, text).retry_after(1),
    }
}

fn unclassified(error: &Unclassified) -> Reason {
    match error {
        Unclassified::MediaType => Reason::UnsupportedMediaType,
        Unclassified::Placeholder => Reason::Invalid,
        Unclassified::TooLarge => Reason::RequestEntityTooLarge,
        Unclassified::Unreadable(Unreadable::Method) => Reason::MethodNotAllowed,
        Unclassified::Unreadable(Unreadable::NestedApiServer | Unreadable::Subresource(_))
        | Unclassified::Upgrade => Reason::Forbidden,
        Unclassified::Unreadable(Unreadable::NoRoute) => Reason::NotFound,
        _ => Reason::BadRequest,
    }
}

fn held(error: &NotReleased, text: String) -> Status {
    match error {
        NotReleased::StillHeld { .. } => {
            Status::failure(Reason::TooManyRequests, text).retry_after(RETRY_AFTER_SECONDS)
        }
        NotReleased::Restarting { .. } => {
            Status::failure(Reason::TooManyRequests, text).retry_after(RESTART_SECONDS)
        }
        // No Retry-After: these are for a person to act on, not for a client to repeat.
        NotReleased::TooMany => Status::failure(Reason::TooManyRequests, text),
        NotReleased::Grant(NotUsed::Store(_)) | NotReleased::Store(_) | NotReleased::Trail(_) => {
            Status::failure(Reason::ServiceUnavailable, text)
        }
        NotReleased::Cancelled { .. }
        | NotReleased::Denied { .. }
        | NotReleased::Expired { .. }
        | NotReleased::Grant(NotUsed::Ended(_))
        | NotReleased::ReasonRequired { .. }
        | NotReleased::Unconfirmed { .. } => Status::failure(Reason::Forbidden, text),
    }
}

/// An error and everything behind it, for the log.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
