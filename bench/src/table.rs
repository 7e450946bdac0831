//! The table: both sides, the ratio, the limit.

use std::io::Write;
use std::time::Instant;

use crate::Failure;

/// What a ratio has to keep to.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    AtLeast(f64),
    AtMost(f64),
    /// There is none; the figures are for the reader.
    None,
}

/// One measurement: a pair of figures for each round.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) ours: Vec<f64>,
    pub(crate) peer: &'static str,
    pub(crate) theirs: Vec<f64>,
    pub(crate) limit: Limit,
}

/// All measurements of a run.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// Adds a measurement, and shows it at once: a run takes minutes.
    pub(crate) fn add(&mut self, row: Row) {
        say(&row.text());
        self.0.push(row);
    }

    /// Prints everything.
    pub(crate) fn print(&self) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        writeln!(out)?;
        writeln!(out, "{:<42} {:>18} {:>28} {:>15} {:>8}", "", "kguard", "peer", "ratio", "limit")?;
        self.0.iter().try_for_each(|row| writeln!(out, "{}", row.text()))?;
        writeln!(out, "\n{LEGEND}")?;
        Ok(())
    }
}

impl Row {
    fn text(&self) -> String {
        let ratios: Vec<f64> =
            self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours / theirs).collect();
        let ratio = median(&ratios);
        let (limit, verdict) = match self.limit {
            Limit::AtLeast(limit) => (format!("≥ {limit:.2}"), passed(ratio >= limit)),
            Limit::AtMost(limit) => (format!("≤ {limit:.2}"), passed(ratio <= limit)),
            Limit::None => (String::new(), ""),
        };
        let what = format!("{}, {}", self.what, self.unit);
        let theirs = format!("{} {}", self.peer, figure(&self.theirs));
        let ratio = format!("{ratio:.2} ±{:.2}", deviation(&ratios));
        format!(
            "{what:<42} {:>18} {theirs:>28} {ratio:>15} {limit:>8}  {verdict}",
            figure(&self.ours)
        )
    }
}

fn passed(passed: bool) -> &'static str {
    if passed { "pass" } else { "MISS" }
}

fn figure(samples: &[f64]) -> String {
    let (median, deviation) = (median(samples), deviation(samples));
    match median {
        100.0.. => format!("{median:.0} ±{deviation:.0}"),
        _ => format!("{median:.1} ±{deviation:.1}"),
    }
}

/// What so many of a hundred do not exceed.
pub(crate) fn percentile(samples: &mut [f64], hundredths: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() * hundredths / 100).copied().unwrap_or(f64::NAN)
}

/// How long ago it was.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// The median; of nothing, not a number.
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
    }
}

/// The median distance from the median.
fn deviation(samples: &[f64]) -> f64 {
    let middle = median(samples);
    median(&samples.iter().map(|sample| (sample - middle).abs()).collect::<Vec<_>>())
}

/// Says what is going on.
pub(crate) fn say(text: &str) {
    // Nobody there to read it is no reason to stop.
    let _ = writeln!(std::io::stderr(), "==> {text}");
}

const LEGEND: &str = "\
Medians of interleaved rounds ± median absolute deviation; a ratio is kguard / peer within a round.
In the gateway policy (the starter pack), masking and the durable, signed trail are on. nginx is a
TLS reverse proxy with kept-alive TLS connections upstream and no log. Proxies run on core 0, load
and API server on core 1. (a) runs against the real API server; (b) to (d) against one that answers
at once, or after 2 ms where it says so: the time of a small read in a real one, during which a
read's entry gets durable. Requests per core are requests per CPU second of the proxy's process.";
