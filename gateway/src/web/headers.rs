//! What browsers are told about every answer: to run nothing but the page's own files, to show it in
//! no frame, to guess no types, and to tell other sites nothing.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::config::ExternalUrl;

/// The page's own files and its own API, and nothing else. Compiled code may run, since the terminal of
/// recordings is WebAssembly; text still cannot become a script.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// An answer of the API is no document.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

const PERMISSIONS: &str = "camera=(), display-capture=(), geolocation=(), microphone=(), \
     payment=(), usb=(), serial=(), hid=(), bluetooth=()";

/// The headers of this gateway's answers.
#[derive(Clone)]
pub(super) struct Headers {
    /// Whether browsers are to keep to TLS for this host. On the machine itself they are not: it
    /// would be for every port, and break whatever else runs there.
    strict_transport: bool,
}

impl Headers {
    pub(super) fn new(external_url: Option<&ExternalUrl>) -> Self {
        Self { strict_transport: external_url.is_some_and(|url| !url.is_loopback()) }
    }

    fn common(&self, headers: &mut HeaderMap) {
        let mut set =
            |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(X_FRAME_OPTIONS, "DENY");
        set(REFERRER_POLICY, "no-referrer");
        set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
        if self.strict_transport {
            set(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
    }
}

/// For the page.
pub(super) async fn page(State(ours): State<Headers>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    ours.common(headers);
    let mut set = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    set(CONTENT_SECURITY_POLICY, PAGE_POLICY);
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// For the control API.
pub(super) async fn api(State(ours): State<Headers>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    ours.common(headers);
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(API_POLICY));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
