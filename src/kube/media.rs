//! Media types: which ones to ask the API server for, so that what comes back can be masked, and
//! what a response says that it is.

use std::fmt;

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const YAML: &str = "application/yaml";
/// What the API server understands of a media type's parameters: the transformation (`Table`,
/// `PartialObjectMetadata`, `APIGroupDiscoveryList`), its version, the framing, the weight.
const PARAMETERS: [&str; 7] = ["as", "g", "pretty", "profile", "q", "stream", "v"];
/// More than any client sends; upstream sorts them.
const MAX_CLAUSES: usize = 32;

/// What to ask for instead of what the client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// The `Accept` header for upstream: JSON only, with the client's transformations.
    pub upstream_accept: String,
    /// The type to put on the response instead of its own: a client that takes nothing but YAML
    /// gets JSON under that name, which is valid YAML.
    pub label: Option<ContentType>,
    /// Whether the client takes whole objects in protobuf and nothing else.
    pub insists_on_protobuf: bool,
}

/// A client that takes no type that can be masked; answered 406.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "only application/json, application/yaml and protobuf clients can be served masked objects"
)]
pub struct NotAcceptable;

/// Turns the first `Accept` line of a request (upstream reads no other) into one that asks for
/// JSON only.
///
/// Every clause for JSON, YAML or protobuf becomes one for JSON in its place, so that the client's
/// preference among transformations stays; clients pick their decoder by the response. `streaming`
/// is for watches, which have no YAML form.
pub fn negotiate(accept: Option<&str>, streaming: bool) -> Result<Negotiated, NotAcceptable> {
    let accept = accept.map(str::trim).filter(|accept| !accept.is_empty()).unwrap_or("*/*");
    let mut clauses: Vec<String> = Vec::new();
    let (mut only_yaml, mut only_protobuf) = (true, !streaming);
    for clause in accept.split(',').take(MAX_CLAUSES).filter_map(ContentType::parse) {
        let is_yaml = clause.is_yaml();
        let served = match clause.essence.as_str() {
            "*/*" | JSON | PROTOBUF => true,
            _ => is_yaml && !streaming,
        };
        if !served || clause.is_refused() {
            continue;
        }
        only_yaml &= is_yaml;
        only_protobuf &= clause.essence == PROTOBUF && clause.parameters.is_empty();
        let clause = clause.into_json().to_string();
        if !clauses.contains(&clause) {
            clauses.push(clause);
        }
    }
    if clauses.is_empty() {
        return Err(NotAcceptable);
    }
    let label = only_yaml.then(ContentType::yaml);
    let upstream_accept = clauses.join(",");
    Ok(Negotiated { upstream_accept, label, insists_on_protobuf: only_protobuf })
}

/// A media type with its parameters, names in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType {
    essence: String,
    parameters: Vec<(String, String)>,
}

impl ContentType {
    /// Reads a `Content-Type` header, or one clause of `Accept`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let essence = parts.next()?.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_token(kind) || !is_token(subtype) {
            return None;
        }
        let mut parameters = Vec::new();
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            let (name, value) = (name.trim(), value.trim());
            let value =
                value.strip_prefix('"').map_or(Some(value), |value| value.strip_suffix('"'))?;
            if !is_token(name) || !is_token(value) {
                return None;
            }
            parameters.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Some(Self { essence, parameters })
    }

    fn yaml() -> Self {
        Self { essence: YAML.to_owned(), parameters: Vec::new() }
    }

    /// The type without parameters, e.g. `application/json`.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// A parameter's first value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether this is JSON as Kubernetes writes it, in UTF-8: the one form that can be masked.
    pub fn is_json(&self) -> bool {
        let charset = self.parameter("charset").unwrap_or("utf-8");
        self.essence == JSON && charset.eq_ignore_ascii_case("utf-8")
    }

    /// Whether this is YAML.
    pub fn is_yaml(&self) -> bool {
        self.essence == YAML
    }

    /// Whether this is Kubernetes' protobuf.
    pub fn is_protobuf(&self) -> bool {
        self.essence == PROTOBUF
    }

    /// Whether a stream of events follows (`;stream=watch`; JSON watches often do not say so).
    pub fn is_watch(&self) -> bool {
        self.parameter("stream") == Some("watch")
    }

    /// `q=0`: the client says that it does not take this.
    fn is_refused(&self) -> bool {
        self.parameter("q").is_some_and(|q| q.bytes().all(|byte| matches!(byte, b'0' | b'.')))
    }

    fn into_json(mut self) -> Self {
        self.parameters.retain(|(name, _)| PARAMETERS.contains(&name.as_str()));
        Self { essence: JSON.to_owned(), ..self }
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.essence)?;
        self.parameters.iter().try_for_each(|(name, value)| write!(formatter, ";{name}={value}"))
    }
}

/// RFC 9110, 5.6.2.
fn is_token(text: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";

    #[test]
    fn upstream_is_asked_for_json_in_the_clients_order() {
        let partial = "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        for (accept, upstream) in [
            (None, JSON.to_owned()),
            (Some(""), JSON.to_owned()),
            (Some("*/*"), JSON.to_owned()),
            (Some("application/xml, application/json"), JSON.to_owned()),
            (Some("application/cbor, application/json"), JSON.to_owned()),
            (Some("application/json;q=0.5;charset=utf-8"), "application/json;q=0.5".to_owned()),
            (Some("application/json; q=0.0, */*"), JSON.to_owned()),
            (Some(PROTOBUF), JSON.to_owned()),
            (Some(&format!("{TABLE},application/json")), format!("{TABLE},application/json")),
            (
                Some(&format!("{PROTOBUF};{partial},{PROTOBUF},application/json;{partial}")),
                format!("application/json;{partial},application/json"),
            ),
            (Some("application/yaml, application/json"), JSON.to_owned()),
        ] {
            let insists_on_protobuf = accept == Some(PROTOBUF);
            let expected =
                Negotiated { upstream_accept: upstream, label: None, insists_on_protobuf };
            assert_eq!(negotiate(accept, false), Ok(expected), "{accept:?}");
        }
    }

    #[test]
    fn who_takes_protobuf_alone_insists_on_it_but_for_watches_and_tables() {
        let insists = |accept: &str, streaming| {
            negotiate(Some(accept), streaming).unwrap().insists_on_protobuf
        };
        assert!(insists(PROTOBUF, false));
        assert!(!insists(PROTOBUF, true));
        assert!(!insists(&format!("{PROTOBUF},{JSON}"), false));
        assert!(!insists(&format!("{PROTOBUF};as=Table;v=v1;g=meta.k8s.io"), false));
        assert!(!insists("*/*", false));
    }

    #[test]
    fn a_client_that_takes_only_yaml_gets_json_under_its_name() {
        let negotiated =
            negotiate(Some("application/yaml;as=Table;v=v1;g=meta.k8s.io"), false).unwrap();
        assert_eq!(negotiated.upstream_accept, TABLE);
        assert_eq!(negotiated.label.unwrap().to_string(), YAML);
        assert_eq!(negotiate(Some(YAML), true), Err(NotAcceptable));
    }

    #[test]
    fn what_cannot_be_masked_is_not_asked_for() {
        for accept in [
            "application/xml",
            "application/cbor",
            "application/*",
            "text/plain",
            "nonsense",
            "application/json;q=0",
            "application/json;as=Ta\r\nble",
        ] {
            assert_eq!(negotiate(Some(accept), false), Err(NotAcceptable), "{accept}");
        }
    }

    #[test]
    fn a_content_type_says_what_can_be_masked() {
        for (text, json, watch) in [
            ("application/json", true, false),
            ("Application/JSON; charset=UTF-8", true, false),
            ("application/json;stream=watch", true, true),
            ("application/json;charset=utf-16", false, false),
            ("application/vnd.kubernetes.protobuf;stream=watch", false, true),
            ("application/yaml", false, false),
            ("text/plain; charset=\"utf-8\"", false, false),
        ] {
            let parsed = ContentType::parse(text).unwrap();
            assert_eq!((parsed.is_json(), parsed.is_watch()), (json, watch), "{text}");
        }
        assert!(
            ["", "json", "a/", "/b", "a/b;c", "a b/c"]
                .iter()
                .all(|text| ContentType::parse(text).is_none())
        );
    }

    proptest! {
        /// Whatever a client writes, and however it is cut, the API server is asked for JSON alone.
        #[test]
        fn nothing_but_json_is_ever_asked_for(
            accept in "((application/(json|yaml|cbor|vnd.kubernetes.protobuf)|\\*/\\*|[a-z/*]{0,8})[;=,a-z0-9.\" *-]{0,16},?){0,4}",
            streaming: bool,
        ) {
            if let Ok(negotiated) = negotiate(Some(&accept), streaming) {
                for clause in negotiated.upstream_accept.split(',') {
                    prop_assert!(ContentType::parse(clause).unwrap().is_json(), "{}", clause);
                }
            }
        }

        #[test]
        fn a_type_is_written_as_it_was_read(
            text in "[a-zA-Z]{1,8}/[a-z.+*]{1,12}( ?; ?[a-zA-Z]{1,6}=(\"[a-z0-9-]{1,6}\"|[a-zA-Z0-9-]{1,6})){0,3}",
        ) {
            let parsed = ContentType::parse(&text).unwrap();
            prop_assert_eq!(ContentType::parse(&parsed.to_string()), Some(parsed));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            let _ = (ContentType::parse(&text), negotiate(Some(&text), false));
        }
    }
}
