//! The headers that streams of the tunnel carry, made and read in one place.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, Request, Uri};
use uuid::Uuid;

use super::{BREAK_GLASS, CLAIMS, KEEP_HOLD, PLAN, SESSION};
use crate::api::Claims;
use crate::api::plans::PlanUse;
use crate::redact::Secret;

/// What the claims of one stream may take, decoded. A command line can be megabytes long, and
/// nobody reads that far before approving.
pub const MAX_CLAIMS_BYTES: usize = 4 << 10;

/// The longest reason for breaking the glass.
const MAX_REASON_BYTES: usize = 1024;

/// Why a header could not be made or read. Never repeats the header's value.
#[derive(Debug, thiserror::Error)]
pub enum InvalidHeader {
    /// The token is none, by the characters in it.
    #[error("the bearer token contains characters that no token has")]
    Bearer,
    /// No reason, or none that can be shown.
    #[error(
        "`{BREAK_GLASS}` has to be the reason why nobody can be waited for: up to {MAX_REASON_BYTES} bytes of UTF-8 in one line"
    )]
    BreakGlass,
    /// The claims are not what [`connect_request`] makes; a broken or a hostile client.
    #[error("`{CLAIMS}` is no base64url of a JSON object within {MAX_CLAIMS_BYTES} bytes")]
    Claims,
    /// The cluster's name cannot be the host of a URL.
    #[error("`{0}` cannot be a cluster's name")]
    Cluster(String),
    /// The use of a plan is none; a broken or a hostile client.
    #[error("`{PLAN}` is not `plan ID` or `apply ID`")]
    Plan,
    /// The session is no UUID; a broken or a hostile client.
    #[error("`{SESSION}` is no UUID")]
    Session,
}

/// The value of `Authorization` for a token. Never shown by `Debug`, never indexed by HPACK.
pub fn bearer(token: &Secret<String>) -> Result<HeaderValue, InvalidHeader> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| InvalidHeader::Bearer)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The bearer token of a request, if it has exactly one.
pub fn read_bearer(headers: &HeaderMap) -> Option<Secret<String>> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
        .then(|| Secret::new(token.to_owned()))
}

/// What a stream to a cluster says of itself, besides who opens it.
#[derive(Debug, Clone, Copy)]
pub struct Stream<'a> {
    /// The client invocation that it belongs to.
    pub session: Uuid,
    /// What the client says of itself.
    pub claims: &'a Claims,
    /// Whether its holds are to stay when the client goes away.
    pub keep_hold: bool,
    /// Why what would be held is to run without waiting, if it is.
    pub break_glass: Option<&'a str>,
}

/// The request that opens a stream to `cluster`.
pub fn connect_request(
    cluster: &str,
    token: &Secret<String>,
    Stream { session, claims, keep_hold, break_glass }: Stream<'_>,
) -> Result<Request<()>, InvalidHeader> {
    let invalid = || InvalidHeader::Cluster(cluster.to_owned());
    let uri = Uri::builder().authority(format!("{cluster}:443")).build().map_err(|_| invalid())?;
    if cluster.is_empty() || uri.host() != Some(cluster) {
        return Err(invalid());
    }
    let mut request = Request::new(());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, bearer(token)?);
    headers.insert(SESSION, session_value(session));
    if !claims.is_empty() {
        headers.insert(CLAIMS, claims_value(claims)?);
    }
    if keep_hold {
        headers.insert(KEEP_HOLD, HeaderValue::from_static("true"));
    }
    if let Some(reason) = break_glass {
        let value = HeaderValue::from_bytes(reason.as_bytes());
        headers.insert(BREAK_GLASS, value.map_err(|_| InvalidHeader::BreakGlass)?);
        read_break_glass(headers)?;
    }
    Ok(request)
}

/// The cluster that a `CONNECT` asks for.
pub fn cluster<B>(request: &Request<B>) -> Option<&str> {
    let authority = request.uri().authority()?;
    (request.method() == Method::CONNECT && authority.port_u16() == Some(443))
        .then(|| authority.host())
        .filter(|host| !host.is_empty())
}

/// The session that a stream belongs to, or none if it says nothing of one.
pub fn read_session(headers: &HeaderMap) -> Result<Option<Uuid>, InvalidHeader> {
    let Some(value) = headers.get(SESSION) else { return Ok(None) };
    Uuid::try_parse_ascii(value.as_bytes()).map(Some).map_err(|_| InvalidHeader::Session)
}

/// Whether the client of a stream asks that its holds stay when it goes away. Anything but its own
/// word for yes is a no.
pub fn read_keep_hold(headers: &HeaderMap) -> bool {
    headers.get(KEEP_HOLD).is_some_and(|value| value.as_bytes() == b"true")
}

/// The same stream as a part of a plan.
pub fn in_plan(mut request: Request<()>, of: &PlanUse) -> Result<Request<()>, InvalidHeader> {
    let value = HeaderValue::try_from(of.to_string()).map_err(|_| InvalidHeader::Plan)?;
    request.headers_mut().insert(PLAN, value);
    Ok(request)
}

/// The use of a plan that a stream is for. What is not understood is refused: without it the stream
/// would do for real what is only to be planned.
pub fn read_plan(headers: &HeaderMap) -> Result<Option<PlanUse>, InvalidHeader> {
    let mut values = headers.get_all(PLAN).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| InvalidHeader::Plan)?;
    match (text.parse(), values.next()) {
        (Ok(of), None) => Ok(Some(of)),
        _ => Err(InvalidHeader::Plan),
    }
}

/// What the client of a stream says of itself.
pub fn read_claims(headers: &HeaderMap) -> Result<Claims, InvalidHeader> {
    let Some(value) = headers.get(CLAIMS) else { return Ok(Claims::default()) };
    if value.len() > MAX_CLAIMS_BYTES * 4 / 3 + 4 {
        return Err(InvalidHeader::Claims);
    }
    let json = URL_SAFE_NO_PAD.decode(value.as_bytes()).map_err(|_| InvalidHeader::Claims)?;
    serde_json::from_slice(&json).map_err(|_| InvalidHeader::Claims)
}

/// The reason for which a request is to run without waiting, if it is.
pub fn read_break_glass(headers: &HeaderMap) -> Result<Option<String>, InvalidHeader> {
    let mut values = headers.get_all(BREAK_GLASS).iter();
    let (value, None) = (values.next(), values.next()) else {
        return Err(InvalidHeader::BreakGlass);
    };
    let Some(value) = value else { return Ok(None) };
    let reason = str::from_utf8(value.as_bytes()).map_err(|_| InvalidHeader::BreakGlass)?.trim();
    let shows = !reason.is_empty()
        && reason.len() <= MAX_REASON_BYTES
        && !reason.chars().any(char::is_control);
    if shows { Ok(Some(reason.to_owned())) } else { Err(InvalidHeader::BreakGlass) }
}

pub(super) fn session_value(session: Uuid) -> HeaderValue {
    HeaderValue::try_from(session.to_string()).unwrap_or(HeaderValue::from_static(""))
}

/// Encodes claims, shortened to what fits: the last arguments go first, since the verb and the
/// object of a command stand at its beginning.
fn claims_value(claims: &Claims) -> Result<HeaderValue, InvalidHeader> {
    let mut claims = claims.clone();
    let mut json = serde_json::to_vec(&claims).map_err(|_| InvalidHeader::Claims)?;
    while json.len() > MAX_CLAIMS_BYTES {
        let keep = claims.argv.len() / 2;
        if claims.argv.is_empty() {
            return Err(InvalidHeader::Claims);
        }
        claims.argv.truncate(keep);
        json = serde_json::to_vec(&claims).map_err(|_| InvalidHeader::Claims)?;
    }
    HeaderValue::try_from(URL_SAFE_NO_PAD.encode(json)).map_err(|_| InvalidHeader::Claims)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_nobody(claims: &Claims) -> Stream<'_> {
        Stream { session: Uuid::nil(), claims, keep_hold: false, break_glass: None }
    }

    fn token() -> Secret<String> {
        Secret::new("abc.def.ghi".to_owned())
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let claims = Claims {
            argv: vec!["kubectl".into(), "delete".into(), "ns".into(), "zürich".into()],
            reason: Some("cleaning up".into()),
            run: None,
        };
        let session = Uuid::new_v4();
        let break_glass = Some("Fürs Büro");
        let stream = Stream { session, claims: &claims, keep_hold: true, break_glass };
        let request = connect_request("prod-eu", &token(), stream).unwrap();
        assert_eq!(cluster(&request), Some("prod-eu"));
        assert_eq!(read_bearer(request.headers()), Some(token()));
        assert_eq!(read_session(request.headers()).unwrap(), Some(session));
        assert_eq!(read_claims(request.headers()).unwrap(), claims);
        assert!(read_keep_hold(request.headers()));
        assert_eq!(read_break_glass(request.headers()).unwrap().as_deref(), break_glass);
        let stream = Stream { keep_hold: false, break_glass: None, ..stream };
        let request = connect_request("prod-eu", &token(), stream).unwrap();
        assert!(!read_keep_hold(request.headers()));
        assert_eq!(read_break_glass(request.headers()).unwrap(), None);
        assert!(!format!("{request:?}").contains("abc.def.ghi"));
    }

    #[test]
    fn a_huge_command_line_is_shortened_from_its_end() {
        let mut claims = Claims { argv: vec!["kubectl".into()], ..Claims::default() };
        claims.argv.extend((0..10_000).map(|n| format!("pod-{n}")));
        let request = connect_request("dev", &token(), of_nobody(&claims)).unwrap();
        let read = read_claims(request.headers()).unwrap();
        assert!(read.argv.len() > 10 && claims.argv.starts_with(&read.argv));
    }

    #[test]
    fn a_plan_is_read_once_or_the_stream_is_refused() {
        let claims = Claims::default();
        let stream = of_nobody(&claims);
        let request = connect_request("dev", &token(), stream).unwrap();
        assert_eq!(read_plan(request.headers()).unwrap(), None);
        let of: PlanUse = "plan ab2cd".parse().unwrap();
        let mut request = in_plan(request, &of).unwrap();
        assert_eq!(read_plan(request.headers()).unwrap(), Some(of));
        request.headers_mut().append(PLAN, HeaderValue::from_static("apply ab2cd"));
        assert!(matches!(read_plan(request.headers()), Err(InvalidHeader::Plan)));
    }

    #[test]
    fn a_name_that_is_no_host_opens_no_stream() {
        for name in ["", "a b", "a:1", "user@a", "a/b", "[::1", "a?b"] {
            let made = connect_request(name, &token(), of_nobody(&Claims::default()));
            assert!(made.is_err(), "{name}");
        }
    }

    #[test]
    fn a_bearer_that_is_ambiguous_or_none_is_not_read() {
        for values in
            [&[][..], &["Basic abc"], &["Bearer "], &["Bearer"], &["Bearer a", "Bearer b"]]
        {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            assert_eq!(read_bearer(&headers), None, "{values:?}");
        }
    }

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        let read = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(BREAK_GLASS, HeaderValue::from_bytes(value).unwrap());
            }
            read_break_glass(&headers)
        };
        assert_eq!(read(&[]).unwrap(), None);
        assert_eq!(read(&[b" the shop is down "]).unwrap().unwrap(), "the shop is down");
        for values in
            [&[&b""[..]][..], &[b"  "], &[b"a\tb"], &[b"\xff"], &[b"a", b"b"], &[&[b'a'; 1025]]]
        {
            assert!(read(values).is_err(), "{values:?}");
        }
    }

    proptest! {
        /// A client that is not ours says what it likes.
        #[test]
        fn no_header_makes_it_panic(value in "[ -~]{0,80}", json in "\\PC{0,60}") {
            let mut headers = HeaderMap::new();
            for value in [value, URL_SAFE_NO_PAD.encode(json)] {
                let value = HeaderValue::try_from(value).unwrap();
                headers.insert(CLAIMS, value.clone());
                headers.insert(SESSION, value.clone());
                headers.insert(PLAN, value.clone());
                headers.insert(BREAK_GLASS, value.clone());
                headers.insert(AUTHORIZATION, value);
                let _ = (read_claims(&headers), read_session(&headers), read_bearer(&headers));
                let _ = (read_plan(&headers), read_break_glass(&headers));
            }
        }
    }
}
