//! The options of a delete, in one canonical form.
//!
//! The API server reads them from the body if there is any, and only otherwise from the query:
//! `DELETE …?dryRun=All` with a body of `{}` really deletes
//! (k8s.io/apiserver `pkg/endpoints/handlers/delete.go`). So they are taken from where the server
//! takes them, and sent as one JSON body without a query.

use serde_json::{Map, Value, json};

use super::protobuf::{self, Field};
use super::target::{self, Query};
use super::{protobuf::Malformed, strict_json};

/// Query parameters that are delete options.
pub const QUERY_KEYS: &[&str] = &[
    "dryRun",
    "gracePeriodSeconds",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
    "orphanDependents",
    "propagationPolicy",
];

/// Canonical `DeleteOptions` (`meta/v1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteOptions(Map<String, Value>);

/// Why delete options are refused; the client's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOptions {
    /// Not JSON, or JSON with a repeated key.
    #[error(transparent)]
    Json(#[from] strict_json::Invalid),
    /// Not a JSON object.
    #[error("the delete options are not an object")]
    NotAnObject,
    /// Preconditions that contradict those that an approval is bound to.
    #[error("the preconditions name another version of the object than the one that was approved")]
    Preconditions,
    /// Not protobuf.
    #[error(transparent)]
    Protobuf(#[from] Malformed),
    /// A query parameter with a value of the wrong type.
    #[error("a delete option in the query has an invalid value")]
    Query,
}

impl DeleteOptions {
    /// Out of a JSON body.
    pub fn from_json(value: Value) -> Result<Self, InvalidOptions> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(InvalidOptions::NotAnObject),
        }
    }

    /// Out of a protobuf body in its `k8s\0` envelope
    /// (`k8s.io/apimachinery/pkg/apis/meta/v1/generated.proto`, message `DeleteOptions`).
    pub fn from_protobuf(body: &[u8]) -> Result<Self, InvalidOptions> {
        let mut map = Map::new();
        let mut dry_run = Vec::new();
        for field in protobuf::fields(protobuf::envelope(body)?.raw) {
            let (key, value) = match field? {
                Field::Number(1, seconds) => ("gracePeriodSeconds", json!(seconds.cast_signed())),
                Field::Bytes(2, raw) => ("preconditions", preconditions(raw)?),
                Field::Number(3, orphan) => ("orphanDependents", json!(orphan != 0)),
                Field::Bytes(4, raw) => ("propagationPolicy", json!(protobuf::text(raw)?)),
                Field::Bytes(5, raw) => {
                    dry_run.push(json!(protobuf::text(raw)?));
                    continue;
                }
                Field::Number(6, ignore) => {
                    ("ignoreStoreReadErrorWithClusterBreakingPotential", json!(ignore != 0))
                }
                _ => return Err(Malformed.into()),
            };
            once(&mut map, key, value)?;
        }
        if !dry_run.is_empty() {
            map.insert("dryRun".into(), Value::Array(dry_run));
        }
        Ok(Self(map))
    }

    /// Out of the query of a delete without a body.
    pub fn from_query(query: &Query) -> Result<Self, InvalidOptions> {
        let mut map = Map::new();
        for (key, value) in query.pairs() {
            let value = match key.as_str() {
                "dryRun" => json!([value]),
                "propagationPolicy" => json!(value),
                "gracePeriodSeconds" => {
                    json!(value.parse::<i64>().map_err(|_| InvalidOptions::Query)?)
                }
                key if QUERY_KEYS.contains(&key) => json!(target::is_true(value)),
                _ => continue,
            };
            map.insert(key.clone(), value);
        }
        Ok(Self(map))
    }

    /// Binds the delete to one version of one object: the API server itself refuses any other
    /// with 409. Preconditions that the client set itself stay, and have to agree.
    pub fn bind(&mut self, uid: &str, resource_version: &str) -> Result<(), InvalidOptions> {
        let ours = [("uid", uid), ("resourceVersion", resource_version)];
        let mut preconditions = match self.0.get("preconditions") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(theirs)) => theirs.clone(),
            Some(_) => return Err(InvalidOptions::NotAnObject),
        };
        for (key, ours) in ours {
            match preconditions.insert(key.to_owned(), json!(ours)) {
                None | Some(Value::Null) => {}
                Some(theirs) if theirs == json!(ours) => {}
                Some(_) => return Err(InvalidOptions::Preconditions),
            }
        }
        self.0.insert("preconditions".to_owned(), Value::Object(preconditions));
        Ok(())
    }

    /// Whether what belongs to the object stays when it goes; none if nothing is said of it. The older
    /// option is refused together with the newer one (k8s.io/apimachinery
    /// `pkg/apis/meta/v1/validation`).
    pub fn orphans(&self) -> Option<bool> {
        let older = self.0.get("orphanDependents").and_then(Value::as_bool);
        let policy = self.0.get("propagationPolicy").and_then(Value::as_str);
        older.or_else(|| policy.map(|policy| policy == "Orphan"))
    }

    /// What it asks for that is not what most deletes do, in words; what belongs to the object apart.
    pub fn unusual(&self) -> Vec<&'static str> {
        let is = |key, value: Value| self.0.get(key) == Some(&value);
        [
            (
                is("gracePeriodSeconds", json!(0)),
                "it is a forced delete (grace period 0): the object goes at once, though its \
                 program may still run",
            ),
            (
                is("propagationPolicy", json!("Foreground")),
                "the object goes after all that belongs to it (propagation policy Foreground)",
            ),
            (
                is("ignoreStoreReadErrorWithClusterBreakingPotential", json!(true)),
                "it is an unsafe delete: the object goes even if it cannot be read, and neither \
                 finalizers nor admission have a say",
            ),
        ]
        .into_iter()
        .filter_map(|(asked, words)| asked.then_some(words))
        .collect()
    }

    /// Whether nothing is deleted, as the API server takes it.
    pub fn is_dry_run(&self) -> bool {
        self.0.get("dryRun").and_then(Value::as_array).is_some_and(|all| !all.is_empty())
    }

    /// Makes it one that deletes nothing.
    pub fn set_dry_run(&mut self) {
        self.0.insert("dryRun".to_owned(), json!(["All"]));
    }

    /// The body to send: JSON, with the kind that the server expects.
    pub fn to_json(&self) -> Value {
        let mut map = self.0.clone();
        map.insert("kind".into(), json!("DeleteOptions"));
        map.insert("apiVersion".into(), json!("v1"));
        Value::Object(map)
    }
}

fn preconditions(raw: &[u8]) -> Result<Value, Malformed> {
    let mut map = Map::new();
    for field in protobuf::fields(raw) {
        let (key, raw) = match field? {
            Field::Bytes(1, raw) => ("uid", raw),
            Field::Bytes(2, raw) => ("resourceVersion", raw),
            _ => return Err(Malformed),
        };
        once(&mut map, key, json!(protobuf::text(raw)?))?;
    }
    Ok(Value::Object(map))
}

/// Of a field that stands there twice some readers take the last and some merge both.
fn once(map: &mut Map<String, Value>, key: &str, value: Value) -> Result<(), Malformed> {
    match map.insert(key.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_an_approver_would_not_expect_is_told() {
        let told = |value| DeleteOptions::from_json(value).unwrap().unusual().len();
        assert_eq!(told(json!({"gracePeriodSeconds": 30, "propagationPolicy": "Background"})), 0);
        let query = Query::parse("gracePeriodSeconds=0&propagationPolicy=Foreground").unwrap();
        assert_eq!(DeleteOptions::from_query(&query).unwrap().unusual().len(), 2);
        assert_eq!(told(json!({"ignoreStoreReadErrorWithClusterBreakingPotential": true})), 1);
    }

    #[test]
    fn options_are_read_from_each_encoding() {
        let query = Query::parse("dryRun=All&gracePeriodSeconds=0&propagationPolicy=Orphan&x=y");
        let from_query = DeleteOptions::from_query(&query.unwrap()).unwrap();
        let mut raw = vec![0x08, 0x00, 0x22, 6];
        raw.extend(b"Orphan");
        raw.extend([0x2a, 3]);
        raw.extend(b"All");
        let from_protobuf =
            DeleteOptions::from_protobuf(&protobuf::wrap("v1", "DeleteOptions", &raw)).unwrap();
        let json =
            json!({"dryRun": ["All"], "gracePeriodSeconds": 0, "propagationPolicy": "Orphan"});
        let from_json = DeleteOptions::from_json(json).unwrap();
        assert_eq!(from_query, from_json);
        assert_eq!(from_protobuf, from_json);
    }

    #[test]
    fn options_that_are_to_delete_nothing_delete_nothing() {
        for options in [json!({}), json!({"dryRun": []}), json!({"dryRun": null, "x": 1})] {
            let mut options = DeleteOptions::from_json(options).unwrap();
            options.set_dry_run();
            assert!(options.is_dry_run());
            assert_eq!(options.to_json()["dryRun"], json!(["All"]));
        }
    }

    /// As apimachinery reads them (`pkg/runtime/conversion.go`): present is true.
    #[test]
    fn a_boolean_in_the_query_is_true_unless_it_says_otherwise() {
        for (query, value) in [
            ("orphanDependents=true", true),
            ("orphanDependents=1", true),
            ("orphanDependents", true),
            ("orphanDependents=false", false),
            ("orphanDependents=False", false),
            ("orphanDependents=0", false),
        ] {
            let options = DeleteOptions::from_query(&Query::parse(query).unwrap()).unwrap();
            assert_eq!(options.to_json()["orphanDependents"], json!(value), "{query}");
        }
    }

    #[test]
    fn a_bound_delete_names_the_object_that_was_approved() {
        let mut options =
            DeleteOptions::from_json(json!({"propagationPolicy": "Background"})).unwrap();
        options.bind("u1", "42").unwrap();
        assert_eq!(
            options.to_json()["preconditions"],
            json!({"uid": "u1", "resourceVersion": "42"})
        );
        options.bind("u1", "42").unwrap();
        assert_eq!(options.bind("u2", "42"), Err(InvalidOptions::Preconditions));
    }

    #[test]
    fn options_that_cannot_be_read_are_refused() {
        assert!(DeleteOptions::from_json(json!([])).is_err());
        assert!(DeleteOptions::from_protobuf(b"k8s\0\xff").is_err());
        assert!(DeleteOptions::from_protobuf(b"{}").is_err());
        for twice in [&[0x08, 0, 0x08, 1][..], &[0x12, 0, 0x12, 0], &[0x12, 4, 0x0a, 0, 0x0a, 0]] {
            let body = protobuf::wrap("v1", "DeleteOptions", twice);
            assert_eq!(DeleteOptions::from_protobuf(&body), Err(Malformed.into()), "{twice:?}");
        }
        let query = Query::parse("gracePeriodSeconds=soon").unwrap();
        assert_eq!(DeleteOptions::from_query(&query), Err(InvalidOptions::Query));
    }

    proptest! {
        /// What is read is what is sent, whatever else the bytes hold.
        #[test]
        fn protobuf_is_refused_or_read_to_the_end(raw in proptest::collection::vec(any::<u8>(), 0..48)) {
            let body = protobuf::wrap("v1", "DeleteOptions", &raw);
            if let Ok(options) = DeleteOptions::from_protobuf(&body) {
                let again = strict_json::parse(options.to_json().to_string().as_bytes()).unwrap();
                prop_assert_eq!(again, options.to_json());
            }
            let _ = DeleteOptions::from_protobuf(&raw);
        }

        /// What a query says is what is sent, and what is sent reads back as itself.
        #[test]
        fn a_query_is_refused_or_sent_as_it_was_read(
            query in "((dryRun|gracePeriodSeconds|orphanDependents|propagationPolicy|x)=?[A-Za-z0-9%-]{0,6}&?){0,4}",
        ) {
            let Ok(query) = Query::parse(&query) else { return Ok(()) };
            if let Ok(options) = DeleteOptions::from_query(&query) {
                let sent = strict_json::parse(options.to_json().to_string().as_bytes()).unwrap();
                let again = DeleteOptions::from_json(sent).unwrap();
                prop_assert_eq!(again.to_json(), options.to_json());
            }
        }
    }
}
