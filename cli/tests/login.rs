//! Logging in, staying logged in, logging out.

use crate::fake_gateway::FakeGateway;
use crate::home::{Home, run};

#[tokio::test]
async fn a_login_is_kept_refreshed_and_forgotten() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    let (code, stdout, stderr) = run(home.person(&["login", "--insecure-storage"])).await;
    assert_eq!((code, stdout.as_str()), (0, ""), "{stderr}");
    assert!(stderr.contains("ABCD-EFGH") && stderr.contains("as oidc:alice"), "{stderr}");
    assert!(!stderr.contains("token-"), "{stderr}");

    let (code, stdout, _) = run(home.person(&["whoami", "-o", "name"])).await;
    assert_eq!((code, stdout.as_str()), (0, "oidc:alice\n"));

    // The gateway takes it no more: it is refreshed in silence, once and again.
    for _ in 0..2 {
        gateway.state.tokens.lock().unwrap().clear();
        let (code, stdout, stderr) = run(home.person(&["clusters", "-o", "name"])).await;
        assert_eq!((code, stdout.as_str()), (0, "prod\ndev\nbroken\n"), "{stderr}");
        assert_eq!(stderr, "");
    }

    let (code, _, stderr) = run(home.person(&["logout"])).await;
    assert_eq!(code, 0, "{stderr}");
    let (code, _, stderr) = run(home.person(&["whoami"])).await;
    assert_eq!(code, 66, "{stderr}");
}

#[tokio::test]
async fn many_who_need_a_fresh_token_at_once_refresh_it_once() {
    let gateway = FakeGateway::start().await;
    let home = Home::new(&gateway);
    assert_eq!(run(home.person(&["login", "--insecure-storage"])).await.0, 0);
    gateway.state.tokens.lock().unwrap().clear();
    let many = (0..8).map(|_| run(home.person(&["whoami", "-o", "name"])));
    for (code, _, stderr) in futures_util::future::join_all(many).await {
        assert_eq!(code, 0, "{stderr}");
    }
    assert_eq!(gateway.state.tokens.lock().unwrap().len(), 1);
}
