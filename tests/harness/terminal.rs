//! A terminal that passes on each byte as it comes: `script`, without a file.

use std::process::Command;

/// The same command at a terminal of so many rows and columns. What is on it comes out of the
/// standard output, and what is typed goes into the standard input.
pub fn at_a_terminal(command: &Command, (rows, columns): (u16, u16)) -> Command {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words: Vec<_> = words.map(|word| quoted(word.to_str().unwrap())).collect();
    let line = format!("stty rows {rows} cols {columns}; exec {}", words.join(" "));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).env_clear();
    terminal.envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    terminal
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
