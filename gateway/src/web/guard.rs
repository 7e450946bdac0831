//! The control API by cookie. A cookie goes along with whatever a browser sends, so it is not enough:
//! the request has to come from the page itself, by what the browser says of it, and whatever changes
//! something has to carry what only the page can know.
//!
//! This is before the API alone, and only where a browser reaches it: the tunnel and `/clusters/…`
//! know no cookies.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HeaderMap, ORIGIN};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use hyper::body::Body as _;
use kguard::kube::status::{Reason, Status};

use super::cookie::SESSION;
use super::renewal::{NotVouched, vouched};
use super::session::{Need, Session};
use super::{NoLogin, Web};
use crate::answer;
use crate::authenticate::Authenticated;

/// The page's header with the session's token against forged requests.
const CSRF: &str = "x-kguard-csrf";

/// The caller of a request that came with the cookie of a session. Made here alone.
#[derive(Clone)]
pub struct BySession(Authenticated);

impl BySession {
    /// Who it is.
    pub fn authenticated(&self) -> &Authenticated {
        &self.0
    }
}

/// Why a request with a cookie is not served.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotAdmitted {
    #[error("{0}")]
    NoLogin(#[from] NoLogin),
    #[error("you are not logged in, or your session is over: log in")]
    NoSession,
    #[error("{0}")]
    NotVouched(#[from] NotVouched),
    #[error("this request does not come from kguard's own page")]
    OtherSite,
    #[error("this request lacks the token of kguard's page: reload the page and try again")]
    Token,
}

impl IntoResponse for NotAdmitted {
    fn into_response(self) -> Response {
        let reason = match &self {
            Self::NoLogin(_) => Reason::ServiceUnavailable,
            Self::NoSession => Reason::Unauthorized,
            Self::NotVouched(error) => error.reason(),
            Self::OtherSite | Self::Token => Reason::Forbidden,
        };
        answer::respond(&Status::failure(reason, self.to_string())).map(Body::new)
    }
}

/// Lets requests with a token through to be judged by it, and those with a cookie if they are the
/// page's.
pub(super) async fn guard(
    State(web): State<Arc<Web>>,
    mut request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    // Who shows a token is judged by it alone.
    let Some(id) = SESSION.read(headers).filter(|_| !headers.contains_key(AUTHORIZATION)) else {
        return next.run(request).await;
    };
    let id = id.to_owned();
    let (session, authenticated) = match admit(&web, &id, request.method(), headers).await {
        Ok(admitted) => admitted,
        Err(refused) => return refused.into_response(),
    };
    request.extensions_mut().insert(BySession(authenticated));
    until_it_ends(&session, next.run(request).await)
}

/// The session behind a cookie, and its caller as the issuer vouches for him, if the request is the
/// page's.
pub(super) async fn admit(
    web: &Arc<Web>,
    id: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Result<(Arc<Session>, Authenticated), NotAdmitted> {
    let session = recognise(web, id, method, headers)?;
    match vouched(web, &session, need(method)).await {
        Ok(authenticated) => Ok((session, authenticated)),
        Err(error) => {
            if matches!(error, NotVouched::Over(_)) {
                web.sessions.end(id);
            }
            Err(error.into())
        }
    }
}

/// The session behind a cookie, if the request is the page's.
pub(super) fn recognise(
    web: &Web,
    id: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Arc<Session>, NotAdmitted> {
    let login = web.login.as_ref().map_err(|why| *why)?;
    let need = need(method);
    if !is_by_the_page(headers, need, login.external_url.origin()) {
        return Err(NotAdmitted::OtherSite);
    }
    let session = web.sessions.find(id).ok_or(NotAdmitted::NoSession)?;
    let sent = headers.get(CSRF).map(|sent| session.is_csrf(sent.as_bytes()));
    if need == Need::Deciding && sent != Some(true) {
        return Err(NotAdmitted::Token);
    }
    Ok(session)
}

/// Whatever is not known to change nothing may change something.
fn need(method: &Method) -> Need {
    if matches!(*method, Method::GET | Method::HEAD) { Need::Reading } else { Need::Deciding }
}

/// Whether the browser says that the page itself asks (Fetch Metadata). What only reads may also be
/// opened by hand; a browser that says nothing has to name the page's origin if something changes.
fn is_by_the_page(headers: &HeaderMap, need: Need, origin: &str) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter().map(HeaderValue::as_bytes);
    match (sites.next(), sites.next(), need) {
        (Some(b"same-origin"), None, _) | (Some(b"none") | None, None, Need::Reading) => true,
        (None, None, Need::Deciding) => {
            let mut origins = headers.get_all(ORIGIN).iter();
            origins.next().is_some_and(|it| it.as_bytes() == origin.as_bytes())
                && origins.next().is_none()
        }
        _ => false,
    }
}

/// Nothing goes on being told to a session that is over. What is short is not cut: it is there.
fn until_it_ends(session: &Session, response: Response) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let ended = session.ended();
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(Box::pin(ended))))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_another_site_sends_is_told_apart_from_what_the_page_sends() {
        const SITE: &str = "sec-fetch-site";
        let ours = ("origin", "https://kguard.example");
        for (sent, reads, decides) in [
            (&[(SITE, "same-origin")][..], true, true),
            (&[(SITE, "same-origin"), ours], true, true),
            (&[(SITE, "none")], true, false),
            (&[(SITE, "same-site")], false, false),
            (&[(SITE, "cross-site")], false, false),
            (&[(SITE, "cross-site"), ours], false, false),
            (&[(SITE, "cross-site"), (SITE, "same-origin")], false, false),
            (&[(SITE, "same-origin"), (SITE, "cross-site")], false, false),
            (&[(SITE, "Same-Origin")], false, false),
            (&[(SITE, "")], false, false),
            (&[ours], true, true),
            (&[ours, ours], true, false),
            (&[("origin", "https://kguard.example.evil.example")], true, false),
            (&[("origin", "http://kguard.example")], true, false),
            (&[("origin", "null")], true, false),
            (&[], true, false),
        ] {
            let sent_headers = headers(sent);
            let by_the_page = |need| is_by_the_page(&sent_headers, need, "https://kguard.example");
            assert_eq!(by_the_page(Need::Reading), reads, "{sent:?}");
            assert_eq!(by_the_page(Need::Deciding), decides, "{sent:?}");
        }
    }
}
