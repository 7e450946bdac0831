//! `kguard policy test`: runs cases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kguard::policy::case::{self, CaseReport, Suite};
use kguard::policy::{PolicySet, Problem, Source};
use serde::Serialize;

use super::sources::{self, Folders};
use super::story;
use crate::args::TestArgs;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{self, Format};

/// What came out of all cases.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    cases: usize,
    failed: usize,
    files: Vec<FileReport>,
    /// Policies that no case is decided by, by where they stand.
    undecided: BTreeMap<String, Vec<String>>,
}

/// What came out of the cases of a document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileReport {
    file: String,
    test: String,
    cases: Vec<CaseReport>,
}

/// The policies that tests name, and those that decided a case.
#[derive(Default)]
struct Tried(BTreeMap<Vec<PathBuf>, (PolicySet, BTreeSet<String>)>);

pub(super) fn run(context: &Context, args: &TestArgs) -> Result<(), Failure> {
    let sources = tests(&args.paths).map_err(|found| super::problems(context, &found))?;
    let report = report(&sources).map_err(|found| super::problems(context, &found))?;
    match args.format.output {
        format @ (Format::Json | Format::Yaml) => output::value(format, &report)?,
        Format::Name | Format::Table | Format::Wide => output::text(&told(&report))?,
    }
    let failure = |message: String| Err(Failure::new(Kind::Other, message));
    if report.cases == 0 {
        return failure("there is no case".to_owned())
            .map_err(|failure| failure.hint("`kguard policy test --help` shows a file of cases"));
    }
    if report.failed > 0 {
        return failure(format!("{} of {} failed", report.failed, counted(report.cases)));
    }
    if args.coverage && !report.undecided.is_empty() {
        return failure("there are policies that no case is decided by".to_owned());
    }
    Ok(())
}

/// The files of cases: those of packs, those that are named, and those below folders.
fn tests(paths: &[PathBuf]) -> Result<Vec<Source>, Vec<Problem>> {
    let mut files = Vec::new();
    let mut sources = Vec::new();
    for path in paths {
        match sources::pack_named(path) {
            Some(pack) => sources.push(pack.map_err(|problem| vec![problem])?.cases()),
            None => files.push(path.clone()),
        }
    }
    sources.extend(sources::read_all(&files, Folders::Deep)?);
    Ok(sources)
}

fn report(sources: &[Source]) -> Result<Report, Vec<Problem>> {
    let mut report = Report::default();
    let mut problems = Vec::new();
    let mut tried = Tried::default();
    for source in sources {
        let suites = case::read(source).unwrap_or_else(|found| {
            problems.extend(found);
            Vec::new()
        });
        for suite in suites {
            match tried.run(&suite, source) {
                Ok(cases) => report.add(source, suite, cases),
                Err(found) => problems.extend(found),
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    report.undecided = tried.undecided();
    Ok(report)
}

impl Report {
    fn add(&mut self, source: &Source, suite: Suite, cases: Vec<CaseReport>) {
        self.cases += cases.len();
        self.failed += cases.iter().filter(|case| !case.holds()).count();
        self.files.push(FileReport { file: source.name.clone(), test: suite.name, cases });
    }
}

impl Tried {
    fn run(&mut self, suite: &Suite, source: &Source) -> Result<Vec<CaseReport>, Vec<Problem>> {
        let paths = policies(suite, source);
        if !self.0.contains_key(&paths) {
            let set = compile(suite, &paths)?;
            self.0.insert(paths.clone(), (set, BTreeSet::new()));
        }
        let Some((set, deciding)) = self.0.get_mut(&paths) else { return Ok(Vec::new()) };
        let reports: Vec<_> = suite.cases.iter().map(|case| case.run(set)).collect();
        deciding.extend(reports.iter().filter_map(|report| report.policy.clone()));
        Ok(reports)
    }

    fn undecided(&self) -> BTreeMap<String, Vec<String>> {
        let of = |(paths, (set, deciding)): (&Vec<PathBuf>, &(PolicySet, BTreeSet<String>))| {
            let undecided = set.policy_names().filter(|name| !deciding.contains(*name));
            let undecided: Vec<_> = undecided.map(str::to_owned).collect();
            let paths: Vec<_> = paths.iter().map(|path| sources::shown(path)).collect();
            (!undecided.is_empty()).then(|| (paths.join(", "), undecided))
        };
        self.0.iter().filter_map(of).collect()
    }
}

/// Where the policies of a test are: beside it, unless they are a pack.
fn policies(suite: &Suite, source: &Source) -> Vec<PathBuf> {
    let folder = Path::new(&source.name).parent().unwrap_or_else(|| Path::new(""));
    let path = |text: &String| match sources::pack_named(Path::new(text)) {
        Some(_) => PathBuf::from(text),
        None => folder.join(text),
    };
    suite.policies.iter().map(|reference| path(&reference.text)).collect()
}

/// Compiles them; what cannot be read is a problem of the test that names it.
fn compile(suite: &Suite, paths: &[PathBuf]) -> Result<PolicySet, Vec<Problem>> {
    let mut problems = Vec::new();
    for (reference, path) in suite.policies.iter().zip(paths) {
        let (_, found) = sources::read(std::slice::from_ref(path), Folders::Flat);
        let told = |Problem { file, message, hint, .. }| {
            reference.problem(format!("{file}: {message}"), hint)
        };
        problems.extend(found.into_iter().map(told));
    }
    if problems.is_empty() { sources::compile(paths) } else { Err(problems) }
}

/// A line for each case, more for each that fails.
fn told(report: &Report) -> String {
    let mut lines = Vec::new();
    for FileReport { file, test, cases } in &report.files {
        for case in cases {
            lines.push(if case.holds() {
                format!("ok    {test}: {}", case.case)
            } else {
                format!("FAIL  {test}: {} ({file}:{})", case.case, case.line)
            });
            lines.extend(mismatches(case));
        }
    }
    for (paths, names) in &report.undecided {
        lines.push(format!("decided by no case: {} ({paths})", names.join(", ")));
    }
    lines.push(format!("{}, {} failed", counted(report.cases), report.failed));
    lines.join("\n") + "\n"
}

fn counted(cases: usize) -> String {
    if cases == 1 { "1 case".to_owned() } else { format!("{cases} cases") }
}

fn mismatches(case: &CaseReport) -> Vec<String> {
    if case.holds() {
        return Vec::new();
    }
    let mismatch = |of: &case::Mismatch| {
        format!("      {}: expected `{}`, got `{}`", of.of, of.expected, of.got)
    };
    let story = story::lines(&case.matched, &case.near);
    let story = story.into_iter().map(|line| format!("      {line}"));
    case.mismatches.iter().map(mismatch).chain(story).collect()
}
