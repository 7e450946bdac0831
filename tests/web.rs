//! The web page's server side: logging in at a real provider, sessions, and what other sites and
//! other people could try with them. As raw HTTP, since no browser would send most of it.

mod browser;

use std::io::{Read as _, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use self::browser::{
    Browser, Page, SAME_ORIGIN, SESSION, encoded, headers, location, parameter, with_parameter,
};
use crate::harness::gateway::free_address;
use crate::harness::http::{self, Answer};
use crate::harness::process::{Running, binary};
use crate::harness::provider::Provider;
use crate::harness::{Cluster, Gateway, Namespace, Settings, User};

/// A cookie of a login under way.
const LOGIN: &str = "__Host-kguard-login";

/// A gateway that knows its address, with the people of a provider.
fn gateway_of(provider: &Provider, extra: &str) -> Gateway {
    let listen = free_address();
    let extra = format!("externalUrl: https://{listen}\n{extra}");
    Gateway::with(Settings { issuer: provider.issuer(), listen, extra, ..Settings::default() })
}

fn gateway() -> Gateway {
    gateway_of(Provider::get(), "")
}

fn browser(gateway: &Gateway) -> Browser {
    Browser::new(gateway, Provider::get())
}

/// A decision on a hold that is none: 404 tells that the caller was accepted.
const NO_HOLD: &str = "/v1/holds/none/decision";

fn decision() -> String {
    json!({"verdict": "approve", "digest": "0".repeat(64)}).to_string()
}

#[test]
fn a_person_logs_in_and_is_whom_the_client_would_be() {
    let gateway = gateway();
    let mut bob = browser(&gateway);
    assert_eq!(bob.get("/ui/session").status, 401);
    let begun = bob.get("/ui/login?to=%2Fui%2F%23%2Fholds%2Fra58x");
    let back = bob.sign_in(&location(&begun), "bob");
    let finished = bob.go(&back);
    assert_eq!(location(&finished), "/ui/#/holds/ra58x");
    let set = headers(&finished, "set-cookie").join("\n");
    assert!(set.contains("; Path=/; Secure; HttpOnly; SameSite=Strict"), "{set}");
    assert!(bob.cookie(LOGIN).is_none(), "{set}");

    let session = bob.page().session;
    let by_token = User::person(&gateway, "bob").kguard(&["whoami", "-o", "json"]).ok();
    let by_token: Value = serde_json::from_str(&by_token).unwrap();
    assert_eq!(session["caller"], by_token["caller"]);
    assert_eq!(session["auditor"], true);
    assert_eq!(bob.get("/v1/whoami").json()["caller"], by_token["caller"]);
    // What is a token begins so; none ever reaches the browser.
    for answer in [&begun, &finished, &bob.get("/ui/session")] {
        assert!(!format!("{answer:?}").contains("eyJhbGci"), "{answer:?}");
    }
}

#[test]
fn a_confidential_client_shows_its_secret() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "a secret: 100% +/&=\n").unwrap();
    let path = secret.path().display();
    let extra = format!("web: {{clientId: kguard-web, clientSecretFile: {path}}}");
    let gateway = gateway_of(Provider::get(), &extra);
    let page = browser(&gateway).log_in("carol");
    assert_eq!(page.session["caller"]["name"], "oidc:carol");
    std::fs::write(secret.path(), "another").unwrap();
    let mut carol = browser(&gateway);
    let back = carol.begin("carol");
    assert_eq!(carol.go(&back).status, 403);
}

#[test]
fn without_its_address_there_is_a_page_and_no_login() {
    let gateway = Gateway::start();
    let mut bob = browser(&gateway);
    for path in ["/ui/session", "/ui/login", "/ui/callback?code=x&state=y"] {
        let answer = bob.get(path);
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.body.contains("externalUrl"), "{answer:?}");
    }
    assert_eq!(bob.get("/ui/").status, 200);
    assert_eq!(location(&bob.get("/")), "/ui/");
}

#[test]
fn a_page_that_is_switched_off_is_not_there() {
    let gateway = gateway_of(Provider::get(), "web: {enabled: false}");
    let mut bob = browser(&gateway);
    for path in ["/", "/ui/", "/ui/login", "/ui/session"] {
        assert_eq!(bob.get(path).status, 404, "{path}");
    }
    bob.plant(SESSION, "x");
    assert_eq!(bob.get("/v1/whoami").status, 401);
}

/// Everything that comes back from the issuer and is not the answer to this browser's question.
#[test]
fn a_login_ends_only_where_and_as_it_began() {
    let gateway = gateway();
    let mut bob = browser(&gateway);
    let back = bob.begin("bob");
    let (state, code) = (parameter(&back, "state"), parameter(&back, "code"));
    let mut other = browser(&gateway);
    let others = other.begin("carol");
    for altered in [
        with_parameter(&back, "state", "x"),
        with_parameter(&back, "state", ""),
        with_parameter(&back, "iss", "https%3A%2F%2Fevil.example"),
        back.replace(&format!("state={state}"), "x=y"),
        format!("{back}&state={state}"),
        others.clone(),
        format!("{}/ui/callback", gateway.url),
    ] {
        let answer = bob.go(&altered);
        assert_eq!(answer.status, 403, "{altered} {answer:?}");
        assert!(headers(&answer, "set-cookie").is_empty(), "{answer:?}");
    }
    // Somebody else's browser, which has asked nothing.
    assert_eq!(browser(&gateway).go(&back).status, 403);

    // Carol's code, put into bob's login: its verifier is another.
    let injected = with_parameter(&back, "code", parameter(&others, "code"));
    let sealed = bob.cookie(LOGIN).unwrap();
    assert_eq!(bob.go(&injected).status, 403);
    assert!(bob.cookie(LOGIN).is_none() && bob.cookie(SESSION).is_none());

    bob.plant(LOGIN, &sealed);
    assert_eq!(bob.go(&back).status, 303);
    assert_eq!(bob.page().session["caller"]["name"], "oidc:bob");
    // And once more, with everything that it takes.
    bob.plant(LOGIN, &sealed);
    let replayed = bob.go(&back);
    assert_eq!(replayed.status, 403, "{code} {replayed:?}");
    assert!(replayed.body.contains("invalid_grant"), "{replayed:?}");
}

#[test]
fn a_token_for_another_question_logs_nobody_in() {
    let gateway = gateway();
    let mut bob = browser(&gateway);
    let address = location(&bob.get("/ui/login"));
    let back = bob.sign_in(&with_parameter(&address, "nonce", "another"), "bob");
    let answer = bob.go(&back);
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(answer.body.contains("log in again") && bob.cookie(SESSION).is_none(), "{answer:?}");
}

#[test]
fn what_the_issuer_refuses_is_said_and_logs_nobody_in() {
    let gateway = gateway();
    let mut bob = browser(&gateway);
    let state = parameter(&location(&bob.get("/ui/login")), "state").to_owned();
    let url = &gateway.url;
    let refused = bob.go(&format!(
        "{url}/ui/callback?error=access_denied&error_description=%3Cb%3E&state={state}"
    ));
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.body.contains("The login was refused") && !refused.body.contains("<b>"));
}

#[test]
fn a_login_leads_nowhere_but_to_the_page() {
    let gateway = gateway();
    for to in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/ui/../../evil",
        "/v1/whoami",
        "/ui/\r\nX: y",
        "javascript:alert(1)",
    ] {
        let mut bob = browser(&gateway);
        let begun = bob.get(&format!("/ui/login?to={}", encoded(to)));
        let back = bob.sign_in(&location(&begun), "bob");
        assert_eq!(location(&bob.go(&back)), "/ui/", "{to}");
    }
}

#[test]
fn what_another_site_sends_with_the_cookie_is_refused() {
    let gateway = gateway();
    let mut bob = browser(&gateway);
    let token = bob.log_in("bob").csrf();
    let ours = format!("Origin: {}", gateway.url);
    let cross = "Sec-Fetch-Site: cross-site";
    for (sent, status) in [
        (&[SAME_ORIGIN, &token][..], 404),
        (&[&ours, &token], 404),
        (&[SAME_ORIGIN], 403),
        (&[SAME_ORIGIN, "X-Kguard-Csrf: x"], 403),
        (&[SAME_ORIGIN, "X-Kguard-Csrf:"], 403),
        (&[cross, &token], 403),
        (&[cross, &ours, &token], 403),
        (&["Sec-Fetch-Site: same-site", &token], 403),
        (&["Sec-Fetch-Site: none", &token], 403),
        (&["Origin: https://evil.example", &token], 403),
        (&["Origin: null", &token], 403),
        (&[&token], 403),
        (&[], 403),
    ] {
        let answer = bob.post(NO_HOLD, sent, &decision());
        assert_eq!(answer.status, status, "{sent:?} {answer:?}");
        let logout = bob.post("/ui/logout", &sent.iter().map(|_| cross).collect::<Vec<_>>(), "");
        assert_eq!(logout.status, 403, "{logout:?}");
    }
    // What a form can send without asking, and what a script may read.
    let url = format!("{}/v1/whoami", gateway.url);
    for (site, status) in
        [(cross, 403), ("Sec-Fetch-Site: same-site", 403), (SAME_ORIGIN, 200), ("X: y", 200)]
    {
        let answer = bob.visit("GET", &url, &[site], None);
        assert_eq!(answer.status, status, "{site} {answer:?}");
        assert!(headers(&answer, "access-control-allow-origin").is_empty(), "{answer:?}");
        assert_eq!(headers(&answer, "cross-origin-resource-policy"), ["same-origin"]);
    }
    let preflight = bob.visit("OPTIONS", &url, &["Origin: https://evil.example"], None);
    assert!(headers(&preflight, "access-control-allow-origin").is_empty(), "{preflight:?}");
    // Another person's token is of no use with this cookie.
    let others = browser(&gateway).log_in("carol").csrf();
    assert_eq!(bob.post(NO_HOLD, &[SAME_ORIGIN, &others], &decision()).status, 403);
}

#[test]
fn a_cookie_that_was_planted_is_not_the_session_that_begins() {
    let gateway = gateway();
    let mut attacker = browser(&gateway);
    attacker.log_in("carol");
    let planted = attacker.cookie(SESSION).unwrap();
    let mut bob = browser(&gateway);
    for plant in ["made-up", planted.as_str()] {
        bob.plant(SESSION, plant);
        bob.log_in("bob");
        let id = bob.cookie(SESSION).unwrap();
        assert_ne!(id, plant);
        attacker.plant(SESSION, plant);
        assert_eq!(attacker.get("/ui/session").status, 401, "{plant}");
    }
    // With each login the earlier session ends.
    let earlier = bob.cookie(SESSION).unwrap();
    bob.log_in("bob");
    attacker.plant(SESSION, &earlier);
    assert_eq!(attacker.get("/v1/whoami").status, 401);
}

#[test]
fn no_other_site_shows_the_page_and_nothing_but_its_own_files_runs_on_it() {
    let gateway = gateway();
    let mut bob = browser(&gateway);
    for path in ["/ui/", "/ui/index.html", "/ui/none", "/ui/callback", "/ui/session", "/"] {
        let answer = bob.get(path);
        let policy = headers(&answer, "content-security-policy").join("");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path} {policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{path} {policy}");
        assert!(!policy.contains("unsafe-inline") && !policy.contains('*'), "{path} {policy}");
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers(&answer, name), [value], "{path} {answer:?}");
        }
    }
    let api = bob.get("/v1/whoami");
    assert_eq!(headers(&api, "cache-control"), ["no-store"], "{api:?}");
    assert!(headers(&api, "content-security-policy")[0].contains("frame-ancestors 'none'"));
    // A loopback address stays free for whatever else runs there.
    assert!(headers(&api, "strict-transport-security").is_empty());
    let file = bob.get("/ui/");
    let etag = format!("If-None-Match: {}", headers(&file, "etag")[0]);
    let again = bob.visit("GET", &format!("{}/ui/", gateway.url), &[&etag], None);
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[test]
fn logging_out_ends_the_session_and_what_it_is_being_told() {
    let gateway = gateway();
    let mut bob = browser(&gateway);
    let token = bob.log_in("bob").csrf();
    let id = bob.cookie(SESSION).unwrap();
    let mut inbox = http::connect(&gateway.url, &gateway.ca);
    let head = "GET /v1/inbox HTTP/1.1\r\nHost: x\r\nConnection: close";
    write!(inbox, "{head}\r\nCookie: {SESSION}={id}\r\n\r\n").unwrap();
    let mut first = [0; 1];
    inbox.read_exact(&mut first).unwrap();

    let out = bob.post("/ui/logout", &[SAME_ORIGIN, &token], "");
    assert_eq!(out.status, 204, "{out:?}");
    assert!(bob.cookie(SESSION).is_none());
    let mut rest = Vec::new();
    // The gateway closes without TLS's goodbye; the end of the body is what counts.
    let _ = inbox.read_to_end(&mut rest);
    assert!(rest.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));

    bob.plant(SESSION, &id);
    assert_eq!(bob.get("/ui/session").status, 401);
    assert_eq!(bob.post(NO_HOLD, &[SAME_ORIGIN, &token], &decision()).status, 401);
    let again = bob.post("/ui/logout", &[SAME_ORIGIN, &token], "");
    assert_eq!(again.status, 204, "whoever has no session is logged out: {again:?}");
}

#[test]
fn the_cookie_opens_neither_a_cluster_nor_a_tunnel() {
    let gateway = gateway();
    let mut bob = browser(&gateway);
    let token = bob.log_in("bob").csrf();
    let url = &gateway.url;
    let upgrade = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: kguard.v1",
    ];
    for (path, more) in [
        ("/clusters/test/api/v1/namespaces", &[][..]),
        ("/clusters/test/version", &["Impersonate-User: oidc:alice"]),
        ("/tunnel", &upgrade),
    ] {
        let sent = [&[SAME_ORIGIN, &token][..], more].concat();
        let answer = bob.visit("GET", &format!("{url}{path}"), &sent, None);
        assert!(matches!(answer.status, 400 | 401), "{path} {answer:?}");
    }
    // A token that is shown is judged alone: a wrong one is not made good by the cookie.
    let wrong = "Authorization: Bearer x";
    let answer = bob.visit("GET", &format!("{url}/v1/whoami"), &[SAME_ORIGIN, wrong], None);
    assert_eq!(answer.status, 401, "{answer:?}");
}

#[test]
fn a_session_outlives_its_token_and_not_the_login_at_the_issuer() {
    let provider = Provider::start(&[("OIDC_TOKEN_TTL", "1"), ("OIDC_REFRESH_TTL", "3600")]);
    let gateway = gateway_of(&provider, "");
    let mut bob = Browser::new(&gateway, &provider);
    bob.log_in("bob");
    // Each is asked of the issuer anew, with a refresh token that is good once.
    for _ in 0..3 {
        assert_eq!(bob.get("/v1/whoami").json()["caller"]["name"], "oidc:bob");
    }

    let provider = Provider::start(&[("OIDC_TOKEN_TTL", "1"), ("OIDC_REFRESH_TTL", "2")]);
    let gateway = gateway_of(&provider, "");
    let mut bob = Browser::new(&gateway, &provider);
    bob.log_in("bob");
    std::thread::sleep(std::time::Duration::from_secs(3));
    bob.await_end();
    let answer = bob.get("/v1/whoami");
    assert_eq!(answer.status, 401, "{answer:?}");
}

#[test]
fn a_restart_logs_the_page_out() {
    let mut gateway = gateway();
    let mut bob = browser(&gateway);
    bob.log_in("bob");
    gateway.kill();
    gateway.restart();
    assert_eq!(bob.get("/ui/session").status, 401);
    bob.log_in("bob");
}

/// A hold of alice's `delete ns`.
fn held(alice: &User, doomed: &Namespace) -> (Running, String) {
    let mut delete = alice.start(&["kubectl", "delete", "ns", &doomed.name]);
    let id = delete.wait_for("the line to pass on", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    });
    (delete, id)
}

fn decide(browser: &mut Browser, page: &Page, id: &str, body: &Value) -> Answer {
    let path = format!("/v1/holds/{id}/decision");
    browser.post(&path, &[SAME_ORIGIN, &page.csrf()], &body.to_string())
}

#[test]
fn a_decision_on_the_page_lets_the_request_run_and_is_in_the_trail_with_its_name() {
    let gateway = gateway();
    let alice = User::person(&gateway, "alice");
    let doomed = Namespace::create("by-page");
    let mut bob = browser(&gateway);
    let page = bob.log_in("bob");
    let (mut delete, id) = held(&alice, &doomed);
    let hold = bob.get(&format!("/v1/holds/{id}")).json();
    let body = json!({"verdict": "approve", "comment": "on the page", "digest": hold["digest"]});
    let decided = decide(&mut bob, &page, &id, &body);
    assert_eq!(decided.status, 200, "{decided:?}");
    assert_eq!(decided.json()["decisions"][0]["by"], "oidc:bob");
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
    let entries = bob.get(&format!("/v1/audit/entries?hold={id}"));
    assert!(
        entries.body.contains("on the page") && entries.body.contains("oidc:bob"),
        "{entries:?}"
    );
    User::person(&gateway, "bob").kguard(&["audit", "verify"]).ok();
}

#[test]
fn whoever_has_lost_his_group_decides_nothing_although_he_is_logged_in() {
    let people = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(people.path(), "{}").unwrap();
    let path = people.path().to_str().unwrap();
    let provider = Provider::start(&[("OIDC_TOKEN_TTL", "3600"), ("OIDC_PEOPLE", path)]);
    let gateway = gateway_of(&provider, "");
    let alice = User::with_token(&gateway, http::device_flow(&provider, "alice"));
    let doomed = Namespace::create("lost-group");
    let mut carol = Browser::new(&gateway, &provider);
    carol.log_in("carol");
    let mut bob = Browser::new(&gateway, &provider);
    let page = bob.log_in("bob");
    let (mut delete, id) = held(&alice, &doomed);
    let digest = bob.get(&format!("/v1/holds/{id}")).json()["digest"].clone();
    std::fs::write(people.path(), r#"{"bob": {"groups": []}, "carol": null}"#).unwrap();

    // Within a minute of his login the issuer is not asked, so this begins when that is over: until
    // then, what he sends is wrong, so that it decides nothing. His token is good for an hour.
    let wrong = json!({"verdict": "approve", "digest": "0".repeat(64)});
    let lost = (0..240).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(500));
        let answer = decide(&mut bob, &page, &id, &wrong);
        (answer.status != 409).then_some(answer)
    });
    let lost = lost.expect("the issuer is asked again");
    assert!(matches!(lost.status, 403 | 404), "{lost:?}");
    let body = json!({"verdict": "approve", "digest": digest});
    let refused = decide(&mut bob, &page, &id, &body);
    assert!(matches!(refused.status, 403 | 404), "{refused:?}");
    assert_eq!(bob.page().session["caller"]["groups"], json!([]));
    assert!(delete.is_running(), "{}", delete.said());
    assert_eq!(Cluster::get().admin(&["get", "ns", &doomed.name]).code, 0);

    // Who is nobody any more has no session any more.
    let token = carol.page().csrf();
    let answer = carol.post(NO_HOLD, &[SAME_ORIGIN, &token], &decision());
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(carol.get("/v1/whoami").status, 401);
}

#[test]
fn a_first_try_has_the_page_at_once() {
    let state = tempfile::tempdir().unwrap();
    let mut dev = Running::start(
        std::process::Command::new(binary("kguard-gateway"))
            .args(["dev", "--listen", "127.0.0.1:0", "--kubeconfig"])
            .arg(&Cluster::get().gateway)
            .arg("--state-dir")
            .arg(state.path()),
    );
    let page = dev.wait_for("the page", |line| {
        Some(line.split("The page for approvers is ").nth(1)?.trim().to_owned())
    });
    let url = page.strip_suffix("/ui/").unwrap().to_owned();
    let mut bob = Browser::of(&url, state.path().join("ca.pem"));
    let password = password(state.path(), "bob");
    assert_eq!(bob.get("/ui/").status, 200);
    let begun = location(&bob.get("/ui/login"));
    // The built-in provider sends codes to the page alone, and asks for PKCE.
    for (name, value) in [
        ("redirect_uri", "https%3A%2F%2Fevil.example%2Fui%2Fcallback"),
        ("client_id", "other"),
        ("code_challenge_method", "plain"),
        ("code_challenge", ""),
        ("response_type", "token"),
    ] {
        let answer = bob.go(&with_parameter(&begun, name, value));
        assert_eq!(answer.status, 400, "{name} {answer:?}");
        assert!(headers(&answer, "location").is_empty(), "{answer:?}");
    }
    let session = bob.log_in(&format!("bob:{password}")).session;
    assert_eq!(session["caller"]["name"], "bob");
    assert_eq!(session["caller"]["groups"][0], "sre");
}

fn password(state: &Path, user: &str) -> String {
    let passwords = std::fs::read_to_string(state.join("idp/passwords.json")).unwrap();
    let passwords: Value = serde_json::from_str(&passwords).unwrap();
    passwords[user].as_str().unwrap().to_owned()
}
