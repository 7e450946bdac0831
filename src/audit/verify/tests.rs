use proptest::prelude::*;

use super::*;
use crate::audit::SigningKey;
use crate::audit::chain::RecordText;

const ID: &str = "0190b5f0-0000-7000-8000-00000000000";

/// Writes lines as a gateway does, out of records as JSON.
struct Writer {
    head: Head,
    key: SigningKey,
    lines: Vec<String>,
}

impl Writer {
    fn new() -> Self {
        Self { head: Head::GENESIS, key: SigningKey::for_test(1), lines: Vec::new() }
    }

    fn record(mut self, json: &str) -> Self {
        let entry = self.head.seal(RecordText::from_stored(json.to_owned()).unwrap());
        self.head = entry.head();
        self.push(&Line::Entry(entry))
    }

    fn request(self, id: u32, decision: &str) -> Self {
        let at = format!("2026-01-02T03:04:0{id}Z");
        self.record(&format!(
            r#"{{"at":"{at}","event":"request","id":"{ID}{id}","decision":"{decision}"}}"#
        ))
    }

    fn response(self, id: u32) -> Self {
        let at = format!("2026-01-02T03:05:0{id}Z");
        self.record(&format!(r#"{{"at":"{at}","event":"response","id":"{ID}{id}","bytes":7}}"#))
    }

    fn checkpoint(self) -> Self {
        let checkpoint = self.key.sign(self.head, "2026-01-02T03:06:00Z".parse().unwrap());
        self.push(&Line::Checkpoint(checkpoint))
    }

    fn push(mut self, line: &Line) -> Self {
        self.lines.push(serde_json::to_string(line).unwrap());
        self
    }
}

/// Two batches and an entry that is not signed yet.
fn sample() -> Writer {
    Writer::new()
        .request(1, "allow")
        .request(2, "deny")
        .checkpoint()
        .response(1)
        .request(3, "allow")
        .checkpoint()
        .request(4, "allow")
}

fn verify(bytes: &[u8], expected: Expected) -> Result<Summary, VerifyError> {
    let mut verifier = Verifier::new(expected);
    for line in bytes.split(|byte| *byte == b'\n') {
        verifier.line(line)?;
    }
    verifier.finish()
}

fn verify_lines<S: AsRef<str>>(lines: &[S]) -> Result<Summary, VerifyError> {
    let lines: Vec<_> = lines.iter().map(AsRef::as_ref).collect();
    verify(lines.join("\n").as_bytes(), Expected::default())
}

fn flaw(result: Result<Summary, VerifyError>) -> String {
    result.unwrap_err().flaw.to_string()
}

#[test]
fn a_sound_trail_is_summed_up() {
    let trail = sample();
    let summary = verify_lines(&trail.lines).unwrap();
    assert_eq!((summary.entries, summary.checkpoints, summary.unsigned), (5, 2, 1));
    assert_eq!(summary.first, Some("2026-01-02T03:04:01Z".parse().unwrap()));
    assert_eq!(summary.last, Some("2026-01-02T03:04:04Z".parse().unwrap()));
    let open = [3, 4].map(|id| format!("{ID}{id}").parse::<Uuid>().unwrap());
    assert_eq!(summary.open, open);
    assert_eq!((summary.head, summary.key), (trail.head, Some(trail.key.public_key())));
}

#[test]
fn a_trail_without_entries_is_sound() {
    let summary = verify_lines::<&str>(&[]).unwrap();
    assert_eq!((summary.entries, summary.head, summary.key), (0, Head::GENESIS, None));
}

#[test]
fn records_of_a_newer_version_verify() {
    let trail = Writer::new()
        .record(r#"{"at":"2030-01-01T00:00:00Z","event":"somethingNew","id":"x-1","more":[1.5]}"#)
        .checkpoint();
    assert_eq!(verify_lines(&trail.lines).unwrap().entries, 1);
}

#[test]
fn lines_that_are_removed_repeated_swapped_or_inserted_are_found() {
    let lines = sample().lines;
    for at in 0..lines.len() - 1 {
        let (mut removed, mut repeated, mut swapped) =
            (lines.clone(), lines.clone(), lines.clone());
        repeated.insert(at, lines[at].clone());
        swapped.swap(at, at + 1);
        assert!(verify_lines(&repeated).is_err(), "line {at} repeated");
        assert!(verify_lines(&swapped).is_err(), "line {at} swapped");
        // A checkpoint says nothing that a later one does not say too.
        if lines[at].contains("\"entry\"") {
            removed.remove(at);
            assert!(verify_lines(&removed).is_err(), "line {at} removed");
        }
    }
    let stranger = Writer::new().request(9, "allow").lines.remove(0);
    for at in 0..lines.len() {
        let mut inserted = lines.clone();
        inserted.insert(at, stranger.clone());
        assert!(verify_lines(&inserted).is_err(), "inserted at {at}");
    }
}

#[test]
fn a_trail_that_was_chained_anew_needs_the_key() {
    let forger = Writer { key: SigningKey::for_test(2), ..Writer::new() };
    let trail = forger.request(1, "deny").checkpoint();
    assert!(verify_lines(&trail.lines).is_ok(), "sound in itself");
    let key = SigningKey::for_test(1).public_key();
    let expected = Expected { key: Some(key), head: None };
    let result = verify(trail.lines.join("\n").as_bytes(), expected);
    assert!(matches!(result.unwrap_err().flaw, Flaw::OtherKey { seq: 1, .. }));
}

#[test]
fn a_second_key_in_one_trail_is_found() {
    let trail = Writer::new().request(1, "deny").checkpoint();
    let trail = Writer { key: SigningKey::for_test(2), ..trail }.request(2, "deny").checkpoint();
    assert!(flaw(verify_lines(&trail.lines)).contains("is signed by key"));
}

#[test]
fn a_head_from_before_must_be_contained() {
    let trail = sample();
    let bytes = trail.lines.join("\n");
    let check = |head| verify(bytes.as_bytes(), Expected { key: None, head: Some(head) });
    assert!(check(Head::GENESIS).is_ok());
    assert!(check(trail.head).is_ok());
    let later = Head { seq: 6, ..trail.head };
    assert_eq!(
        flaw(check(later)),
        "the trail ends at entry 5; entry 6 is known from before and gone"
    );
    let other = Head { seq: 3, ..trail.head };
    assert!(flaw(check(other)).contains("rewritten"));
}

#[test]
fn a_response_needs_a_request_that_was_sent_on() {
    let cases = [
        (Writer::new().response(1), "was not under way"),
        (Writer::new().request(1, "deny").response(1), "was not under way"),
        (Writer::new().request(1, "allow").response(1).response(1), "was not under way"),
        (Writer::new().request(1, "allow").request(1, "allow"), "still under way"),
    ];
    for (trail, expected) in cases {
        let found = flaw(verify_lines(&trail.lines));
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn an_error_names_the_line() {
    let mut lines = sample().lines;
    lines[3] = lines[3].replace("\"bytes\":7", "\"bytes\":8");
    let error = verify_lines(&lines).unwrap_err();
    assert_eq!(error.to_string(), "line 4: entry 3 was altered: its hash does not fit");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_changed_byte_is_found(place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let mut bytes = sample().lines.join("\n").into_bytes();
        bytes.push(b'\n');
        let index = place.index(bytes.len());
        bytes[index] ^= change;
        prop_assert!(verify(&bytes, Expected::default()).is_err(), "byte {index}");
    }
}
