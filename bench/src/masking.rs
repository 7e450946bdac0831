//! Masking a list of Secrets of 100 MB.
//!
//! The peers are simd-json, which only finds out what stands where (its tape), in this process; and
//! jq, which does what people do who mask by a script.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use kguard::mask::{
    Context, Echo, MAX_ELEMENT_BYTES, MaskRule, MaskRules, Masker, PlaceholderKey, Shape,
};

use crate::Failure;
use crate::table::{Limit, Row, Table, say};

pub(crate) const LIST_BYTES: usize = 100_000_000;
/// As a connection gives them.
const CHUNK_BYTES: usize = 16 << 10;
const JQ: &str = r#".items[] |= (.data |= map_values("masked"))"#;
/// jq takes half a minute for each.
const JQ_ROUNDS: usize = 2;

pub(crate) fn measure(folder: &Path, rounds: usize, table: &mut Table) -> Result<(), Failure> {
    let list = list();
    let context = context()?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        say(&format!("masking, round {round} of {rounds} (0 warms up)"));
        let sample = [rate(|| mask(&context, &list))?, rate_of_tape(&list)?];
        if round > 0 {
            let [own, other] = sample;
            ours.push(own);
            theirs.push(other);
        }
    }
    let what = "(h) masking a list of Secrets, 100 MB";
    let unit = "MB/s";
    let limit = Limit::AtLeast(0.5);
    table.add(Row { what, unit, ours: ours.clone(), peer: "simd-json tape", theirs, limit });
    let file = folder.join("list.json");
    std::fs::write(&file, &list)?;
    let mut theirs = Vec::new();
    for round in 1..=JQ_ROUNDS.min(rounds) {
        say(&format!("jq, round {round} of {}", JQ_ROUNDS.min(rounds)));
        theirs.push(rate(|| jq(&file))?);
    }
    ours.truncate(theirs.len());
    table.add(Row { what, unit, ours, peer: "jq", theirs, limit: Limit::AtLeast(15.0) });
    Ok(std::fs::remove_file(&file)?)
}

/// Megabytes a second.
fn rate(work: impl FnOnce() -> Result<usize, Failure>) -> Result<f64, Failure> {
    let start = Instant::now();
    std::hint::black_box(work()?);
    Ok(f64::from(u32::try_from(LIST_BYTES)?) / 1e6 / start.elapsed().as_secs_f64())
}

fn mask(context: &Context, list: &[u8]) -> Result<usize, Failure> {
    let (mut masker, mut out, mut length) = (Masker::new(context.clone()), Vec::new(), 0);
    for chunk in list.chunks(CHUNK_BYTES) {
        masker.push(chunk, &mut out)?;
        length += out.len();
        out.clear();
    }
    let report = masker.finish()?;
    if report.masked.values().sum::<u64>() == 0 {
        return Err("nothing was masked".into());
    }
    Ok(length)
}

/// It works on bytes that it may change, so the copy is made before the clock starts.
fn rate_of_tape(list: &[u8]) -> Result<f64, Failure> {
    let mut copy = list.to_vec();
    rate(|| Ok(simd_json::to_tape(&mut copy)?.0.len()))
}

fn jq(file: &Path) -> Result<usize, Failure> {
    let mut command = Command::new("jq");
    let status = command.arg("-c").arg(JQ).arg(file).stdout(Stdio::null()).status()?;
    if status.success() { Ok(0) } else { Err("jq failed".into()) }
}

fn context() -> Result<Context, Failure> {
    let rule = MaskRule {
        name: "secrets".into(),
        resources: vec!["secrets".parse()?],
        fields: vec!["data.*".parse()?, "stringData.*".parse()?],
        ..MaskRule::default()
    };
    Ok(Context {
        rules: Arc::new(MaskRules { rules: vec![Arc::new(rule)] }),
        shape: Shape::List,
        requested: None,
        placeholders: PlaceholderKey::new(&[1; 32]).placeholders("bench", Echo::None),
        max_element_bytes: MAX_ELEMENT_BYTES,
    })
}

/// Secrets as clusters have them: of one to four kilobytes, one in three applied by kubectl.
pub(crate) fn list() -> Vec<u8> {
    let mut list = String::with_capacity(LIST_BYTES + 8192);
    list.push_str(
        r#"{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":["#,
    );
    let mut number = 0;
    while list.len() < LIST_BYTES {
        if number > 0 {
            list.push(',');
        }
        item(number, &mut list);
        number += 1;
    }
    list.push_str("]}");
    list.into_bytes()
}

fn item(number: usize, list: &mut String) {
    let value = |length: usize| "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNk".repeat(length);
    let long = value(8 + number % 60);
    let data = format!(r#"{{"password":"{}","user":"{}","cert":"{long}"}}"#, value(1), value(2));
    // Writing to a String does not fail.
    let _ = write!(
        list,
        r#"{{"metadata":{{"name":"secret-{number}","namespace":"shop-{}","uid":"6ba7b810-9dad-11d1-80b4-{number:012}","resourceVersion":"{number}","creationTimestamp":"2026-01-01T00:00:00Z","labels":{{"app":"shop","tier":"db"}}"#,
        number % 40,
    );
    if number.is_multiple_of(3) {
        let applied = format!(r#"{{"apiVersion":"v1","data":{data},"kind":"Secret"}}"#);
        let _ = write!(
            list,
            r#","annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{}"}}"#,
            applied.replace('"', r#"\""#)
        );
    }
    let _ = write!(
        list,
        r#","managedFields":[{{"manager":"kubectl-create","operation":"Update","apiVersion":"v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{{"f:data":{{".":{{}},"f:cert":{{}},"f:password":{{}},"f:user":{{}}}},"f:type":{{}}}}}}]}},"data":{data},"type":"Opaque"}}"#
    );
}
