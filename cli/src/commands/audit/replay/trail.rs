//! Finds a recording's entry in the trail.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use kguard::audit::Sealed;
use kguard::audit::record::{Event, RecordingDigest};
use uuid::Uuid;

use crate::context::Context;
use crate::failure::{Failure, Kind};

use super::super::entries;

/// As many entries as the gateway lists at once.
const LIMIT: u64 = 1000;
/// How long after its arrival a request that nobody holds is in the trail at the latest.
const SOON: Duration = Duration::from_secs(10);

/// What the trail says of a request's recording.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// This is it.
    Recording(RecordingDigest),
    /// The request has ended, and was not recorded.
    NotRecorded,
    /// The request has not ended.
    Running,
    /// The trail, as far as the caller may read it, does not know the request.
    Unknown,
}

/// The request that is meant: by its id, the beginning of it, or the hold that let it through.
pub(super) async fn request(context: &Context, id: &str) -> Result<Uuid, Failure> {
    if let Ok(request) = id.parse() {
        return Ok(request);
    }
    let id = id.to_ascii_lowercase();
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let of_hold = entries(context, vec![("hold", id.clone())], LIMIT).await?;
        if !of_hold.is_empty() {
            return let_through(&of_hold, &id);
        }
    }
    let mut found = entries(context, Vec::new(), LIMIT).await?;
    // Thousands may have come since. The id says when it was made.
    if let Some((since, until)) = made(&id) {
        let moments = vec![("since", since.to_string()), ("until", until.to_string())];
        found.extend(entries(context, moments, LIMIT).await?);
    }
    beginning(&found, &id)
}

/// What the trail says of it.
pub(super) async fn named(context: &Context, request: Uuid) -> Result<Named, Failure> {
    let found = entries(context, vec![("request", request.to_string())], LIMIT).await?;
    Ok(recording(&found, request))
}

fn events(entries: &[Sealed]) -> impl Iterator<Item = Event> {
    // Records of a newer gateway are not about what this version plays.
    entries.iter().filter_map(|entry| Some(entry.record.read().ok()?.event))
}

fn let_through(entries: &[Sealed], hold: &str) -> Result<Uuid, Failure> {
    let request = events(entries).find_map(|event| match event {
        Event::Request(request) if request.hold.as_deref() == Some(hold) => Some(request.id),
        _ => None,
    });
    let message = format_args!("nothing has run by the hold `{hold}`");
    request.ok_or_else(|| Failure::new(Kind::Other, message))
}

fn beginning(entries: &[Sealed], id: &str) -> Result<Uuid, Failure> {
    let is_meant = |request: &Uuid| !id.is_empty() && request.to_string().starts_with(id);
    let requests = events(entries).filter_map(|event| match event {
        Event::Request(request) => Some(request.id),
        Event::Response(response) => Some(response.id),
        _ => None,
    });
    let mut meant: BTreeSet<Uuid> = requests.filter(is_meant).collect();
    match (meant.pop_first(), meant.len()) {
        (Some(request), 0) => Ok(request),
        (Some(_), more) => Err(Failure::usage(format_args!("{} requests are `{id}`", more + 1))
            .hint("write more of the id; `kguard audit list` shows them")),
        (None, _) => Err(Failure::new(Kind::Other, format_args!("the trail has no `{id}`"))
            .hint("`kguard audit list` shows the ids; of old ones, write all of it")),
    }
}

/// When a request of this id came, if it can be told: the first 48 bits are the milliseconds.
fn made(id: &str) -> Option<(Timestamp, Timestamp)> {
    let digits: String = id.chars().filter(|c| *c != '-').take(12).collect();
    let millisecond = i64::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 12)?;
    let since = Timestamp::from_millisecond(millisecond).ok()?;
    Some((since, since.checked_add(SOON).ok()?))
}

fn recording(entries: &[Sealed], request: Uuid) -> Named {
    let mut named = Named::Unknown;
    for event in events(entries) {
        match event {
            Event::Response(response) if response.id == request => {
                return response.recording.map_or(Named::NotRecorded, Named::Recording);
            }
            Event::Request(of) if of.id == request => named = Named::Running,
            _ => {}
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "01a210c5-f9f9-7007-83ba-997981bb9dba";

    fn entry(record: &Value) -> Sealed {
        let mut record = record.clone();
        record["at"] = json!("2026-01-01T00:00:00Z");
        let entry = json!({"seq": 1, "hash": "0".repeat(64), "record": record});
        serde_json::from_value(entry).unwrap()
    }

    fn request(id: &str, hold: Option<&str>) -> Sealed {
        let caller = json!({"name": "a", "groups": [], "kind": "person", "issuer": ""});
        entry(&json!({
            "event": "request", "id": id, "caller": caller, "cluster": "prod", "method": "GET",
            "request": {"verb": "get", "path": "/x"}, "decision": "allow", "peer": "127.0.0.1",
            "hold": hold,
        }))
    }

    fn response(id: &str, recording: &Value) -> Sealed {
        let mut record =
            json!({"event": "response", "id": id, "code": 101, "bytes": 1, "durationMs": 1});
        if !recording.is_null() {
            record["recording"] = recording.clone();
        }
        entry(&record)
    }

    #[test]
    fn a_request_is_meant_by_the_beginning_of_its_id() {
        let other = "01a210c5-aaaa-7007-83ba-997981bb9dba";
        let entries = [request(ID, None), response(ID, &Value::Null), request(other, None)];
        assert_eq!(beginning(&entries, "01a210c5-f").unwrap().to_string(), ID);
        assert_eq!(beginning(&entries, ID).unwrap().to_string(), ID);
        for (id, message) in
            [("01a210c5", "2 requests are"), ("01b", "has no"), ("", "has no"), ("zz", "has no")]
        {
            let failure = beginning(&entries, id).unwrap_err();
            assert!(failure.message.contains(message), "{id}: {}", failure.message);
        }
    }

    #[test]
    fn a_hold_means_what_it_let_through() {
        let entries = [request(ID, Some("7kq4m"))];
        assert_eq!(let_through(&entries, "7kq4m").unwrap().to_string(), ID);
        assert!(let_through(&entries, "other").is_err());
        assert!(let_through(&[], "7kq4m").is_err());
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let (since, until) = made("018cc251-f400-7").unwrap();
        assert_eq!(since.to_string(), "2024-01-01T00:00:00Z");
        assert_eq!(until.to_string(), "2024-01-01T00:00:10Z");
        for id in ["018cc251-f40", "zzzzzzzz-zzzz", "-----", "ffffffff-ffff"] {
            assert_eq!(made(id), None, "{id}");
        }
    }

    #[test]
    fn the_trail_names_the_recording_of_what_has_ended() {
        let id: Uuid = ID.parse().unwrap();
        let digest = json!({"sha256": "ab", "bytes": 7});
        let named = |entries: &[Sealed]| recording(entries, id);
        assert_eq!(named(&[]), Named::Unknown);
        assert_eq!(named(&[request(ID, None)]), Named::Running);
        let ended = response(ID, &Value::Null);
        assert_eq!(named(&[request(ID, None), ended]), Named::NotRecorded);
        let recorded = [response(ID, &digest), request(ID, None)];
        let expected = RecordingDigest { sha256: "ab".to_owned(), bytes: 7 };
        assert_eq!(named(&recorded), Named::Recording(expected));
        let of_another = response("01a210c5-aaaa-7007-83ba-997981bb9dba", &digest);
        assert_eq!(named(&[of_another]), Named::Unknown);
    }
}
