//! What an approval is bound to: a keyed digest of the caller, the cluster and everything that the
//! request will be sent with. Approvers see it, and may not find out from it what is in the request.
//!
//! Where placeholders became values, it is of the placeholders, and of the version that they were read
//! of: with the values in it, two holds would be one if the guess in the other is right.

use crate::decide::Held;
use crate::entry::Entry;

/// What stands for the session of a request whose hold is kept. No session is called so, and plain
/// clients have an empty one: an approval of one kind is never taken by another.
const KEPT: &str = "kept";

/// The digest of a held request, hex.
///
/// An exec that kubectl tries over WebSocket (GET) and then over SPDY (POST) is one request, so
/// for streams the method is left out. The session is part of it: what one invocation was
/// allowed, another has to ask for. Plain clients have none, and are known by their identity; so
/// are workloads whose holds are `kept`, so that a job that is run again finds its own.
pub fn of(held: &Held, entry: &Entry, kept: bool) -> String {
    let origin = entry.origin();
    let subject = held.subject();
    let request = subject.request();
    let method = if request.info.is_stream() { "STREAM" } else { request.method.as_str() };
    let session = origin.session.filter(|_| !kept).map(|session| session.to_string());
    let session = session.unwrap_or_else(|| if kept { KEPT } else { "" }.to_owned());
    let query = request.query.encode();
    let body = request.body_as_it_came();
    let version = request.came.as_ref().and_then(|came| came.version.as_deref());
    let caller = subject.caller();
    let mut groups = caller.groups.clone();
    groups.sort_unstable();
    // Names hold no control characters, so this joins no two lists to the same text.
    let groups = groups.join("\n");
    let acting = subject.identity();
    let acting = format!("{}\n{:?}\n{}", acting.name, acting.uid, acting.groups.join("\n"));
    let elevated = subject.elevated().join("\n");
    let parts: [&[u8]; 15] = [
        b"kguard hold v6",
        acting.as_bytes(),
        elevated.as_bytes(),
        caller.issuer.as_bytes(),
        caller.name.as_bytes(),
        caller.uid.as_deref().unwrap_or_default().as_bytes(),
        groups.as_bytes(),
        origin.cluster.as_bytes(),
        session.as_bytes(),
        method.as_bytes(),
        request.info.path.as_bytes(),
        query.as_bytes(),
        request.payload.media_type().unwrap_or_default().as_bytes(),
        &body,
        version.unwrap_or_default().as_bytes(),
    ];
    // Each part with its length, so that no two splits give the same digest.
    let mut text = Vec::with_capacity(body.len() + 512);
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    entry.digests().digest(&text)
}
