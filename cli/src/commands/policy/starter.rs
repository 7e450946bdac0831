//! `kguard policy starter`: the packs.

use kguard::policy::did_you_mean;
use kguard::policy::pack::{PACKS, Pack};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{self, Columns, Format};

#[derive(Serialize)]
struct Row {
    name: &'static str,
    summary: &'static str,
}

pub(super) fn run(name: &str, list: bool, tests: bool, format: Format) -> Result<(), Failure> {
    if list {
        let rows = PACKS.map(|Pack { name, summary, .. }| Row { name, summary });
        let row = |row: &Row| vec![row.name.to_owned(), row.summary.to_owned()];
        return Columns { headings: &["NAME", "FOR"], wide: 2, row: &row }.print(format, &rows);
    }
    let pack = Pack::named(name).ok_or_else(|| {
        let failure = Failure::usage(format_args!("there is no pack `{name}`"));
        let hint = did_you_mean(name, &PACKS.map(|pack| pack.name));
        hint.into_iter().fold(failure, Failure::hint)
    })?;
    output::text(&if tests { pack.cases() } else { pack.policies() }.text)
}
