//! Programs that run through the gateway.

use std::process::Stdio;

use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Child;

use crate::fake_gateway::{FakeGateway, hold};
use crate::home::{Home, Kubeconfig, run};

/// `kguard proxy`, and its kubeconfig.
async fn proxy(home: &Home, arguments: &[&str]) -> (Child, Kubeconfig) {
    let arguments = [&["-q", "proxy"], arguments].concat();
    let mut proxy = home.machine(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(proxy.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    (proxy, Kubeconfig::read(line.trim()))
}

/// A program that tells its kubeconfig and ends, with a failure, when it is told to.
async fn program(home: &Home, arguments: &[&str]) -> (Child, Kubeconfig) {
    let arguments =
        [arguments, &["run", "--", "sh", "-c", "echo $KUBECONFIG; read line; exit 1"]].concat();
    let mut command = home.machine(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
    (program, Kubeconfig::read(line.trim()))
}

async fn end(mut program: Child) -> (i32, String) {
    program.stdin.take().unwrap().write_all(b"\n").await.unwrap();
    let output = program.wait_with_output().await.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn each_cluster_is_reached_by_its_name_and_one_request_is_one_request() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (_proxy, kubeconfig) = proxy(&home, &["--cluster", "dev"]).await;
    assert_eq!(kubeconfig.0["current-context"], "dev");
    for cluster in ["prod", "dev"] {
        let (code, text) = kubeconfig.get(cluster, "/api/v1/pods?limit=500").await.unwrap();
        assert_eq!((code, text), (200, format!("GET {cluster} /api/v1/pods?limit=500")));
    }
    assert_eq!(gateway.state.requests.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_port_per_cluster_needs_no_proxy_url() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (_proxy, kubeconfig) = proxy(&home, &["--direct"]).await;
    assert!(kubeconfig.cluster("dev")["proxy-url"].is_null());
    let (_, text) = kubeconfig.get("dev", "/version").await.unwrap();
    assert_eq!(text, "GET dev /version");
}

#[tokio::test]
async fn who_has_no_certificate_of_ours_gets_nowhere() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (_proxy, kubeconfig) = proxy(&home, &[]).await;
    let url = kubeconfig.cluster("prod")["server"].as_str().unwrap();
    kubeconfig.client("prod", false).get(url).send().await.unwrap_err();
    kubeconfig.client("prod", true).get("https://example.com").send().await.unwrap_err();
    assert!(gateway.state.claims.lock().unwrap().is_empty(), "no stream was opened");
}

#[tokio::test]
async fn a_lost_gateway_is_found_again() {
    let mut gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (_proxy, kubeconfig) = proxy(&home, &[]).await;
    kubeconfig.get("prod", "/1").await.unwrap();
    gateway.go_away().await;
    gateway.come_back().await;
    assert_eq!(kubeconfig.get("prod", "/2").await.unwrap().1, "GET prod /2");
}

#[tokio::test]
async fn a_token_that_ends_is_replaced_on_the_same_tunnel() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (_proxy, kubeconfig) = proxy(&home, &[]).await;
    kubeconfig.get("prod", "/1").await.unwrap();
    *gateway.state.tokens.lock().unwrap() = vec!["better".to_owned()];
    home.write_token("better");
    assert_eq!(kubeconfig.get("prod", "/2").await.unwrap().1, "GET prod /2");
}

#[tokio::test]
async fn a_refused_stream_reads_as_the_gateway_put_it() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (_proxy, kubeconfig) = proxy(&home, &[]).await;
    let (code, text) = kubeconfig.get("broken", "/version").await.unwrap();
    assert_eq!(code, 404);
    assert!(text.contains("no such cluster"), "{text}");
}

#[tokio::test]
async fn a_program_that_failed_of_something_else_keeps_its_exit_code() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (program, kubeconfig) = program(&home, &[]).await;
    kubeconfig.get("broken", "/version").await.unwrap();
    let (code, stderr) = end(program).await;
    assert_eq!((code, stderr.as_str()), (1, ""));
}

#[tokio::test]
async fn the_exit_code_is_the_programs() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    for (script, code) in [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 143)] {
        let (exit, stdout, _) = run(home.machine(&["run", "--", "sh", "-c", script])).await;
        assert_eq!((exit, stdout.as_str()), (code, ""), "{script}");
    }
    let (exit, _, stderr) = run(home.machine(&["run", "--", "no-such-program"])).await;
    assert_eq!(exit, 127, "{stderr}");
}

#[tokio::test]
async fn a_program_that_failed_because_of_us_says_so_by_its_exit_code() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    for (event, code) in [
        (json!({"type": "refused", "policy": "p", "message": "no"}), 77),
        (json!({"type": "settled", "hold": hold("denied")}), 77),
        (json!({"type": "settled", "hold": hold("expired")}), 75),
        (json!({"type": "settled", "hold": hold("used")}), 1),
    ] {
        let (program, kubeconfig) = program(&home, &[]).await;
        gateway.tell(&event).await;
        // Its answer comes behind the event, as a refusal's would.
        kubeconfig.get("prod", "/").await.unwrap();
        assert_eq!(end(program).await.0, code, "{event}");
    }
}

#[tokio::test]
async fn who_waits_is_told_for_whom_and_what_to_pass_on() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (program, kubeconfig) = program(&home, &["--reason", "cleanup"]).await;
    gateway.tell(&json!({"type": "held", "hold": hold("pending")})).await;
    kubeconfig.get("prod", "/").await.unwrap();
    let (_, stderr) = end(program).await;
    let line = "waiting for approval by group:oidc:sre (Deletes all in it.): kguard approve 7KQ4\n";
    assert_eq!(stderr, line);
    let claims = gateway.state.claims.lock().unwrap()[0].clone();
    assert_eq!(claims.reason.as_deref(), Some("cleanup"));
    assert_eq!(claims.argv[..2], ["sh", "-c"]);
}

#[tokio::test]
async fn a_gateway_that_is_away_is_named_with_the_way_out() {
    let mut gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    assert_eq!(run(home.machine(&["use", "prod"])).await.0, 0);
    gateway.go_away().await;
    let (program, kubeconfig) = program(&home, &[]).await;
    let (code, text) = kubeconfig.get("prod", "/").await.unwrap();
    assert_eq!(code, 503);
    assert!(text.contains("does not answer"), "{text}");
    let (code, stderr) = end(program).await;
    assert_eq!(code, 69, "{stderr}");
    assert!(stderr.contains("hint:"), "{stderr}");
    let (code, _, stderr) = run(home.machine(&["clusters"])).await;
    assert_eq!(code, 69, "{stderr}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_runs() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    for (arguments, code) in [
        (&["kubectl", "get", "pods", "--kubeconfig=/x"][..], 64),
        (&["--cluster", "nope", "run", "--", "true"], 64),
        (&["get", "pods"], 64),
        (&["approve"], 64),
        (&["requests", "../../x"], 64),
    ] {
        let (exit, _, stderr) = run(home.machine(arguments)).await;
        assert_eq!(exit, code, "{arguments:?}: {stderr}");
    }
    let (exit, _, stderr) = run(home.person(&["run", "--", "true"])).await;
    assert_eq!(exit, 66, "{stderr}");
    assert!(stderr.contains("hint: run `kguard login`"), "{stderr}");
    home.write_token("bad");
    let (exit, _, stderr) = run(home.machine(&["clusters"])).await;
    assert_eq!(exit, 66, "{stderr}");
}

#[cfg(unix)]
#[tokio::test]
async fn shells_share_a_proxy_in_the_background_until_it_is_stopped() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (code, first, stderr) = run(home.machine(&["env"])).await;
    assert_eq!(code, 0, "{stderr}");
    let (_, second, _) = run(home.machine(&["env"])).await;
    assert_eq!(first, second);
    let path = first.trim().strip_prefix("export KUBECONFIG='").unwrap().strip_suffix('\'');
    let kubeconfig = Kubeconfig::read(path.unwrap());
    assert_eq!(kubeconfig.get("prod", "/").await.unwrap().1, "GET prod /");
    let (code, stdout, stderr) = run(home.machine(&["env", "--stop"])).await;
    assert_eq!((code, stdout.as_str()), (0, "unset KUBECONFIG\n"), "{stderr}");
    assert!(!std::path::Path::new(path.unwrap()).exists());
    kubeconfig.get("prod", "/").await.unwrap_err();
}
