//! One expression, evaluated for whoever wants to see what it comes to.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::interpret::Run;
use super::value::Value;
use super::{Expression, Scope, Vocabulary};
use crate::policy::capability::Carried;
use crate::policy::{Facts, Objects};

/// What became of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluated {
    /// It has a value. What JSON has no type for is an object with the type as its only key:
    /// `{"duration": "90s"}`. Numbers keep their types so: only ints are numbers.
    Value(Json),
    /// It failed, for this reason.
    Failed(String),
    /// It is no expression, for these reasons, each with its line and column.
    Refused(Vec<String>),
}

/// Evaluates an expression with the variables that `when` has. The value may be out of the
/// objects: it is for who wrote the expression, not for logs.
pub fn evaluate(text: &str, facts: &Facts<'_>, objects: &Objects, now: Timestamp) -> Evaluated {
    let expression = match Expression::read(text, Vocabulary::Full) {
        Ok((expression, _)) => expression,
        Err(flaws) => {
            let line =
                |flaw: super::Flaw| format!("{}:{}: {}", flaw.line, flaw.column, flaw.message);
            return Evaluated::Refused(flaws.into_iter().map(line).collect());
        }
    };
    let mut scope = Scope::new(facts, Carried::by(facts.request).possible);
    scope.set_now(now);
    let outcome = scope
        .set_objects(objects.object.known(), objects.old_object.known())
        .and_then(|()| Run::new(&scope).value(&expression.code));
    match outcome {
        Ok(value) => Evaluated::Value(canonical(&value)),
        Err(failure) => Evaluated::Failed(failure.to_string()),
    }
}

/// The value in JSON, with its type. Fuel bounded what it is made of, and its depth is that of the
/// expression and the object.
fn canonical(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!(number),
        Value::Uint(number) => json!({ "uint": number.to_string() }),
        Value::Double(number) => json!({ "double": format!("{number:e}").to_lowercase() }),
        Value::String(text) => json!(**text),
        Value::Pattern(pattern) => json!(pattern.text()),
        Value::Bytes(bytes) => json!({ "bytes": bytes.to_vec() }),
        Value::List(list) => list.iter().map(|item| canonical(&item)).collect(),
        Value::Map(map) => {
            let entries = map.keys().into_iter().map(|key| {
                let key = key.into_value();
                (canonical(&key), map.find(&key).map_or(Json::Null, |value| canonical(&value)))
            });
            let mut entries: Vec<_> = entries.map(|(key, value)| json!([key, value])).collect();
            entries.sort_by_key(Json::to_string);
            json!({ "map": entries })
        }
        Value::Duration(duration) => json!({ "duration": duration.to_string() }),
        Value::Timestamp(time) => json!({ "timestamp": time.to_string() }),
        Value::Type(name) => json!({ "type": name }),
        Value::Optional(inner) => {
            json!({ "optional": inner.iter().map(|inner| canonical(inner)).collect::<Vec<_>>() })
        }
        Value::Cidr(cidr) => json!({ "cidr": cidr.to_string() }),
        Value::Format(format) => json!({ "format": format.name() }),
        Value::Ip(ip) => json!({ "ip": ip.to_string() }),
        Value::Quantity(quantity) => json!({ "quantity": quantity.nanos().to_string() }),
        Value::Semver(version) => json!({ "semver": version.to_string() }),
        Value::Url(url) => json!({ "url": url.to_string() }),
    }
}
