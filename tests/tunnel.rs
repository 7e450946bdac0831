//! The tunnel and the local port: whatever runs behind them, and what must never get through.

use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::gateway::free_address;
use crate::harness::process::{Output, run};
use crate::harness::{Cluster, Gateway, LocalPort, Namespace, Running, Settings, User, eventually};

const ALLOW_ALL: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: all}\n\
                         spec: {match: {callers: ['*']}, effect: allow}\n";

/// A folder with a `kubectl` for the PATH.
fn kubectl_folder(user: &User) -> PathBuf {
    let folder = user.home().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let link = folder.join("kubectl");
    if !link.exists() {
        symlink(Cluster::get().kubectl_path("1.34"), link).unwrap();
    }
    folder
}

/// `kguard ARGS` of somebody whose PATH begins with these folders.
fn with_path(user: &User, folders: &[&Path], args: &[&str]) -> Command {
    let mut path = String::new();
    for folder in folders {
        write!(path, "{}:", folder.display()).unwrap();
    }
    path += "/usr/bin:/bin";
    let mut command = user.command("1.34", args);
    command.env_remove("KGUARD_KUBECTL").env("PATH", path);
    command
}

/// Starts `kguard proxy`; its kubeconfig.
fn proxy(user: &User) -> (Running, String) {
    let mut proxy = user.start(&["-q", "proxy"]);
    let kubeconfig = proxy.wait_for("the kubeconfig", |line| Some(line.to_owned()));
    (proxy, kubeconfig)
}

/// A kubectl that knows nothing of kguard, with a kubeconfig.
fn kubectl(kubeconfig: &str, args: &[&str]) -> Output {
    let mut command = Command::new(Cluster::get().kubectl_path("1.34"));
    run(command.env("KUBECONFIG", kubeconfig).args(args))
}

fn is_alive(pid: &str) -> bool {
    Path::new("/proc").join(pid).join("exe").read_link().is_ok()
}

/// What sessions have left in the runtime folder.
fn sessions(user: &User) -> usize {
    let folder = user.home().join("kguard/run/sessions");
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn a_tunnel_finds_its_gateway_again() {
    let mut gateway = Gateway::with(Settings {
        listen: free_address(),
        policies: ALLOW_ALL.to_owned(),
        ..Settings::default()
    });
    let alice = User::person(&gateway, "alice");
    let (mut proxy, kubeconfig) = proxy(&alice);
    let ask = || kubectl(&kubeconfig, &["get", "--raw", "/version"]);
    ask().ok();
    for _ in 0..3 {
        gateway.kill();
        gateway.restart();
        let mut connection = LocalPort::read(&kubeconfig).connect(true);
        assert_eq!(connection.get("/version"), Some(200), "{}", proxy.said());
        ask().ok();
    }
    assert!(proxy.is_running());
}

#[test]
fn any_program_runs_behind_the_tunnel_as_itself() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let namespace = Namespace::create("run");
    namespace.allow(&[("user", "oidc:alice")]);
    let alice = User::person(&gateway, "alice");
    let bin = kubectl_folder(&alice);
    let list = format!("kubectl -n {} get configmaps -o name", namespace.name);
    let listed = run(&mut with_path(&alice, &[&bin], &["run", "--", "sh", "-c", &list]));
    assert_eq!(listed.clone().ok(), "configmap/kube-root-ca.crt\n");
    assert_eq!(listed.stderr, "", "what is the program's own is not mixed with ours");
    for (script, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
        ("kubectl get --raw /nothing-here 2>/dev/null", 1),
    ] {
        let ended = run(&mut with_path(&alice, &[&bin], &["run", "--", "sh", "-c", script]));
        assert_eq!(ended.code, code, "{script}: {ended:?}");
    }
    for (program, code) in [("/no/such/program", 127), ("/etc/passwd", 126)] {
        let ended = alice.kguard(&["run", "--", program]);
        assert_eq!(ended.code, code, "{ended:?}");
    }
    assert_eq!(sessions(&alice), 0, "each took its kubeconfig along");
}

#[test]
fn signals_reach_the_program_and_nothing_is_left_behind() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let alice = User::person(&gateway, "alice");
    for (signal, code) in [("TERM", 9), ("HUP", 8)] {
        let script = "trap 'exit 9' TERM; trap 'exit 8' HUP; echo $KUBECONFIG; \
                      while true; do sleep 0.05; done";
        // A shell cannot trap what was ignored when it began, as HUP is under nohup.
        let reset = ["run", "--", "env", "--default-signal=HUP", "sh", "-c", script];
        let mut program = alice.start(&reset);
        let kubeconfig = program.wait_for("the start", |line| Some(PathBuf::from(line)));
        assert!(kubeconfig.exists());
        program.signal(signal);
        assert_eq!(program.exit_code(), code);
        assert!(!kubeconfig.exists());
    }
    // At the earliest that it can come.
    let script = "trap 'exit 9' TERM; kill -TERM $PPID; \
                  for _ in $(seq 100); do sleep 0.05; done";
    for _ in 0..20 {
        assert_eq!(alice.kguard(&["run", "--", "sh", "-c", script]).code, 9);
    }
    for signal in ["TERM", "INT", "HUP"] {
        let (mut proxy, kubeconfig) = proxy(&alice);
        assert!(Path::new(&kubeconfig).exists());
        proxy.signal(signal);
        assert_eq!(proxy.exit_code(), 0, "{signal}: {}", proxy.said());
        assert!(!Path::new(&kubeconfig).exists(), "{signal}");
    }
    assert_eq!(sessions(&alice), 0);
}

/// Stops the proxy in the background, whatever becomes of the test.
struct Background<'a>(&'a User);

impl Drop for Background<'_> {
    fn drop(&mut self) {
        self.0.kguard(&["env", "--stop"]);
    }
}

#[test]
fn shells_share_one_proxy_in_the_background() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let alice = User::person(&gateway, "alice");
    let _background = Background(&alice);
    // Many shells that start at once are the hard case.
    let answers: Vec<String> = std::thread::scope(|scope| {
        let shells: Vec<_> = (0..4).map(|_| scope.spawn(|| alice.kguard(&["env"]).ok())).collect();
        shells.into_iter().map(|shell| shell.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(alice.kguard(&["env"]).ok(), answers[0]);
    assert_eq!(sessions(&alice), 1);

    let kubectl = Cluster::get().kubectl_path("1.34");
    let script = format!("{}; {} get --raw /version", answers[0].trim(), kubectl.display());
    let version = run(Command::new("sh").args(["-c", &script])).ok();
    assert!(version.contains("gitVersion"), "{version}");

    let state = std::fs::read_dir(alice.home().join("kguard/run")).unwrap().flatten();
    let state = state.map(|entry| entry.path()).find(|path| {
        path.file_name().unwrap().to_string_lossy().starts_with("background-")
            && path.extension().is_some_and(|extension| extension == "json")
    });
    let state = std::fs::read_to_string(state.unwrap()).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    let pid = state["pid"].to_string();
    assert!(is_alive(&pid));
    assert_eq!(alice.kguard(&["env", "--stop"]).ok(), "unset KUBECONFIG\n");
    eventually("its end", || (!is_alive(&pid)).then_some(()));
    assert_eq!(sessions(&alice), 0);
    alice.kguard(&["env", "--stop"]).ok();
}

#[test]
fn a_logout_ends_what_runs_in_the_background() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let alice = User::person(&gateway, "alice");
    let _background = Background(&alice);
    let exported = alice.kguard(&["env"]).ok();
    let kubectl = Cluster::get().kubectl_path("1.34");
    let script = format!("{}; {} get --raw /version", exported.trim(), kubectl.display());
    run(Command::new("sh").args(["-c", &script])).ok();
    alice.kguard(&["logout"]).ok();
    assert_eq!(sessions(&alice), 0);
    assert_ne!(run(Command::new("sh").args(["-c", &script])).code, 0);
}

#[test]
fn scripts_go_through_unchanged_with_the_shim_on_the_path() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let namespace = Namespace::create("shim");
    namespace.allow(&[("user", "oidc:alice")]);
    let alice = User::person(&gateway, "alice");
    let (bin, shim) = (kubectl_folder(&alice), alice.home().join("shim"));
    alice.kguard(&["shim", "install", shim.to_str().unwrap()]).ok();
    let script = format!("kubectl -n {} get configmaps -o name", namespace.name);
    let run_script = |folders: &[&Path]| {
        let kguard = with_path(&alice, folders, &[]);
        let mut shell = Command::new("/bin/sh");
        shell.env_clear().args(["-c", &script]);
        for (name, value) in kguard.get_envs() {
            value.map(|value| shell.env(name, value));
        }
        shell
    };
    assert_eq!(run(&mut run_script(&[&shim, &bin])).ok(), "configmap/kube-root-ca.crt\n");
    // A shim of another kguard, or the same folder twice, is no kubectl either.
    let other = alice.home().join("other");
    alice.kguard(&["shim", "install", other.to_str().unwrap()]).ok();
    let twice = run(&mut run_script(&[&shim, &other, &shim, &bin]));
    assert_eq!(twice.ok(), "configmap/kube-root-ca.crt\n");
    let none = run(run_script(&[]).env("PATH", &shim));
    assert_eq!(none.code, 127, "{none:?}");
    assert!(none.stderr.contains("there is no kubectl on the PATH"), "{none:?}");
    // Inside of `kguard run` it is one more session, and no loop.
    let mut nested = with_path(&alice, &[&shim, &bin], &["run", "--", "sh", "-c", &script]);
    assert_eq!(run(&mut nested).ok(), "configmap/kube-root-ca.crt\n");
}

#[test]
fn flags_that_would_leave_the_tunnel_are_refused() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let alice = User::person(&gateway, "alice");
    let admin = Cluster::get().admin.display().to_string();
    for flag in [
        vec!["--kubeconfig", &admin],
        vec!["--server", &Cluster::get().server],
        vec!["-s", &Cluster::get().server],
        vec!["--token=x"],
        vec!["--client-key=x"],
        vec!["--client-certificate=x"],
        vec!["--certificate-authority=x"],
        vec!["--insecure-skip-tls-verify"],
        vec!["--insecure-skip-tls-verify=true"],
        vec!["--tls-server-name=x"],
        vec!["--username=x"],
        vec!["--password=x"],
    ] {
        let refused = alice.kubectl(&[&["get", "pods"], &flag[..]].concat());
        assert_eq!(refused.code, 64, "{flag:?}: {refused:?}");
        let name = flag[0].split('=').next().unwrap();
        assert!(refused.stderr.contains(name), "{refused:?}");
        assert!(refused.stderr.contains("around the gateway"), "{refused:?}");
    }
}

#[test]
fn the_users_own_kubeconfig_is_neither_read_nor_written() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let alice = User::person(&gateway, "alice");
    let own = alice.home().join(".kube/config");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: theirs\n";
    std::fs::write(&own, text).unwrap();
    let kubectl = |args: &[&str]| {
        let args = [&["kubectl"], args].concat();
        run(alice.command("1.34", &args).env("KUBECONFIG", &own))
    };
    assert_eq!(kubectl(&["config", "current-context"]).ok(), "test\n");
    kubectl(&["config", "set-context", "--current", "--namespace=elsewhere"]).ok();
    kubectl(&["get", "--raw", "/version"]).ok();
    assert_eq!(std::fs::read_to_string(&own).unwrap(), text);
    let viewed = kubectl(&["config", "view"]).ok();
    assert!(!viewed.contains("elsewhere") && !viewed.contains("theirs"), "{viewed}");
    assert!(!viewed.contains(&alice.token), "no token is in it: {viewed}");
}

#[test]
fn another_user_of_the_machine_gets_nothing_from_the_local_port() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let alice = User::person(&gateway, "alice");
    let (_proxy, kubeconfig) = proxy(&alice);
    let local = LocalPort::read(&kubeconfig);
    assert_eq!(local.connect(true).get("/version"), Some(200));
    assert_eq!(local.connect(false).get("/version"), None);
    // Nor with another user's certificate, which is of another CA.
    let bob = User::person(&gateway, "bob");
    let (_bobs, theirs) = proxy_of(&bob);
    assert_eq!(local.connect_as(&theirs).get("/version"), None);
    // What would let him in is for its owner's eyes only.
    let mut path = Path::new(&kubeconfig);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    path = path.parent().unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    let text = std::fs::read_to_string(&kubeconfig).unwrap();
    assert!(!text.contains(&alice.token), "the token does not leave the client");
}

fn proxy_of(user: &User) -> (Running, LocalPort) {
    let (proxy, kubeconfig) = proxy(user);
    (proxy, LocalPort::read(&kubeconfig))
}
