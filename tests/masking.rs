//! Masking as those see it from whom values are hidden, and who work all the same.

mod canary;
mod channels;
mod errors;
mod helm;
mod holds;
mod oracles;
mod owners;
mod protobuf;
mod round_trips;
mod terminals;
mod text;
mod watches;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::harness::process::{Output, run};
use crate::harness::{Gateway, Namespace, User, eventually};

const HEAD: &str = "apiVersion: kguard.dev/v1alpha1\n";

/// Somebody from whom the values of Secrets and the environment of workloads are hidden.
struct Desk {
    gateway: Gateway,
    namespace: Namespace,
    user: User,
}

impl Desk {
    fn new(purpose: &str) -> Self {
        Self::with(
            purpose,
            &format!(
                "{HEAD}kind: Policy\nmetadata: {{name: all}}\nspec: {{match: {{callers: ['*']}}, \
             effect: allow}}\n---\n{HEAD}kind: Mask\nmetadata: {{name: secrets}}\nspec:\n  \
             match: {{resources: [secrets]}}\n  fields: ['data.*']\n---\n{HEAD}kind: Mask\nmetadata: \
             {{name: env}}\nspec:\n  match: {{resources: [deployments.apps, pods]}}\n  fields: \
             ['spec.**.env.*.value']\n---\n{HEAD}kind: Mask\nmetadata: {{name: text}}\nspec:\n  \
             match: {{resources: [pods/log, pods/exec, pods/attach]}}\n  values: [known-secrets, \
             url-password]\n"
            ),
        )
    }

    fn with(purpose: &str, policies: &str) -> Self {
        let gateway = Gateway::with_policies(policies);
        let namespace = Namespace::create(purpose);
        namespace.allow(&[("user", "oidc:alice")]);
        let user = User::person(&gateway, "alice");
        Self { gateway, namespace, user }
    }

    /// Stores a Secret with the values `hunter2` and `swordfish`, and makes it look applied.
    fn secret(&self, name: &str) {
        let [password, user] = ["hunter2", "swordfish"].map(encoded);
        self.namespace.apply(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\ndata: {{password: {password}, \
             user: {user}}}\n"
        ));
    }

    /// A pod that prints the values of the Secret `db`, and waits until it runs.
    fn talker(&self) {
        self.secret("db");
        self.namespace.apply(text::POD);
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", "pod/talker"];
        self.namespace.admin(&ready).ok();
    }

    /// What the trail says of the last request for a subresource, once it has ended.
    fn last_end(&self, subresource: &str) -> Value {
        let bob = User::person(&self.gateway, "bob");
        let list = || -> Vec<Value> {
            let listed = bob.kguard(&["audit", "list", "-o", "json", "--limit", "1000"]).ok();
            let entries: Vec<Value> = serde_json::from_str(&listed).unwrap();
            entries.iter().map(record).collect()
        };
        let request = |entry: &&Value| {
            entry["request"]["subresource"] == subresource
                && entry["request"]["namespace"] == *self.namespace.name
        };
        eventually("the request has ended in the trail", || {
            let entries = list();
            let id = &entries.iter().rev().find(request)?["id"];
            let ends = |entry: &&Value| entry["event"] == "response" && entry["id"] == *id;
            entries.iter().find(ends).cloned()
        })
    }

    fn kubectl(&self, args: &[&str]) -> Output {
        self.user.kubectl(&[&["-n", &self.namespace.name], args].concat())
    }

    /// `kubectl edit` with an editor that is a sed script.
    fn edit(&self, what: &str, script: &str) -> Output {
        let args = ["kubectl", "-n", &self.namespace.name, "edit", what];
        run(self.user.command("1.34", &args).env("EDITOR", format!("sed -i -e {script}")))
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.user.home().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What is stored.
    fn stored(&self, what: &str) -> Value {
        let text = self.namespace.admin(&["get", what, "-o", "json", "--show-managed-fields"]).ok();
        serde_json::from_str(&text).unwrap()
    }

    /// The values of a stored Secret.
    fn values(&self, name: &str) -> Vec<(String, String)> {
        let stored = self.stored(&format!("secret/{name}"));
        let data = stored["data"].as_object().unwrap();
        data.iter().map(|(key, value)| (key.clone(), decoded(value))).collect()
    }

    /// What is shown of a value.
    fn shown(&self, name: &str, key: &str) -> String {
        let path = format!("jsonpath={{.data.{key}}}");
        self.kubectl(&["get", "secret", name, "-o", &path]).ok()
    }
}

/// What an entry says: it is listed as the text that its hash is over.
fn record(entry: &Value) -> Value {
    match entry.get("record").unwrap_or(entry) {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        record => record.clone(),
    }
}

fn encoded(text: &str) -> String {
    STANDARD.encode(text)
}

fn decoded(value: &Value) -> String {
    String::from_utf8(STANDARD.decode(value.as_str().unwrap()).unwrap()).unwrap()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
