//! A terminal that somebody sits at: tmux, whose screen can be read and whose keys can be pressed.

use std::process::Command;

use super::process::{Output, run};

/// One program in a terminal of its own. Dropped, the terminal is closed.
pub struct Tmux {
    socket: String,
}

impl Tmux {
    /// Starts a program.
    pub fn start(program: &Command) -> Self {
        let tmux = Self { socket: format!("kguard-{}", uuid::Uuid::new_v4().simple()) };
        let mut start =
            tmux.command(&["-f", "/dev/null", "new-session", "-d", "-x", "150", "-y", "60"]);
        start.env_clear();
        start.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        start.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        start.arg(program.get_program()).args(program.get_args());
        run(&mut start).ok();
        tmux
    }

    /// Presses keys, as tmux names them; other texts are typed.
    pub fn press(&self, keys: &[&str]) {
        run(self.command(&["send-keys"]).args(keys)).ok();
    }

    /// What is on the screen, and what has scrolled off it.
    pub fn screen(&self) -> String {
        run(&mut self.command(&["capture-pane", "-p", "-S", "-"])).stdout
    }

    /// Waits until a text is on the screen.
    pub fn wait_for(&self, text: &str) {
        super::eventually(&format!("`{text}` on the screen"), || {
            self.screen().contains(text).then_some(())
        });
    }

    /// Makes it another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        let [columns, rows] = [columns, rows].map(|number| number.to_string());
        run(&mut self.command(&["resize-window", "-x", &columns, "-y", &rows])).ok();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.socket]).args(args);
        command
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _: Output = run(&mut self.command(&["kill-server"]));
    }
}
