//! The web page in a real Chromium: people log in at the real provider and decide on what a real kubectl
//! asks for. What a person does there is in `tests/browser`; pictures are kept beside the packages in the
//! cache, for people to look at.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::harness::gateway::free_address;
use crate::harness::process::run;
use crate::harness::{Gateway, Namespace, Running, Settings, User};

/// A gateway with a page, and alice, who asks.
struct Scene {
    gateway: Gateway,
    alice: User,
}

impl Scene {
    fn set() -> Self {
        let listen = free_address();
        let extra = format!("externalUrl: https://{listen}");
        let gateway = Gateway::with(Settings { listen, extra, ..Settings::default() });
        let alice = User::person(&gateway, "alice");
        Self { gateway, alice }
    }

    /// Bob at the page, doing what a script says.
    fn browse(&self, script: &str, settings: &[(&str, &str)]) -> Browser {
        install();
        let mut command = Command::new("bash");
        command.arg(browser()).arg(script).env("PAGE", &self.gateway.url).env("SHOTS", pictures());
        Browser(Running::start(command.envs(settings.iter().copied())))
    }
}

/// Chromium with somebody before it.
struct Browser(Running);

impl Browser {
    /// Waits until the page is open.
    fn ready(&mut self) {
        // The script gives up by itself, later than anybody here would.
        while !self.0.said().lines().any(|line| line == "ready") {
            assert!(self.0.is_running(), "{}", self.0.said());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    #[track_caller]
    #[expect(clippy::print_stdout, reason = "people want to know where the pictures are")]
    fn ends_well(&mut self) {
        let code = self.0.exit_code();
        println!("{}", self.0.said());
        assert_eq!(code, 0, "{}", self.0.said());
    }
}

fn browser() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/build.sh")
}

/// Installs what is missing, before anybody waits for a page.
fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        run(Command::new("bash").arg(browser())).ok();
    });
}

fn pictures() -> PathBuf {
    let cache = std::env::var_os("KGUARD_CACHE").map(PathBuf::from);
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    let user = || std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    cache.unwrap_or_else(|| user().join("kguard")).join("browser/pictures")
}

#[test]
fn a_held_delete_appears_at_the_page_and_runs_once_it_is_approved_there() {
    let scene = Scene::set();
    let doomed = Namespace::create("page-approve");
    doomed.admin(&["create", "configmap", "treasure"]).ok();
    let settings = [("NAMESPACE", doomed.name.as_str()), ("EFFECT", "ConfigMap")];
    let mut bob = scene.browse("approve.mjs", &settings);
    bob.ready();
    let mut delete =
        scene.alice.start(&["--reason", "it is old", "kubectl", "delete", "ns", &doomed.name]);
    bob.ends_well();
    assert_eq!(delete.exit_code(), 0, "{}", delete.said());
}

#[test]
fn a_hold_is_found_and_denied_with_the_keyboard_alone() {
    let scene = Scene::set();
    let kept = Namespace::create("page-deny");
    let mut bob = scene.browse("deny.mjs", &[("NAMESPACE", &kept.name)]);
    bob.ready();
    let mut delete = scene.alice.start(&["kubectl", "delete", "ns", &kept.name]);
    bob.ends_well();
    assert_eq!(delete.exit_code(), 77, "{}", delete.said());
    assert!(delete.said().contains("still in use"), "{}", delete.said());
}

#[test]
fn what_others_write_stays_text() {
    let scene = Scene::set();
    let kept = Namespace::create("page-hostile");
    let reason = "<img src=x onerror=\"window.pwned=1\"><script>window.pwned=1</script>\u{202e}txt";
    let mut bob = scene.browse("hostile.mjs", &[("NAMESPACE", &kept.name)]);
    bob.ready();
    let delete = ["--reason", reason, "kubectl", "delete", "ns", &kept.name];
    let mut command = scene.alice.command("1.34", &delete);
    let mut delete = Running::start(command.env("CI_JOB_URL", "javascript:alert(1)"));
    bob.ends_well();
    assert!(delete.is_running(), "nobody has decided: {}", delete.said());
}

#[test]
fn recordings_play_and_a_session_is_followed() {
    let scene = Scene::set();
    let namespace = Namespace::create("page-play");
    namespace.allow(&[("user", "oidc:alice")]);
    namespace.pod("main");
    let n = namespace.name.as_str();
    // In pieces and colours, as programs print.
    let script = "echo begun; sleep 2; printf 'play'; sleep 1; printf 'ed \\033[31mto its\\033[0m '; echo end";
    terminal(&scene.alice, &["-n", n, "exec", "-it", "main", "--", "sh", "-c", script]).exit_code();
    let target = scene.alice.home().join("copied");
    let copy = ["-n", n, "cp", "main:/etc/hostname", target.to_str().unwrap()];
    scene.alice.kubectl(&copy).ok();
    let endless = "while true; do echo it goes on; sleep 1; done";
    let mut live =
        terminal(&scene.alice, &["-n", n, "exec", "-it", "main", "--", "sh", "-c", endless]);
    live.wait_for("the session", |line| line.contains("it goes on").then_some(()));
    scene.browse("recording.mjs", &[("LIVE", "it goes on")]).ends_well();
    let casts = ended_recordings(&scene.gateway.folder.join("state/recordings"));
    assert_eq!(casts.len(), 2, "{casts:?}");
    let settings = [("CASTS", casts.join(":")), ("SAID", "played to its end".to_owned())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    scene.browse("asciinema.mjs", &settings).ends_well();
}

/// The recordings of what runs no more, oldest first.
fn ended_recordings(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let casts = files.filter(|path| path.extension().is_some_and(|of| of == "cast"));
    let has_ended =
        |path: &PathBuf| std::fs::read_to_string(path).unwrap().contains(r#"{\"ended\""#);
    let mut ended: Vec<_> =
        casts.filter(has_ended).map(|path| path.display().to_string()).collect();
    ended.sort();
    ended
}

#[test]
fn thousands_are_shown_in_pages() {
    let scene = Scene::set();
    let kept = Namespace::create("page-many");
    let mut bob = scene.browse("many.mjs", &[("NAMESPACE", &kept.name)]);
    bob.ready();
    let _delete = scene.alice.start(&["kubectl", "delete", "ns", &kept.name]);
    bob.ends_well();
}

/// `kguard kubectl` at a terminal.
fn terminal(user: &User, args: &[&str]) -> Running {
    let command = user.command("1.34", &[&["kubectl"], args].concat());
    let quoted =
        |arg: &std::ffi::OsStr| format!("'{}'", arg.display().to_string().replace('\'', "'\\''"));
    let words: Vec<_> = command.get_args().map(quoted).collect();
    let line = format!("{} {}", command.get_program().display(), words.join(" "));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).env_clear().env("TERM", "xterm");
    terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Running::start(&mut terminal)
}
