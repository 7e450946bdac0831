//! `kguard completion`: completions for a shell, generated from the command line's definition.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output;

pub(super) fn run(shell: Shell) -> Result<(), Failure> {
    output::text(&generate(shell))
}

fn generate(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "kguard", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// `KGUARD_UPDATE_COMPLETIONS=1 cargo test -p kguard-cli completions` writes them anew.
    #[test]
    fn the_completions_in_the_repository_are_current() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shell-completions");
        for (shell, name) in [
            (Shell::Bash, "kguard.bash"),
            (Shell::Fish, "kguard.fish"),
            (Shell::PowerShell, "_kguard.ps1"),
            (Shell::Zsh, "_kguard"),
        ] {
            let file = folder.join(name);
            let script = generate(shell);
            if std::env::var_os("KGUARD_UPDATE_COMPLETIONS").is_some() {
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&file, &script).unwrap();
            }
            let current = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(current == script, "{name} is not what `kguard completion` prints");
        }
    }
}
