//! Data on standard output: tables as kubectl prints them, JSON, YAML, names.

use std::io::{self, Write as _};

use clap::ValueEnum;
use serde::Serialize;

use crate::failure::{Failure, Kind};
use crate::ui::clean;

/// How lists are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON.
    Json,
    /// A name a line.
    Name,
    /// A table for people.
    #[default]
    Table,
    /// A table with more columns.
    Wide,
    /// YAML.
    Yaml,
}

/// How a list becomes a table. The first column is the name; those from `wide` on are shown only
/// by `-o wide`.
pub(crate) struct Columns<'a, T> {
    pub(crate) headings: &'a [&'a str],
    pub(crate) wide: usize,
    pub(crate) row: &'a dyn Fn(&T) -> Vec<String>,
}

impl<T: Serialize> Columns<'_, T> {
    /// Prints a list.
    pub(crate) fn print(&self, format: Format, items: &[T]) -> Result<(), Failure> {
        match format {
            Format::Json | Format::Yaml => value(format, &items),
            Format::Name => {
                let names = items.iter().filter_map(|item| (self.row)(item).into_iter().next());
                let lines: Vec<String> =
                    names.map(|name| clean(&name).into_owned() + "\n").collect();
                text(&lines.concat())
            }
            Format::Table => text(&self.table(items, self.wide)),
            Format::Wide => text(&self.table(items, self.headings.len())),
        }
    }

    fn table(&self, items: &[T], columns: usize) -> String {
        let headings = self.headings.iter().map(|heading| (*heading).to_owned()).collect();
        let rows = items.iter().map(|item| {
            let cells = (self.row)(item);
            cells.iter().map(|cell| clean(cell).into_owned()).collect::<Vec<_>>()
        });
        let rows: Vec<Vec<String>> = std::iter::once(headings).chain(rows).collect();
        let widths: Vec<usize> = (0..columns)
            .map(|at| rows.iter().filter_map(|row| row.get(at)).map(|c| c.chars().count()).max())
            .map(Option::unwrap_or_default)
            .collect();
        let mut table = String::new();
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            let line = cells.collect::<Vec<_>>().join("   ");
            table.push_str(line.trim_end());
            table.push('\n');
        }
        table
    }
}

/// Prints one value as JSON or YAML.
pub(crate) fn value(format: Format, value: &impl Serialize) -> Result<(), Failure> {
    if format == Format::Yaml {
        // By way of a tree: a text that is JSON already would not be taken apart otherwise.
        let yaml = serde_saphyr::to_string(&serde_json::to_value(value)?);
        return text(&yaml.map_err(|error| Failure::new(Kind::Other, error))?);
    }
    text(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Prints a text as it is.
pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        // Whoever read has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// Prints all that there is to read, byte for byte.
pub(crate) fn copy(from: &mut impl io::Read) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match io::copy(from, &mut stdout).and_then(|_| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        copied => Ok(copied?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_aligned_and_wide_ones_show_more() {
        let columns = Columns {
            headings: &["NAME", "AGE", "NOTE"],
            wide: 2,
            row: &|item: &(&str, u8)| vec![item.0.into(), format!("{}m", item.1), "x".into()],
        };
        let items = [("prod-eu", 5), ("a\x1b", 10)];
        let table = "NAME      AGE\nprod-eu   5m\na\\u{1b}   10m\n";
        assert_eq!(columns.table(&items, columns.wide), table);
        assert!(columns.table(&items, 3).starts_with("NAME      AGE   NOTE\n"));
    }
}
