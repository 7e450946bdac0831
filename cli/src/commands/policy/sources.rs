//! Reads policies: files, folders and packs. Everything that cannot be read is a problem like
//! others, so that all of them are told at once.

use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use kguard::policy::case;
use kguard::policy::pack::{PACKS, Pack};
use kguard::policy::{MAX_FILE_BYTES, PolicySet, Problem, Source, TOO_LARGE, did_you_mean};

/// Folders below a folder are looked into this deep.
const MAX_DEPTH: usize = 8;

/// How packs are named among paths.
const PACK: &str = "pack:";

/// How folders are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Folders {
    /// As the gateway does: the files directly in it.
    Flat,
    /// With the folders below it, for cases alone: a repository is full of YAML that is none of
    /// ours, and not all of it is YAML.
    Deep,
}

/// Reads all paths; with what cannot be read, for what can is to be looked at as well.
pub(super) fn read(paths: &[PathBuf], folders: Folders) -> (Vec<Source>, Vec<Problem>) {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        let read = match pack_named(path) {
            Some(pack) => pack.map(|pack| vec![Ok(pack.policies())]),
            None => list(path, folders, MAX_DEPTH)
                .map(|files| files.iter().map(|file| text(file)).collect()),
        };
        for source in read.unwrap_or_else(|problem| vec![Err(problem)]) {
            match source {
                Ok(source) => sources.push(source),
                Err(problem) => problems.push(problem),
            }
        }
    }
    (sources, problems)
}

/// Reads all paths, or tells what of them cannot be read.
pub(super) fn read_all(paths: &[PathBuf], folders: Folders) -> Result<Vec<Source>, Vec<Problem>> {
    let (sources, problems) = read(paths, folders);
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

/// Reads and compiles policies.
pub(super) fn compile(paths: &[PathBuf]) -> Result<PolicySet, Vec<Problem>> {
    PolicySet::compile(&read_all(paths, Folders::Flat)?)
}

/// The pack that a path names.
pub(super) fn pack_named(path: &Path) -> Option<Result<Pack, Problem>> {
    let name = path.to_str()?.strip_prefix(PACK)?;
    Some(Pack::named(name).ok_or_else(|| {
        let hint = did_you_mean(name, &PACKS.map(|pack| pack.name));
        problem(path, format!("there is no pack `{name}`"), hint)
    }))
}

/// A path itself, or the YAML files of the folder that it is, in the order of their names.
fn list(path: &Path, folders: Folders, depth: usize) -> Result<Vec<PathBuf>, Problem> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let error = |error: std::io::Error| problem(path, error.to_string(), None);
    let entries = std::fs::read_dir(path).map_err(error)?;
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(error)?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        let is_folder = folders == Folders::Deep && entry.is_dir();
        if is_folder && depth > 0 && !entry.is_symlink() && !is_hidden(&entry) {
            files.extend(list(&entry, folders, depth - 1)?);
        } else if !is_folder
            && is_yaml(&entry)
            && (folders == Folders::Flat || may_hold_cases(&entry))
        {
            files.push(entry);
        }
    }
    if files.is_empty() && depth == MAX_DEPTH {
        let hint = Some("files are read that end in .yaml or .yml".to_owned());
        let message = match folders {
            Folders::Flat => "there is no YAML file in this folder",
            Folders::Deep => "there is no file of cases in this folder, nor below it",
        };
        return Err(problem(path, message.to_owned(), hint));
    }
    Ok(files)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// Whether a file names the kind of document that cases are; one that cannot be read might.
fn may_hold_cases(file: &Path) -> bool {
    let kind = case::KIND.as_bytes();
    beginning(file).map_or(true, |bytes| bytes.windows(kind.len()).any(|part| part == kind))
}

/// As much of a file as a policy file may have, and a byte more where there is more.
fn beginning(file: &Path) -> std::io::Result<Vec<u8>> {
    let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX) + 1;
    let mut bytes = Vec::new();
    File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Mounted ConfigMaps keep their versions in hidden folders, as does git.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// Reads one file, and no more of it than a policy file may have.
pub(super) fn text(path: &Path) -> Result<Source, Problem> {
    let bytes = beginning(path).map_err(|error| {
        let hint = (error.kind() == std::io::ErrorKind::NotFound)
            .then(|| "a pack is named pack:NAME; `kguard policy starter --list`".to_owned());
        problem(path, error.to_string(), hint)
    })?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(problem(path, TOO_LARGE.0.to_owned(), Some(TOO_LARGE.1.to_owned())));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| problem(path, "the file is no text in UTF-8".to_owned(), None))?;
    let name = path.strip_prefix(".").unwrap_or(path).display().to_string();
    Ok(Source { name, text })
}

/// A path for people, without the detours that it may take.
pub(super) fn shown(path: &Path) -> String {
    let mut shown = PathBuf::new();
    for part in path.components() {
        let is_detour = part == Component::ParentDir
            && matches!(shown.components().next_back(), Some(Component::Normal(_)));
        if is_detour {
            shown.pop();
        } else if part != Component::CurDir {
            shown.push(part);
        }
    }
    shown.display().to_string()
}

fn problem(path: &Path, message: String, hint: Option<String>) -> Problem {
    Problem { file: path.display().to_string(), line: 0, column: 0, message, hint }
}
