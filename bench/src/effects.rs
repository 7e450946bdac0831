//! What an approver waits for: the effect of deleting a namespace of ten thousand objects, in a real
//! API server.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use http::Method;
use http_body_util::BodyExt as _;

use crate::client::Client;
use crate::setup::Setup;
use crate::table::{Limit, Row, Table, milliseconds, say};
use crate::{Failure, Options};

const OBJECTS: usize = 10_000;
const WRITERS: usize = 32;
const LIMIT_MS: f64 = 3_000.0;
const OPENS_WITHIN: Duration = Duration::from_secs(20);

pub(crate) async fn measure(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    // Its policies hold the delete of a namespace, and let a workload do the rest.
    let _gateway = setup.start_streams().await?;
    let namespace = &options.namespace;
    say(&format!("effects: making {OBJECTS} objects"));
    try_join_all((0..WRITERS).map(|writer| fill(setup, namespace, writer))).await?;
    let mut waiting = Client::connect((setup, setup.streams), &setup.token).await?;
    let path = format!("/clusters/real/api/v1/namespaces/{namespace}");
    // Nobody approves it, so that it waits for longer than this takes.
    let delete = tokio::spawn(async move { waiting.send(Method::DELETE, &path, "").await.is_ok() });
    let mut client = Client::connect((setup, setup.streams), &setup.token).await?;
    let id = hold_id(&mut client).await?;
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        say(&format!("effects, round {round} of {} (0 warms up)", options.rounds));
        let took = look(&mut client, &id).await?;
        if round > 0 {
            first.push(took.0);
            whole.push(took.1);
        }
    }
    delete.abort();
    let limit = vec![LIMIT_MS; options.rounds];
    for (what, ours) in [
        ("(p) first of the effect, 10,000 objects", first),
        ("(p) all of the effect, 10,000 objects", whole),
    ] {
        let (peer, theirs, limit) = ("limit", limit.clone(), Limit::AtMost(1.0));
        table.add(Row { what, unit: "ms", ours, peer, theirs, limit });
    }
    Ok(())
}

/// One writer's share of the objects.
async fn fill(setup: &Setup, namespace: &str, writer: usize) -> Result<(), Failure> {
    let mut client = Client::connect((setup, setup.streams), &setup.token).await?;
    let path = format!("/clusters/real/api/v1/namespaces/{namespace}/configmaps");
    for number in (writer..OBJECTS).step_by(WRITERS) {
        let body = format!(
            r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"object-{number}"}},"data":{{"number":"{number}"}}}}"#
        );
        let response = client.send(Method::POST, &path, &body).await?;
        if !response.status().is_success() {
            return Err(format!("{} for an object", response.status()).into());
        }
        response.into_body().collect().await?;
    }
    Ok(())
}

/// The hold that waits.
async fn hold_id(client: &mut Client) -> Result<String, Failure> {
    let until = Instant::now() + OPENS_WITHIN;
    while Instant::now() < until {
        let response = client.send(Method::GET, "/v1/holds", "").await?;
        let body = response.into_body().collect().await?.to_bytes();
        let text = String::from_utf8_lossy(&body);
        if let Some(id) = text.split(r#""id":""#).nth(1).and_then(|rest| rest.split('"').next()) {
            return Ok(id.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err("the delete of the namespace is not held".into())
}

/// Milliseconds until there was something, and until there was all.
async fn look(client: &mut Client, id: &str) -> Result<(f64, f64), Failure> {
    let start = Instant::now();
    let response = client.send(Method::GET, &format!("/v1/holds/{id}/effect"), "").await?;
    let mut body = response.into_body();
    let (mut first, mut text) = (None, Vec::new());
    while let Some(frame) = body.frame().await {
        let data = frame?.into_data().unwrap_or_default();
        text.extend_from_slice(&data);
        // The first line that tells a number, and not only that it is being worked out.
        if first.is_none() && text.windows(8).any(|window| window == br#""count":"#) {
            first = Some(milliseconds(start));
        }
    }
    let whole = milliseconds(start);
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rfind(|line| !line.is_empty()).unwrap_or_default();
    // With the one that every namespace has.
    if !last.contains(r#""complete":true"#) || !last.contains(&format!("{}", OBJECTS + 1)) {
        return Err(format!("the effect is not what there is: {last}").into());
    }
    Ok((first.ok_or("nothing was counted")?, whole))
}
