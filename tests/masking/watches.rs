//! Watches over WebSocket.

use super::*;
use crate::harness::http;

#[test]
fn a_watch_over_a_websocket_shows_what_any_watch_shows() {
    let desk = Desk::new("socket");
    desk.secret("db");
    let watch = |rest: &str| {
        let head = format!(
            "GET /api/v1/namespaces/{}/secrets?watch=1&timeoutSeconds=2&allowWatchBookmarks=true\
             &sendInitialEvents=true&resourceVersionMatch=NotOlderThan\n{rest}",
            desk.namespace.name
        );
        http::send(&desk.gateway, &desk.user, &head, "")
    };
    let plain = watch("Accept: application/json");
    let socket = watch(
        "Connection: Upgrade\nUpgrade: websocket\nOrigin: http://localhost\nSec-WebSocket-Key: \
         dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13",
    );
    assert_eq!(socket.status, 101, "{socket:?}");
    assert!(socket.head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{socket:?}");
    for event in plain.body.lines().filter(|line| line.contains("ADDED")) {
        assert!(socket.body.contains(event), "{event} in {socket:?}");
    }
    assert!(plain.body.contains("ADDED") && socket.body.contains("k8s.io/initial-events-end"));
    assert!(socket.body.contains(&encoded("kguard:masked")[..16]), "{socket:?}");
    assert!(!socket.body.contains(&encoded("hunter2")), "{socket:?}");
    let refused = watch("Connection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 8");
    assert_eq!(refused.status, 403, "{refused:?}");
    let bob = User::person(&desk.gateway, "bob");
    let ended = eventually("the watch has ended in the trail", || {
        let listed = bob.kguard(&["audit", "list", "-o", "json", "--limit", "1000"]).ok();
        let entries: Vec<Value> = serde_json::from_str(&listed).unwrap();
        entries.iter().map(record).find(|entry| entry["code"] == 101)
    });
    assert_eq!(ended["masked"]["secrets"], 4, "{ended}");
}
