//! docs/policy.md does what it says: its files are read, its commands are run, and what they print
//! is compared.

use std::path::Path;
use std::process::Command;

use kguard::policy::{Source, check};

use crate::trail;

const GUIDE: &str = include_str!("../../docs/policy.md");

/// The lines of every fenced block of that language.
fn blocks(language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    let parts = GUIDE.split(&opening).skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

/// The file that a block is, by its first line.
fn file(block: &str) -> Source {
    let name = block.lines().next().unwrap().strip_prefix("# ").unwrap();
    assert!(Path::new(name).extension().is_some_and(|extension| extension == "yaml"), "{block}");
    Source { name: name.to_owned(), text: block.to_owned() }
}

#[test]
fn every_example_is_a_good_policy_but_the_one_of_mistakes() {
    for block in blocks("yaml") {
        let file = file(&block);
        let mut problems = check(std::slice::from_ref(&file));
        // A mask alone is an example, and no set.
        problems.retain(|problem| !problem.file.is_empty());
        assert_eq!(problems.is_empty(), file.name != "typo.yaml", "{}: {problems:#?}", file.name);
    }
}

#[test]
fn every_command_prints_what_the_guide_says() {
    let folder = tempfile::tempdir().unwrap();
    for block in blocks("yaml") {
        let Source { name, text } = file(&block);
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::write(folder.path().join("trail.jsonl"), trail::sample()).unwrap();
    let mut commands = 0;
    for block in blocks("console") {
        for example in block.split("$ ").skip(1) {
            let (command, expected) = example.split_once('\n').unwrap();
            let printed = run(folder.path(), command);
            assert!(fits(expected, &printed), "$ {command}\n{printed}\nis not\n{expected}");
            commands += 1;
        }
    }
    assert!(commands >= 9, "only {commands} commands were found");
}

/// Standard output, and behind it standard error.
fn run(folder: &Path, command: &str) -> String {
    let words: Vec<_> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
    let (program, arguments) = words.split_first().unwrap();
    assert_eq!(*program, "kguard", "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_kguard"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("KGUARD_HOME", folder)
        .output()
        .unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}

/// A line `…` stands for any lines.
fn fits(expected: &str, printed: &str) -> bool {
    let Some((head, tail)) = expected.split_once("…\n") else { return expected == printed };
    printed.len() >= head.len() + tail.len() && printed.starts_with(head) && printed.ends_with(tail)
}
