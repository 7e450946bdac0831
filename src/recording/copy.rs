//! What `kubectl cp` copies: its files are listed in the place of the archive that they are in.

use serde::Serialize;
use serde_json::{Value, json};

use super::Facts;
use super::archive::{Archive, Found};

/// Where an archive goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    Up,
    Down,
}

/// A copy that passes by.
pub(super) struct Copying {
    direction: Direction,
    archive: Archive,
    /// What was sent, is of no archive, and is not recorded either.
    unread: u64,
}

impl Copying {
    /// The copy that a command is, if it is just what `kubectl cp` runs.
    pub(super) fn of(facts: &Facts) -> Option<Self> {
        let direction = direction(facts)?;
        Some(Self { direction, archive: Archive::default(), unread: 0 })
    }

    pub(super) fn direction(&self) -> Direction {
        self.direction
    }

    /// Reads on: facts about the files that are complete by now, and what is of no archive.
    pub(super) fn push(&mut self, bytes: &[u8]) -> (Vec<Value>, Vec<u8>) {
        let found = self.archive.push(bytes);
        self.tell(found)
    }

    /// What is left at the end.
    pub(super) fn rest(&mut self) -> (Vec<Value>, Vec<u8>) {
        let found = self.archive.end();
        self.tell(found)
    }

    /// Takes note of bytes that nobody will find in the recording.
    pub(super) fn left_out(&mut self, bytes: &[u8]) {
        self.unread += bytes.len() as u64;
    }

    /// What there is to say of all of it. More files are counted than are listed.
    pub(super) fn sum(&self) -> Value {
        let Self { direction, archive, unread } = self;
        json!({"archive": {"files": archive.count(), "direction": direction, "unread": unread}})
    }

    fn tell(&self, found: Found) -> (Vec<Value>, Vec<u8>) {
        let files = found.files.into_iter().map(|file| {
            let mut file = serde_json::to_value(file).unwrap_or_default();
            if let Some(members) = file.as_object_mut() {
                members.insert("direction".to_owned(), json!(self.direction));
            }
            json!({"file": file})
        });
        (files.collect(), found.rest)
    }
}

/// Where the archive of a command goes that is just what `kubectl cp` runs (kubectl `pkg/cmd/cp`), word by
/// word: with one more, tar runs programs (`--to-command`). Nobody can type into a download, or a `tar` of
/// somebody's own could be a shell. What the retries of a download run is a script, and recorded as what
/// it prints.
fn direction(facts: &Facts) -> Option<Direction> {
    if facts.tty || facts.is_altered || facts.kind != "exec" {
        return None;
    }
    let words: Vec<&str> = facts.command.iter().map(String::as_str).collect();
    match *words.as_slice() {
        ["tar", "cf", "-", path] if !facts.stdin && !path.starts_with('-') => Some(Direction::Down),
        ["tar", "-xmf", "-", ref folder @ ..]
        | ["tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-", ref folder @ ..]
            if is_folder(folder) =>
        {
            Some(Direction::Up)
        }
        _ => None,
    }
}

/// Whether words say where to unpack to, if anything.
fn is_folder(words: &[&str]) -> bool {
    match words {
        [] => true,
        ["-C", folder] => !folder.starts_with('-'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction_of(line: &str, stdin: bool) -> Option<Direction> {
        let command = line.split(' ').map(str::to_owned).collect();
        direction(&Facts { kind: "exec".into(), command, stdin, ..Facts::default() })
    }

    #[test]
    fn what_kubectl_cp_runs_is_an_archive() {
        for line in [
            "tar -xmf -",
            "tar -xmf - -C /tmp",
            "tar --no-same-permissions --no-same-owner -xmf -",
            "tar --no-same-permissions --no-same-owner -xmf - -C .",
        ] {
            assert_eq!(direction_of(line, true), Some(Direction::Up), "{line}");
        }
        assert_eq!(direction_of("tar cf - /etc/motd", false), Some(Direction::Down));
    }

    #[test]
    fn nothing_else_is() {
        for line in [
            "tar -xmf - --to-command=sh",
            "tar -xmf - -C /tmp --to-command=sh",
            "tar -xmf - -C",
            "tar -xmf - -C --to-command=sh",
            "tar -xmf - /tmp",
            "tar -xmf archive",
            "tar --no-same-owner --no-same-permissions -xmf -",
            "tar --no-same-permissions --no-same-owner -xmf - --checkpoint=1",
            "/tmp/tar -xmf -",
            "tar cf - /etc/motd -C /",
            "tar cf - --to-command=sh",
            "tar cf -",
            "sh -c tar cf - /etc/motd | tail -c+1",
        ] {
            assert_eq!(direction_of(line, false), None, "{line}");
            assert_eq!(direction_of(line, true), None, "{line}");
        }
        assert_eq!(direction_of("tar cf - /etc/motd", true), None);
        let tty = Facts { tty: true, ..Facts::default() };
        let command = ["tar", "-xmf", "-"].map(str::to_owned).to_vec();
        for other in [tty, Facts { kind: "attach".into(), ..Facts::default() }] {
            assert_eq!(direction(&Facts { command: command.clone(), ..other }), None);
        }
    }
}
