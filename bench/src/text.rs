//! Masking a log with two hundred known values, and with the detectors of the starter pack besides.
//!
//! The peer is the crate `aho-corasick`, which most programs would take: it looks for the values as
//! they are, and not for their dozen forms each. All of it in this process, in chunks as a
//! connection gives them.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use aho_corasick::{AhoCorasick, MatchKind};
use kguard::mask::detect::{BuiltIn, DetectorSpec, Detectors};
use kguard::mask::{KnownValue, TextPlan, TextRule, TextRules};

use crate::Failure;
use crate::table::{Limit, Row, Table, say};

const VALUES: u64 = 200;
const LOG_BYTES: usize = 64 << 20;
const CHUNK_BYTES: usize = 16 << 10;
/// A log with secrets in it has them in few of its lines.
const LINES_PER_VALUE: u64 = 500;

pub(crate) fn measure(rounds: usize, table: &mut Table) -> Result<(), Failure> {
    let values: Vec<String> = (0..VALUES).map(value).collect();
    let log = log(&values);
    let all = Detectors::compile(&BuiltIn::ALL.map(DetectorSpec::BuiltIn))?;
    let plans = [plan(&values, Detectors::default()), plan(&values, all)];
    let peer = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&values)?;
    let placeholders: Vec<String> = (0..VALUES).map(placeholder).collect();
    let (mut ours, mut detecting, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        say(&format!("text, round {round} of {rounds} (0 warms up)"));
        let [known, all] = plans.each_ref().map(|plan| rate(|| mask(plan, &log)));
        let other = rate(|| replace(&peer, &placeholders, &log));
        if round > 0 {
            ours.push(known);
            detecting.push(all);
            theirs.push(other);
        }
    }
    let row = |what, ours, peer, theirs| {
        let limit = Limit::AtLeast(1.0);
        Row { what, unit: "MB/s", ours, peer, theirs, limit }
    };
    let limit = || vec![300.0; rounds];
    let what = "(j) masking a log, 200 known values";
    table.add(row(what, ours.clone(), "limit", limit()));
    table.add(row(what, ours, "aho-corasick", theirs));
    table.add(row("(j) with the starter pack's detectors", detecting, "limit", limit()));
    Ok(())
}

/// Megabytes a second. What is done says how much of the log is left, which nobody may optimize
/// away.
fn rate(work: impl FnOnce() -> usize) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    f64::from(u32::try_from(LOG_BYTES).unwrap_or(u32::MAX)) / 1e6 / start.elapsed().as_secs_f64()
}

fn mask(plan: &Arc<TextPlan>, log: &[u8]) -> usize {
    let (mut masker, mut out, mut length) = (plan.masker(), Vec::new(), 0);
    for chunk in log.chunks(CHUNK_BYTES) {
        masker.push(chunk, &mut out);
        length += out.len();
        out.clear();
    }
    masker.finish(&mut out);
    length + out.len()
}

fn replace(peer: &AhoCorasick, placeholders: &[String], log: &[u8]) -> usize {
    let chunks = log.chunks(CHUNK_BYTES);
    chunks.map(|chunk| peer.replace_all_bytes(chunk, placeholders).len()).sum()
}

fn plan(values: &[String], detectors: Detectors) -> Arc<TextPlan> {
    let known = |(number, value): (u64, &String)| KnownValue {
        secret: "bench".to_owned(),
        key: format!("key-{number}"),
        value: value.clone().into_bytes(),
    };
    let known: Vec<KnownValue> = (0..).zip(values).map(known).collect();
    let rule = TextRule { document: "bench".to_owned(), known_secrets: true, detectors };
    Arc::new(TextRules::new([rule]).compile(&known))
}

fn placeholder(number: u64) -> String {
    format!("[masked:bench/key-{number}]")
}

/// Passwords, URLs with passwords, hexadecimal keys and JSON with a token in it.
fn value(number: u64) -> String {
    let (one, two) = (mix(number), mix(number + 1000));
    match number % 4 {
        0 => format!("{one:x}!Pq&{number}"),
        1 => format!("postgres://app-{number}:{one:x}@db-{number}.shop.svc:5432/shop"),
        2 => format!("{one:016x}{two:016x}"),
        _ => format!("{{\"user\":\"app-{number}\",\"token\":\"{one:x}.{two:x}\"}}"),
    }
}

/// Lines as services write them.
fn log(values: &[String]) -> Vec<u8> {
    let mut log = String::with_capacity(LOG_BYTES + 512);
    let mut line = 0;
    while log.len() < LOG_BYTES {
        line += 1;
        let id = mix(line);
        // Writing to a String does not fail.
        let _ = write!(log, "2026-11-25T10:{:02}:{:02}.{:03}Z ", id % 60, id % 59, id % 1000);
        let _ = match line % 4 {
            0 => writeln!(
                log,
                "INFO  shop.orders order {id} of customer {} placed, {} items, total {}.99 EUR",
                id % 9999,
                id % 7,
                id % 500
            ),
            1 => writeln!(
                log,
                "DEBUG http request method=GET path=/api/v1/orders/{id:x}?page={} status=200 duration={}ms trace={id:016x}",
                id % 30,
                id % 90
            ),
            2 => writeln!(
                log,
                "{{\"level\":\"info\",\"logger\":\"reconciler\",\"msg\":\"updated deployment\",\"namespace\":\"shop-{}\",\"generation\":{}}}",
                id % 40,
                id % 70
            ),
            _ => writeln!(
                log,
                "WARN  pool.connection connection to database is slow: waited {} ms for a connection from the pool",
                id % 3000
            ),
        };
        if line.is_multiple_of(LINES_PER_VALUE) {
            let number = usize::try_from(id % VALUES).unwrap_or_default();
            let value = values.get(number).map(String::as_str).unwrap_or_default();
            let _ = writeln!(log, "ERROR shop.config cannot connect with {value}, giving up");
        }
    }
    log.truncate(LOG_BYTES);
    log.into_bytes()
}

/// Numbers without a pattern, the same in every run (SplitMix64).
fn mix(of: u64) -> u64 {
    let a = of.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let b = (a ^ (a >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let c = (b ^ (b >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    c ^ (c >> 31)
}
