//! What programs print in colours and in letters of several bytes, with and without a terminal: values
//! are hidden, and what is around them arrives byte by byte.

use std::process::Command;

use super::*;
use crate::harness::Running;
use crate::harness::terminal::at_a_terminal;

/// Values between colours and between letters of several bytes; then a colour and a letter that come
/// in two pieces.
const SCRIPT: &str = r#"
printf '\033[1;31mred \033[0m%s\033[1;34m é☃𝄞%s𝄞☃é \033[38;5;12m%s☃%s\033[m' "$WORD" "$PHRASE" "$WORD" "$WORD"
printf ' \033['; sleep 0.2; printf '32mgreen '
printf '\342\230'; sleep 0.2; printf '\203 end\n'
"#;

/// What of that is shown.
const SHOWN: &str = "\x1b[1;31mred \x1b[0m[masked:db/word]\x1b[1;34m é☃𝄞[masked:db/phrase]𝄞☃é \
                     \x1b[38;5;12m[masked:db/word]☃[masked:db/word]\x1b[m \x1b[32mgreen ☃ end";

/// The values, and what would be left of them if they were found in pieces.
const HIDDEN: [&str; 5] = ["hunter2", "ter2", "schlüssel☃wort", "schlüssel", "wort"];

impl Desk {
    /// Runs a pod that says it all for each line that it reads, and waits until it does.
    fn speaker(&self, name: &str, terminal: bool) {
        let script = SCRIPT.replace('\n', "\n      ");
        self.namespace.apply(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{word: hunter2, \
             phrase: schlüssel☃wort}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n\
             spec:\n  terminationGracePeriodSeconds: 0\n  containers:\n  - name: c\n    \
             image: kguard.test/busybox:1\n    imagePullPolicy: Never\n    stdin: true\n    \
             tty: {terminal}\n    command:\n    - sh\n    - -c\n    - |\n      while read line; do\n      \
             {script}\n      done\n    env:\n    - {{name: WORD, valueFrom: \
             {{secretKeyRef: {{name: db, key: word}}}}}}\n    - {{name: PHRASE, valueFrom: \
             {{secretKeyRef: {{name: db, key: phrase}}}}}}\n"
        ));
        let ready = ["wait", "--for=condition=Ready", "--timeout=60s", &format!("pod/{name}")];
        self.namespace.admin(&ready).ok();
    }

    /// `kguard kubectl` in the namespace.
    fn command(&self, version: &str, args: &[&str]) -> Command {
        self.user.command(version, &[&["kubectl", "-n", &self.namespace.name], args].concat())
    }

    /// What a recording says was printed.
    fn printed(&self, id: &Value) -> String {
        let file = format!("state/recordings/{}.cast", id.as_str().unwrap());
        let text = std::fs::read_to_string(self.gateway.folder.join(file)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let output = lines.filter(|line| line[1] == "o");
        output.map(|line| line[2].as_str().unwrap().to_owned()).collect()
    }

    /// That a stream that has ended hid as much as it had to, and that its recording shows what its
    /// user saw.
    #[track_caller]
    fn assert_recorded(&self, subresource: &str, what: &str) {
        let end = self.last_end(subresource);
        assert!(end["masked"]["text"].as_u64() >= Some(4), "{what}: {end}");
        let printed = self.printed(&end["id"]);
        assert!(printed.contains(SHOWN), "{what}: {printed:?}");
        assert_hidden(&printed, what);
    }
}

#[track_caller]
fn assert_hidden(said: &str, what: &str) {
    for value in HIDDEN {
        assert!(!said.contains(value), "{what}: {value} is in {said:?}");
    }
    assert!(!said.contains(char::REPLACEMENT_CHARACTER), "{what}: {said:?}");
}

/// Has it said, waits until a whole line is just as it is to be, then ends whoever listens.
fn listen(mut listener: Running, what: &str) -> String {
    listener.say("go\n");
    listener.wait_for(what, |line| (line == SHOWN).then_some(()));
    let said = listener.said();
    drop(listener);
    said
}

#[test]
fn without_a_terminal_exec_and_attach_hide_values_among_colours_and_long_letters() {
    let desk = Desk::new("colours");
    desk.speaker("speaker", false);
    for version in ["1.27", "1.34"] {
        let args = ["exec", "speaker", "--", "sh", "-c", SCRIPT];
        let said = run(&mut desk.command(version, &args));
        assert_eq!((said.stdout, said.code), (format!("{SHOWN}\n"), 0), "{version}");
        desk.assert_recorded("exec", version);
        let attach = desk.command(version, &["attach", "-i", "speaker"]);
        let said = listen(Running::start(&mut { attach }), &format!("the line ({version})"));
        assert_hidden(&said, version);
        desk.assert_recorded("attach", version);
    }
}

#[test]
fn at_a_terminal_exec_and_attach_hide_values_among_colours_and_long_letters() {
    let desk = Desk::new("terminal");
    desk.speaker("speaker", true);
    for version in ["1.27", "1.34"] {
        let exec = desk.command(version, &["exec", "-it", "speaker", "--", "sh", "-c", SCRIPT]);
        let mut exec = Running::start(&mut at_a_terminal(&exec, (24, 80)));
        exec.wait_for("the line", |line| (line == SHOWN).then_some(()));
        assert_eq!((exec.exit_code(), exec.said().as_str()), (0, SHOWN), "{version}");
        desk.assert_recorded("exec", version);
        let attach = desk.command(version, &["attach", "-it", "speaker"]);
        let attach = Running::start(&mut at_a_terminal(&attach, (24, 80)));
        let said = listen(attach, &format!("the line ({version})"));
        assert_hidden(&said, version);
        desk.assert_recorded("attach", version);
    }
}
