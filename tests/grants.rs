//! What a hold may have besides one approval: grants, elevation, runs that wait for nobody, and
//! approvers who have logged in just now.

mod break_glass;
mod elevation;
mod fresh_logins;
mod lifted;

use serde_json::Value;

use crate::harness::{Gateway, Namespace, Running, User, eventually};

/// Alice asks, bob decides, and carol has nothing to say.
struct Scene {
    gateway: Gateway,
    alice: User,
    bob: User,
    namespace: Namespace,
}

/// A policy called `held` that holds what `matches` says, on these terms besides bob's group.
fn held(matches: &str, terms: &str) -> String {
    format!(
        "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: held}}\nspec:\n  match: \
         {matches}\n  effect: hold\n  hold: {{approvers: ['group:oidc:sre'], {terms}}}\n"
    )
}

/// The starter pack and a policy.
fn with_starter(policy: &str) -> String {
    format!("{policy}---\n{}", kguard::policy::starter().text)
}

impl Scene {
    fn set(purpose: &str, policy: &str) -> Self {
        let gateway = Gateway::with_policies(&with_starter(policy));
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        Self { gateway, alice, bob, namespace: Namespace::create(purpose) }
    }

    /// `kguard kubectl -n NAMESPACE ARGS`, beside the test.
    fn start(&self, user: &User, args: &[&str]) -> Running {
        user.start(&[&["kubectl", "-n", &self.namespace.name], args].concat())
    }

    /// The same for what waits for nobody: it would never end if it did.
    fn kubectl(&self, args: &[&str]) -> String {
        let mut running = self.start(&self.alice, args);
        assert_eq!(running.exit_code(), 0, "{}", running.said());
        let said = running.said();
        assert!(!said.contains("waiting for approval"), "{said}");
        said
    }

    /// Starts what is held; with the id of its hold.
    fn start_held(&self, user: &User, args: &[&str]) -> (Running, String) {
        let mut running = self.start(user, args);
        let id = held_id(&mut running);
        (running, id)
    }

    /// Has bob approve what alice does, for a while.
    fn grant(&self, args: &[&str], flags: &[&str]) -> String {
        let (mut running, id) = self.start_held(&self.alice, args);
        self.bob.kguard(&[&["approve", &id, "--yes"], flags].concat()).ok();
        assert_eq!(running.exit_code(), 0, "{}", running.said());
        id
    }

    /// What is started is held, and denied.
    fn assert_held(&self, user: &User, args: &[&str]) {
        let (mut running, id) = self.start_held(user, args);
        self.bob.kguard(&["deny", &id]).ok();
        assert_eq!(running.exit_code(), 77, "{}", running.said());
    }

    /// The records of the trail that are of an event, newest last.
    fn trail(&self, event: &str) -> Vec<Value> {
        let list = ["audit", "list", "--limit", "1000", "-o", "json"];
        let all: Vec<Value> = serde_json::from_str(&self.bob.kguard(&list).ok()).unwrap();
        let records = all.into_iter().map(|entry| entry["record"].clone());
        records.filter(|record| record["event"] == event).collect()
    }

    /// The requests on this object that were let through.
    fn allowed(&self, path_end: &str) -> Vec<Value> {
        let is_it = |of: &Value| {
            let path = of["request"]["path"].as_str().unwrap_or_default();
            of["decision"] == "allow" && path.ends_with(path_end) && of["request"]["verb"] != "get"
        };
        self.trail("request").into_iter().filter(is_it).collect()
    }

    fn config_maps(&self, names: &[&str]) {
        for name in names {
            self.namespace.admin(&["create", "configmap", name]).ok();
        }
    }

    fn exists(&self, what: &str) -> bool {
        self.namespace.admin(&["get", what]).code == 0
    }

    /// Waits until a grant has ended, and tells why.
    fn end_of(&self, id: &str) -> Value {
        eventually("the end of the grant", || {
            let grants = grants(&self.bob);
            let end = grants.iter().find(|grant| grant["id"] == id)?["ended"].clone();
            (!end.is_null()).then_some(end)
        })
    }
}

/// The grants that somebody sees.
fn grants(user: &User) -> Vec<Value> {
    serde_json::from_str(&user.kguard(&["grants", "--all", "-o", "json"]).ok()).unwrap()
}

/// The id that the line to pass on names.
fn held_id(running: &mut Running) -> String {
    running.wait_for("the line to pass on", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    })
}
