//! The catalogue as a page, which cannot drift from what the tests show.

use std::fmt::Write as _;
use std::path::Path;

use super::catalogue::{Entry, Outcome, Section, Story};

const FOREWORD: &str = "# Bypasses

What has been tried to get past a gateway for Kubernetes, what an API server without one does with
it, and what kguard does. Every line is a test in `tests/bypass/` that sends the request to a real
API server, as it is and through kguard; **bold** is a request that does what it was sent for.
`$NS` is a namespace. This page is written by those tests: `KGUARD_UPDATE_DOCS=1 tests/run.sh
bypass::` writes it anew.
";

/// Holds `docs/bypasses.md` against the catalogue, or writes it if `KGUARD_UPDATE_DOCS` is set.
#[track_caller]
pub fn hold_against(catalogue: &[&Section]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/bypasses.md");
    let page = catalogue.iter().fold(FOREWORD.to_owned(), |page, section| page + &of(section));
    if std::env::var_os("KGUARD_UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(page.lines()).find(|(written, page)| written != page);
    assert!(written == page, "docs/bypasses.md is not current, from here on: {differs:?}");
}

fn of(section: &Section) -> String {
    let mut text = format!(
        "\n## {}\n\n{}\n\n| name | is sent | unguarded API server | kguard |\n|---|---|---|---|\n",
        section.title, section.about
    );
    let attacks = section.attacks.iter().map(|entry| row(entry, ""));
    let stories = section.stories.iter().map(told);
    let honest = section.honest.iter().map(|entry| row(entry, "*honest:* "));
    for row in attacks.chain(stories).chain(honest) {
        let _ = writeln!(text, "{row}");
    }
    text
}

fn row(entry: &Entry, mark: &str) -> String {
    let body = entry.body.escape_ascii().to_string().replace("\\\"", "\"");
    let lines = entry.sends.lines().chain(Some(body.as_str()).filter(|body| !body.is_empty()));
    let lines: Vec<_> = lines.map(code).collect();
    let (unguarded, guarded) = (outcome(entry.unguarded), outcome(entry.guarded));
    format!("| {mark}{} | {} | {unguarded} | {guarded} |", entry.name, lines.join("<br>"))
}

fn told(story: &Story) -> String {
    let Story { name, attacker, unguarded, guarded } = story;
    format!("| {name} | {attacker} | {unguarded} | {guarded} |")
}

fn outcome(outcome: Outcome) -> String {
    let text = match outcome {
        Outcome::Does(status, what) => format!("**{status}** {what}"),
        Outcome::Says(status, what) => format!("{status} {what}"),
        Outcome::Refuses(status, why) => format!("{status} “{why}”"),
        Outcome::Closes => "closes the connection".to_owned(),
    };
    text.trim_end().replace('|', "\\|")
}

/// A line as code, cut where it is too long for a page.
fn code(line: &str) -> String {
    const WIDTH: usize = 200;
    let mut text: String = line.escape_default().collect::<String>().replace("\\\"", "\"");
    text = text.replace("\\\\", "\\").replace('|', "\\|").replace('`', "'");
    if text.len() > WIDTH {
        text = format!("{}…", text.chars().take(WIDTH).collect::<String>());
    }
    format!("`{text}`")
}
