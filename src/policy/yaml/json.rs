//! YAML as the JSON that it stands for: objects, as cases hold them.

use serde_json::{Map, Number, Value as Json};

use super::{Key, Node, Value};
use crate::policy::problem::Problems;

impl Node {
    /// The node as it would be in JSON; what JSON does not have is a problem.
    pub(in crate::policy) fn into_json(self, problems: &mut Problems<'_>) -> Option<Json> {
        match self.value {
            Value::Bool(truth) => Some(Json::Bool(truth)),
            Value::Float(number) => {
                let number = Number::from_f64(number).map(Json::Number);
                if number.is_none() {
                    problems.add(self.at, "an object cannot hold what is no number");
                }
                number
            }
            Value::Int(number) => Some(Json::from(number)),
            Value::List(items) => items
                .into_iter()
                .map(|item| item.into_json(problems))
                .collect::<Option<_>>()
                .map(Json::Array),
            Value::Map(entries) => map(entries, problems).map(Json::Object),
            Value::Null => Some(Json::Null),
            Value::Other(kind) => {
                problems.add(self.at, format!("an object cannot hold {kind}"));
                None
            }
            Value::Text(text) => Some(Json::String(text)),
        }
    }
}

fn map(entries: Vec<(Key, Node)>, problems: &mut Problems<'_>) -> Option<Map<String, Json>> {
    let mut map = Map::new();
    for (key, node) in entries {
        let value = node.into_json(problems)?;
        if map.insert(key.name.clone(), value).is_some() {
            problems.add(key.at, format!("field `{}` stands here twice", key.name));
        }
    }
    Some(map)
}
