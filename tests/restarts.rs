//! What waits for an approval outlives the gateway: whoever comes back finds his hold, and an approval
//! is still good for one.

use std::process::Command;

use serde_json::Value;

use crate::harness::gateway::free_address;
use crate::harness::policies::deletes_wait;
use crate::harness::process::run;
use crate::harness::{Gateway, Namespace, Running, Settings, User, eventually, http};

/// A gateway that comes back where it was.
struct Scene {
    gateway: Gateway,
    alice: User,
    bob: User,
    namespace: Namespace,
}

impl Scene {
    fn set(purpose: &str) -> Self {
        let (policies, listen) = (deletes_wait("group:oidc:sre"), free_address());
        let gateway = Gateway::with(Settings { policies, listen, ..Settings::default() });
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        let namespace = Namespace::create(purpose);
        namespace.admin(&["create", "configmap", "c"]).ok();
        Self { gateway, alice, bob, namespace }
    }

    /// Ends the gateway as its service manager does, and starts it anew.
    fn restart(&mut self) {
        self.gateway.process.signal("TERM");
        assert_eq!(self.gateway.process.exit_code(), 0, "{}", self.gateway.log());
        self.gateway.restart();
    }

    /// alice's delete, past every client.
    fn delete(&self) -> http::Answer {
        let n = &self.namespace.name;
        let head = format!("DELETE /api/v1/namespaces/{n}/configmaps/c");
        http::send(&self.gateway, &self.alice, &head, "")
    }

    fn hold(&self, id: &str) -> Value {
        let shown = self.bob.kguard(&["requests", id, "-o", "json"]).ok();
        serde_json::from_str(&shown).unwrap()
    }

    fn all(&self) -> Vec<Value> {
        serde_json::from_str(&self.bob.kguard(&["requests", "-o", "json"]).ok()).unwrap()
    }

    fn only(&self) -> String {
        let all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0]["id"].as_str().unwrap().to_owned()
    }

    fn approve(&self, id: &str) {
        self.bob.kguard(&["approve", id, "--yes"]).ok();
    }

    fn exists(&self) -> bool {
        self.namespace.admin(&["get", "configmap", "c"]).code == 0
    }

    /// Writes to the gateway's database past the gateway.
    fn tamper(&self, sql: &str) {
        let database = self.gateway.folder.join("state/gateway.db");
        let script = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as database: \
                      database.execute(sys.argv[2])";
        let done = run(Command::new("python3").args(["-c", script]).arg(database).arg(sql));
        assert_eq!(done.code, 0, "{done:?}");
    }
}

fn id(requester: &mut Running) -> String {
    requester.wait_for("the line to pass on", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    })
}

#[test]
fn kubectl_waits_through_a_restart() {
    let mut scene = Scene::set("restart");
    let n = scene.namespace.name.clone();
    let mut delete = scene.alice.start(&["kubectl", "-n", &n, "delete", "configmap", "c"]);
    let id = id(&mut delete);
    scene.restart();
    let hold = scene.hold(&id);
    assert_eq!(hold["state"], "pending", "{hold}");
    // Its client comes back, and with it what it would do.
    eventually("the effect", || {
        let effect = scene.hold(&id)["effect"].take();
        (!effect["notes"].to_string().contains("has not come back")).then_some(())
    });
    scene.approve(&id);
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
    assert!(!scene.exists());
    assert_eq!(scene.only(), id);
    assert_eq!(scene.hold(&id)["state"], "used");
    scene.bob.kguard(&["audit", "verify"]).ok();
}

#[test]
fn an_approval_from_before_is_good_for_one() {
    let mut scene = Scene::set("restart-approved");
    assert_eq!(scene.delete().status, 429);
    let id = scene.only();
    scene.approve(&id);
    // In whatever way it ends.
    scene.gateway.kill();
    scene.gateway.restart();
    assert_eq!(scene.delete().status, 200);
    assert_eq!(scene.hold(&id)["state"], "used");

    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    scene.restart();
    assert_eq!(scene.delete().status, 429, "an approval is good once");
    assert_ne!(scene.all()[0]["id"], id.as_str());
}

#[test]
fn a_hold_is_pending_for_the_very_same_request() {
    let mut scene = Scene::set("restart-same");
    assert_eq!(scene.delete().status, 429);
    let id = scene.only();
    let held = scene.hold(&id);
    scene.restart();
    let away = scene.hold(&id)["effect"].take();
    assert!(away["notes"].to_string().contains("has not come back"), "{away}");
    // Another object under its name, or other terms, are another request.
    scene.namespace.admin(&["delete", "configmap", "c"]).ok();
    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    scene.approve(&id);
    assert_eq!(scene.delete().status, 429);
    assert_eq!(scene.all().len(), 2);
    assert_eq!(scene.hold(&id)["digest"], held["digest"]);
    assert!(scene.exists());
}

#[test]
fn what_the_store_says_and_the_trail_does_not_is_no_approval() {
    let mut scene = Scene::set("restart-forged");
    assert_eq!(scene.delete().status, 429);
    let id = scene.only();
    scene.gateway.kill();
    scene.tamper(
        "UPDATE holds SET state = 'approved', body = json_set(body, '$.state', 'approved')",
    );
    scene.gateway.restart();
    assert_eq!(scene.hold(&id)["state"], "cancelled");
    assert_eq!(scene.delete().status, 429);
    assert!(scene.exists());
    // The end of the forged one is in the trail.
    let trail = scene.bob.kguard(&["audit", "export"]).ok();
    assert!(
        trail.contains(&format!(r#""holdState","hold":"{id}","state":"cancelled""#)),
        "{trail}"
    );
}

#[test]
fn a_job_that_is_run_again_finds_its_hold_after_a_restart() {
    let mut scene = Scene::set("restart-ci");
    let n = scene.namespace.name.clone();
    let user = format!("system:serviceaccount:{n}:robot");
    let binding = ["create", "rolebinding", "robot", "--clusterrole=cluster-admin"];
    scene.namespace.admin(&[&binding[..], &[&format!("--user={user}")]].concat()).ok();
    let robot = User::workload(&scene.gateway, &scene.namespace, "robot");
    let job = || {
        let args = ["kubectl", "-n", &n, "delete", "configmap", "c"];
        Running::start(robot.command("1.34", &args).env("CI", "true"))
    };
    let mut first = job();
    let id = id(&mut first);
    first.signal("KILL");
    first.exit_code();
    scene.restart();
    scene.approve(&id);
    let mut second = job();
    assert_eq!(second.exit_code(), 0, "{}", second.said());
    assert_eq!(scene.hold(&id)["state"], "used");
}
