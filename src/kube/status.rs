//! The `Status` object (`meta/v1`), in which an API server says why something did not work and
//! which every Kubernetes client knows how to show.

use http::StatusCode;
use serde::Serialize;

use super::request_info::RequestInfo;

/// A failure, as kubectl prints it: `Error from server (REASON): MESSAGE`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    kind: &'static str,
    api_version: &'static str,
    metadata: Empty,
    #[serde(rename = "status")]
    outcome: &'static str,
    message: String,
    reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
    code: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Empty {}

/// What a failure is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    causes: Vec<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u32>,
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Cause {
    reason: &'static str,
    message: String,
    field: String,
}

/// The reasons that a gateway has (`metav1.StatusReason`), each with its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Reason {
    /// 502: the API server could not be reached or answered what cannot be passed on.
    BadGateway,
    /// 400.
    BadRequest,
    /// 409.
    Conflict,
    /// 403.
    Forbidden,
    /// 500.
    InternalError,
    /// 422.
    Invalid,
    /// 405.
    MethodNotAllowed,
    /// 406.
    NotAcceptable,
    /// 404.
    NotFound,
    /// 413.
    RequestEntityTooLarge,
    /// 503.
    ServiceUnavailable,
    /// 504.
    Timeout,
    /// 429.
    TooManyRequests,
    /// 401.
    Unauthorized,
    /// 415.
    UnsupportedMediaType,
}

impl Reason {
    /// The HTTP status that goes with the reason.
    pub fn code(self) -> StatusCode {
        match self {
            Self::BadGateway => StatusCode::BAD_GATEWAY,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::RequestEntityTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

impl Status {
    /// A failure with a message for the person at the other end.
    pub fn failure(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            kind: "Status",
            api_version: "v1",
            metadata: Empty {},
            outcome: "Failure",
            message: message.into(),
            reason,
            details: None,
            code: reason.code().as_u16(),
        }
    }

    /// Says which object the failure is about.
    #[must_use]
    pub fn about(mut self, request: &RequestInfo) -> Self {
        if let Some(of) = &request.resource {
            let details = self.details.get_or_insert_default();
            details.name.clone_from(&of.name);
            details.group.clone_from(&of.api_group);
            details.kind.clone_from(&of.resource);
        }
        self
    }

    /// Calls the object by its kind and name, as the API server does where it is invalid. The group
    /// stays that of the request.
    #[must_use]
    pub fn about_object(mut self, kind: &str, name: &str) -> Self {
        let details = self.details.get_or_insert_default();
        kind.clone_into(&mut details.kind);
        name.clone_into(&mut details.name);
        self
    }

    /// Says what is wrong with which field: of an invalid object, kubectl shows only that.
    #[must_use]
    pub fn caused_by(mut self, field: &str, message: impl Into<String>) -> Self {
        let (message, field) = (message.into(), field.to_owned());
        let cause = Cause { reason: "FieldValueInvalid", message, field };
        self.details.get_or_insert_default().causes.push(cause);
        self
    }

    /// Asks the client to come back; client-go does so by itself.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.details.get_or_insert_default().retry_after_seconds = Some(seconds);
        self
    }

    /// The HTTP status.
    pub fn code(&self) -> StatusCode {
        self.reason.code()
    }

    /// The seconds after which to come back, if the client should.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.details.as_ref().and_then(|details| details.retry_after_seconds)
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The object as JSON.
    pub fn to_json(&self) -> String {
        // Strings, numbers and fixed keys: serialising them has no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_what_kubectl_expects() {
        let status = Status::failure(Reason::TooManyRequests, "held").retry_after(2);
        assert_eq!(
            status.to_json(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"held","reason":"TooManyRequests","details":{"retryAfterSeconds":2},"code":429}"#
        );
    }

    #[test]
    fn an_invalid_object_is_called_by_its_kind_and_name() {
        let status = Status::failure(Reason::Invalid, "no").about_object("Secret", "db");
        assert!(status.to_json().contains(r#""details":{"name":"db","kind":"Secret"}"#));
    }
}
