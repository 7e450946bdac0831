//! Reads a folder of policy files. What cannot be read is a problem like any other: reported with
//! its place, and no reason to forget the policies that are in force.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use kguard::policy::{MAX_FILE_BYTES, Problem, Source, digest_of};

/// More files than anybody keeps in one folder.
const MAX_FILES: usize = 4096;

/// What a folder holds at a moment.
pub(super) struct Content {
    /// SHA-256 of its files; of what is wrong with it, if it cannot be read.
    pub(super) digest: String,
    pub(super) sources: Result<Vec<Source>, Vec<Problem>>,
}

/// Reads a file, or all `*.yaml` and `*.yml` files of a folder in the order of their names.
pub(super) fn read(path: &Path) -> Content {
    let sources = files(path).and_then(|files| sources(&files));
    let digest = match &sources {
        Ok(sources) => digest_of(sources),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    };
    Content { digest, sources }
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Vec<Problem>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error| vec![problem(path, &error)];
    let entries = std::fs::read_dir(path).map_err(unreadable)?;
    let files = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut files = files.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    files.retain(|file| {
        file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
    });
    if files.len() > MAX_FILES {
        let message =
            format!("the folder holds {} policy files, more than {MAX_FILES}", files.len());
        return Err(vec![Problem::of_file(path.display().to_string(), message)]);
    }
    files.sort();
    Ok(files)
}

/// All of them, or everything that is wrong with them.
fn sources(files: &[PathBuf]) -> Result<Vec<Source>, Vec<Problem>> {
    let (mut sources, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match source(file) {
            Ok(source) => sources.push(source),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

fn source(file: &Path) -> Result<Source, Problem> {
    let mut bytes = Vec::new();
    // One byte more than may be, so that a larger file is known for what it is and not read.
    let limit = u64::try_from(MAX_FILE_BYTES).unwrap_or(u64::MAX) + 1;
    let read = std::fs::File::open(file).and_then(|open| open.take(limit).read_to_end(&mut bytes));
    read.map_err(|error| problem(file, &error))?;
    let name = file.display().to_string();
    // Cut off within a character, it is too large all the same.
    let whole = bytes.len() <= MAX_FILE_BYTES;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source { name, text }),
        Err(error) if !whole => {
            Ok(Source { name, text: String::from_utf8_lossy(error.as_bytes()).into_owned() })
        }
        Err(_) => Err(Problem::of_file(name, "the file is not UTF-8 text".to_owned())),
    }
}

fn problem(path: &Path, error: &std::io::Error) -> Problem {
    let name = path.display().to_string();
    let hint = "the gateway's user needs the right to read it";
    let mut problem = Problem::of_file(name, format!("it cannot be read: {error}"));
    problem.hint = (error.kind() == std::io::ErrorKind::PermissionDenied).then(|| hint.to_owned());
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &Path) -> String {
        let problems = read(path).sources.unwrap_err();
        crate::policies::list(&problems)
    }

    #[test]
    fn everything_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), [0xff]).unwrap();
        std::fs::create_dir(folder.path().join("b.yaml")).unwrap();
        std::fs::write(folder.path().join("c.yaml"), "fine").unwrap();
        std::os::unix::fs::symlink("gone", folder.path().join("d.yml")).unwrap();
        let found = problems(folder.path());
        for (file, what) in
            [("a.yaml", "not UTF-8"), ("b.yaml", "cannot be read"), ("d.yml", "cannot be read")]
        {
            let told = |line: &str| line.contains(file) && line.contains(what);
            assert!(found.lines().any(told), "{file}: {found}");
        }
        assert!(!found.contains("c.yaml"), "{found}");
        assert!(problems(&folder.path().join("none")).contains("cannot be read"));
    }

    #[test]
    fn of_a_huge_file_only_the_beginning_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        std::fs::File::create(&file).unwrap().set_len(50_000_000).unwrap();
        let sources = read(&file).sources.unwrap();
        assert_eq!(sources[0].text.len(), MAX_FILE_BYTES + 1);
        let problems = kguard::policy::check(&sources);
        assert!(problems[0].to_string().contains("larger than 1 MiB"), "{problems:?}");
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn the_digest_follows_the_content_whatever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        let digest = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            read(folder.path()).digest
        };
        let good = digest(b"a");
        assert_ne!(good, digest(b"b"));
        assert_ne!(good, digest(&[0xff]));
        assert_eq!(good, digest(b"a"));
    }
}
