use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::api::Claims;
use crate::redact::Secret;

type Client = SendRequest<Empty<Bytes>>;

/// A test must end; how long it takes says nothing.
async fn within_a_minute<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future).await.expect("hangs")
}

fn token() -> Secret<String> {
    Secret::new("token".to_owned())
}

/// Takes one tunnel, with the websocket handshake that the gateway does, and serves it.
async fn serve_tunnel(connection: DuplexStream, flooded: watch::Sender<u64>) {
    let (upgrades, mut upgraded) = tokio::sync::mpsc::channel(1);
    let handshake = service_fn(move |mut request: Request<Incoming>| {
        let response = accept(&request).map(|ok| ok.map(|()| Empty::<Bytes>::new()));
        upgrades.try_send(hyper::upgrade::on(&mut request)).unwrap();
        async move { response }
    });
    let http1 = hyper::server::conn::http1::Builder::new();
    let served = http1.serve_connection(TokioIo::new(connection), handshake).with_upgrades();
    if served.await.is_err() {
        return;
    }
    let upgraded = upgraded.recv().await.unwrap().await.unwrap();
    let tunnel = WsBytes::server(TokioIo::new(upgraded)).await;
    let service = service_fn(move |request| {
        let response = answer(request, flooded.clone());
        async move { Ok::<_, Infallible>(response) }
    });
    let _ = server().serve_connection(TokioIo::new(tunnel), service).await;
}

fn answer(mut request: Request<Incoming>, flooded: watch::Sender<u64>) -> Response<Full<Bytes>> {
    if request.method() != Method::CONNECT {
        return Response::new(Full::from(request.uri().path().to_owned()));
    }
    let cluster = cluster(&request).unwrap().to_owned();
    let stream = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut stream = TokioIo::new(stream.await.unwrap());
        if cluster == "flood" {
            let chunk = [0; 16 << 10];
            while stream.write_all(&chunk).await.is_ok() {
                flooded.send_modify(|bytes| *bytes += chunk.len() as u64);
            }
        } else {
            let (mut read, mut write) = tokio::io::split(stream);
            let _ = tokio::io::copy(&mut read, &mut write).await;
            let _ = write.shutdown().await;
        }
    });
    Response::default()
}

struct Ends {
    client: Client,
    client_task: JoinHandle<()>,
    link: JoinHandle<()>,
    server_task: JoinHandle<()>,
    flooded: watch::Receiver<u64>,
}

async fn ends() -> Ends {
    let (near, mut near_link) = duplex(64 << 10);
    let (mut far_link, far) = duplex(64 << 10);
    let link = tokio::spawn(async move {
        let _ = tokio::io::copy_bidirectional(&mut near_link, &mut far_link).await;
    });
    let (flood, flooded) = watch::channel(0);
    let server_task = tokio::spawn(serve_tunnel(far, flood));
    let tunnel = connect(near, "gateway.test", &token(), Uuid::nil()).await.unwrap();
    let (client, connection) = client().handshake(TokioIo::new(tunnel)).await.unwrap();
    let client_task = tokio::spawn(async move {
        let _ = connection.await;
    });
    Ends { client, client_task, link, server_task, flooded }
}

async fn open(client: &mut Client, cluster: &str) -> TokioIo<Upgraded> {
    let claims = Claims::default();
    let (session, keep_hold, break_glass) = (Uuid::nil(), false, None);
    let stream = Stream { session, claims: &claims, keep_hold, break_glass };
    let request = connect_request(cluster, &token(), stream).unwrap();
    let response = client.send_request(request.map(|()| Empty::new())).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    TokioIo::new(hyper::upgrade::on(response).await.unwrap())
}

async fn ask(client: &mut Client, path: &str) -> Bytes {
    let request = Request::get(format!("https://gateway.test{path}")).body(Empty::new()).unwrap();
    let response = client.send_request(request).await.unwrap();
    response.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test]
async fn twenty_readers_who_stall_starve_nobody() {
    within_a_minute(async {
        let mut ends = ends().await;
        let mut stalled = Vec::new();
        for _ in 0..20 {
            stalled.push(open(&mut ends.client, "flood").await);
        }
        let windows = 20 * u64::from(CLIENT_STREAM_WINDOW_BYTES);
        ends.flooded.wait_for(|&bytes| bytes >= windows).await.unwrap();

        assert_eq!(ask(&mut ends.client, "/v1/whoami").await, "/v1/whoami");
        let mut echo = open(&mut ends.client, "echo").await;
        for _ in 0..100 {
            echo.write_all(b"still here").await.unwrap();
            let mut answer = [0; 10];
            echo.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"still here");
        }
        // What stalled goes on as soon as it is read.
        let mut more = vec![0; 4 << 20];
        stalled[7].read_exact(&mut more).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn much_goes_through_both_ways_at_once_and_each_half_closes_by_itself() {
    within_a_minute(async {
        let mut ends = ends().await;
        let (mut read, mut write) = tokio::io::split(open(&mut ends.client, "echo").await);
        let sent: Vec<u8> = (0..24_u32 << 20).map(|n| n.wrapping_mul(n).to_be_bytes()[1]).collect();
        let copy = sent.clone();
        let writer = tokio::spawn(async move {
            write.write_all(&copy).await.unwrap();
            write.shutdown().await.unwrap();
        });
        let mut received = Vec::new();
        read.read_to_end(&mut received).await.unwrap();
        writer.await.unwrap();
        assert!(received == sent, "{} bytes of {}", received.len(), sent.len());
    })
    .await;
}

#[tokio::test]
async fn when_the_connection_breaks_both_ends_and_all_streams_end() {
    within_a_minute(async {
        let mut ends = ends().await;
        let _stalled = open(&mut ends.client, "flood").await;
        let mut echo = open(&mut ends.client, "echo").await;
        ends.link.abort();
        let mut rest = Vec::new();
        let _ = echo.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
        ends.client_task.await.unwrap();
        assert!(ends.client.is_closed());
        ends.server_task.await.unwrap();
        // The flood has let go of its sender, or this would wait forever.
        while ends.flooded.changed().await.is_ok() {}
    })
    .await;
}

#[tokio::test]
async fn a_refused_tunnel_tells_the_status_and_the_reason() {
    let (near, mut far) = duplex(4 << 10);
    tokio::spawn(async move {
        let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 7\r\n\r\nexpired";
        far.write_all(answer).await.unwrap();
        let _ = far.read_to_end(&mut Vec::new()).await;
    });
    match connect(near, "gateway.test", &token(), Uuid::nil()).await {
        Err(ConnectError::Refused { status: StatusCode::UNAUTHORIZED, body }) => {
            assert_eq!(body, b"expired");
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[test]
fn only_a_websocket_of_this_version_becomes_a_tunnel() {
    let request = |change: &dyn Fn(&mut http::HeaderMap)| {
        let mut request = Request::new(());
        for (name, value) in [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("sec-websocket-protocol", SUBPROTOCOL),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        change(request.headers_mut());
        accept(&request)
    };
    let accepted = request(&|_| ()).unwrap();
    assert_eq!(accepted.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    for missing in ["connection", "upgrade", "sec-websocket-version", "sec-websocket-key"] {
        let refused = request(&|headers| drop(headers.remove(missing))).unwrap_err();
        assert_eq!(refused, AcceptError::NoWebsocket, "{missing}");
    }
    let other = request(&|headers| {
        headers.insert("sec-websocket-protocol", "kguard.tunnel.v2".parse().unwrap());
    });
    assert_eq!(other.unwrap_err(), AcceptError::Version);
}
