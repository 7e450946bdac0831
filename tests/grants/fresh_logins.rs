//! Approvers who have to have logged in just now.

use jiff::Timestamp;
use serde_json::json;

use super::{Scene, held, with_starter};
use crate::harness::process::run;
use crate::harness::provider::Provider;
use crate::harness::tokens::SigningKey;
use crate::harness::{Gateway, Namespace, Running, Settings, User};

const DELETES: &str = "{resources: [configmaps], verbs: [delete]}";
const FRESH: &str = "maxAuthAge: 15m";

#[test]
fn a_stale_login_approves_nothing_and_may_deny() {
    let key = SigningKey::make();
    let provider = Provider::start(&[("OIDC_SIGNING_KEY", key.file())]);
    let policies = with_starter(&held(DELETES, FRESH));
    let issuer = provider.issuer();
    let gateway = Gateway::with(Settings { policies, issuer, ..Settings::default() });
    let now = Timestamp::now().as_second();
    let user = |claims: serde_json::Value| {
        let mut all =
            json!({"iss": provider.issuer, "aud": "kguard", "iat": now, "exp": now + 600});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        User::with_token(&gateway, key.sign(&all))
    };
    let bob = |auth_time: serde_json::Value| {
        let claims = json!({"sub": "bob", "groups": ["sre"], "auth_time": auth_time});
        user(claims)
    };
    let (stale, fresh) = (bob(json!(now - 3600)), bob(json!(now)));
    let undated = user(json!({"sub": "bob", "groups": ["sre"]}));
    let to_come = bob(json!(now + 3600));
    let alice = user(json!({"sub": "alice", "groups": ["dev"]}));
    let scene = Scene { gateway, alice, bob: fresh, namespace: Namespace::create("fresh") };
    scene.config_maps(&["web"]);

    let (mut delete, id) = scene.start_held(&scene.alice, &["delete", "cm", "web"]);
    for approver in [&stale, &undated, &to_come] {
        let refused = approver.kguard(&["approve", &id, "--yes"]);
        assert_ne!(refused.code, 0, "{refused:?}");
        assert!(refused.stderr.contains("kguard login --fresh"), "{refused:?}");
    }
    assert!(scene.exists("cm/web"));
    stale.kguard(&["deny", &id]).ok();
    assert_eq!(delete.exit_code(), 77);

    let (mut delete, id) = scene.start_held(&scene.alice, &["delete", "cm", "web"]);
    scene.bob.kguard(&["approve", &id, "--yes"]).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
}

#[test]
fn a_fresh_login_gets_a_token_that_says_when_it_was() {
    let scene = Scene::set("login", &held(DELETES, FRESH));
    scene.config_maps(&["web"]);
    let (mut delete, id) = scene.start_held(&scene.alice, &["delete", "cm", "web"]);
    let without_token = |args: &[&str]| {
        let mut command = scene.bob.command("1.34", args);
        command.env_remove("KGUARD_TOKEN");
        command
    };
    let login = ["login", "--fresh", "--insecure-storage"];
    let mut login = Running::start(&mut without_token(&login));
    let address =
        login.wait_for("the address", |line| Some(line.strip_prefix("Open ")?.to_owned()));
    Provider::get().confirm(&address, "bob");
    assert_eq!(login.exit_code(), 0, "{}", login.said());
    run(&mut without_token(&["approve", &id, "--yes"])).ok();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
}
