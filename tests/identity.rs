//! Who is calling: people who log in, workloads that bring a token, and those who are neither.

use std::path::Path;
use std::process::Command;

use crate::harness::process::{Output, run};
use crate::harness::provider::Provider;
use crate::harness::{
    Cluster, Gateway, LocalPort, Namespace, Settings, User, eventually, http, tokens,
};

const ALLOW_ALL: &str = "apiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {name: all}\n\
                         spec: {match: {callers: ['*']}, effect: allow}\n";

/// Somebody without a token in the environment.
fn stranger(gateway: &Gateway) -> User {
    User::with_token(gateway, String::new())
}

/// Logs in as a person does, and returns what the client said.
fn log_in(user: &User, provider: &Provider, name: &str) -> String {
    let mut login = user.start(&["login", "--insecure-storage"]);
    let address =
        login.wait_for("the address", |line| Some(line.strip_prefix("Open ")?.to_owned()));
    provider.confirm(&address, name);
    assert_eq!(login.exit_code(), 0, "{}", login.said());
    login.said()
}

/// `kguard ARGS` with other variables.
fn with(user: &User, variables: &[(&str, &str)], args: &[&str]) -> Output {
    run(user.command("1.34", args).envs(variables.iter().copied()))
}

/// The name that the gateway knows a caller by.
#[track_caller]
fn name(whoami: Output) -> String {
    let who: serde_json::Value = serde_json::from_str(&whoami.ok()).unwrap();
    who["caller"]["name"].as_str().unwrap().to_owned()
}

const WHOAMI: [&str; 3] = ["whoami", "-o", "json"];

/// All files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => files(&path),
            path => vec![path],
        })
        .collect()
}

#[test]
fn a_person_logs_in_works_and_logs_out() {
    use std::os::unix::fs::PermissionsExt as _;
    let gateway = Gateway::start();
    let alice = stranger(&gateway);
    let namespace = Namespace::create("login");
    namespace.allow(&[("user", "oidc:alice")]);

    let refused = alice.kubectl(&["get", "pods"]);
    assert_eq!(refused.code, 66, "{refused:?}");
    assert!(refused.stderr.contains("you are not logged in"), "{refused:?}");
    assert!(refused.stderr.contains("hint: run `kguard login`"), "{refused:?}");
    assert_eq!(refused.stdout, "");

    let said = log_in(&alice, Provider::get(), "alice");
    assert!(said.contains("logged in to") && said.contains("as oidc:alice"), "{said}");
    assert_eq!(name(alice.kguard(&WHOAMI)), "oidc:alice");
    assert!(alice.kguard(&["whoami"]).ok().contains("oidc:dev"));
    let clusters = alice.kguard(&["clusters"]).ok();
    assert!(clusters.contains("test") && clusters.contains('*'), "{clusters}");
    alice.kguard(&["use", "test"]).ok();
    assert_eq!(alice.kguard(&["use", "nope"]).code, 64);
    let made = alice.kubectl(&["-n", &namespace.name, "create", "configmap", "hers", "-o", "name"]);
    assert_eq!(made.ok(), "configmap/hers\n");

    let secrets: Vec<_> = files(alice.home())
        .into_iter()
        .filter(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            name.contains("token") || name.contains("local-ca")
        })
        .collect();
    assert!(secrets.len() >= 3, "{secrets:?}");
    for file in secrets {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }

    alice.kguard(&["logout"]).ok();
    assert_eq!(alice.kguard(&WHOAMI).code, 66);
    assert_eq!(alice.kubectl(&["get", "pods"]).code, 66);
    let left = files(alice.home());
    assert!(!left.iter().any(|file| file.to_string_lossy().contains("token")), "{left:?}");
}

#[test]
fn a_login_that_is_denied_leaves_nothing() {
    let gateway = Gateway::start();
    let alice = stranger(&gateway);
    let mut login = alice.start(&["login", "--insecure-storage"]);
    let address =
        login.wait_for("the address", |line| Some(line.strip_prefix("Open ")?.to_owned()));
    Provider::get().deny(&address, "alice");
    assert_eq!(login.exit_code(), 66, "{}", login.said());
    assert!(login.said().contains("the login was denied"), "{}", login.said());
    assert_eq!(alice.kguard(&WHOAMI).code, 66);
}

#[test]
fn without_a_keyring_the_way_out_is_said_before_anybody_goes_to_the_browser() {
    let gateway = Gateway::start();
    // No session bus, no display: the keyring of a server, a container, a CI job.
    let login = stranger(&gateway).kguard(&["login"]);
    assert_eq!(login.code, 66, "{login:?}");
    assert!(login.stderr.contains("the keyring does not work"), "{login:?}");
    assert!(login.stderr.contains("--insecure-storage"), "{login:?}");
    assert!(!login.stderr.contains("Open http"), "{login:?}");
}

#[test]
fn a_login_outlives_its_tokens_however_many_processes_refresh_it() {
    // Refresh tokens are good for one use: whoever used one twice would be logged out.
    let provider = Provider::start(&[("OIDC_TOKEN_TTL", "4")]);
    let gateway = Gateway::with(Settings { issuer: provider.issuer(), ..Settings::default() });
    let alice = stranger(&gateway);
    log_in(&alice, &provider, "alice");
    let id_token = || {
        let is_token = |file: &std::path::PathBuf| file.to_string_lossy().contains("id-token");
        std::fs::read_to_string(files(alice.home()).into_iter().find(is_token).unwrap()).unwrap()
    };
    for round in 0..3 {
        let before = id_token();
        eventually("another ID token", || {
            std::thread::scope(|scope| {
                let all: Vec<_> = (0..6).map(|_| scope.spawn(|| alice.kguard(&WHOAMI))).collect();
                for one in all {
                    assert_eq!(name(one.join().unwrap()), "oidc:alice", "round {round}");
                }
            });
            (id_token() != before).then_some(())
        });
    }
}

#[test]
fn a_connection_that_stays_open_ends_with_its_token_and_the_next_has_a_fresh_one() {
    let provider = Provider::start(&[("OIDC_TOKEN_TTL", "6")]);
    let gateway = Gateway::with(Settings {
        issuer: provider.issuer(),
        policies: ALLOW_ALL.to_owned(),
        ..Settings::default()
    });
    let alice = stranger(&gateway);
    log_in(&alice, &provider, "alice");
    let mut proxy = alice.start(&["-q", "proxy"]);
    let kubeconfig = proxy.wait_for("the kubeconfig", |line| Some(line.to_owned()));
    let local = LocalPort::read(&kubeconfig);
    for _ in 0..2 {
        let mut connection = local.connect(true);
        let mut asked = 0;
        eventually("the connection's end", || match connection.get("/version") {
            Some(status) => {
                asked += 1;
                assert_eq!(status, 200);
                None
            }
            None => Some(()),
        });
        assert!(asked > 1, "it was closed at once");
    }
}

#[test]
fn the_environment_comes_before_a_file_and_a_file_before_the_login() {
    let gateway = Gateway::start();
    let alice = stranger(&gateway);
    log_in(&alice, Provider::get(), "alice");
    let [bob, carol] = ["bob", "carol"].map(|name| User::person(&gateway, name).token);
    let file = alice.home().join("token");
    std::fs::write(&file, &carol).unwrap();
    let file = file.to_str().unwrap();
    for (variables, expected) in [
        (&[][..], "oidc:alice"),
        (&[("KGUARD_TOKEN_FILE", file)], "oidc:carol"),
        (&[("KGUARD_TOKEN", bob.as_str())], "oidc:bob"),
        (&[("KGUARD_TOKEN_FILE", file), ("KGUARD_TOKEN", &bob)], "oidc:bob"),
    ] {
        assert_eq!(name(with(&alice, variables, &WHOAMI)), expected);
    }
}

#[test]
fn a_workload_needs_no_login_wherever_its_token_is() {
    let gateway = Gateway::start();
    let namespace = Namespace::create("workload");
    let token = User::workload(&gateway, &namespace, "robot").token;
    let expected = format!("system:serviceaccount:{}:robot", namespace.name);
    namespace.allow(&[("user", &expected)]);
    let job = stranger(&gateway);
    let file = job.home().join("mounted");
    std::fs::write(&file, &token).unwrap();
    let file = file.to_str().unwrap();
    for variables in [
        // Given by hand; GitLab's; a file; the chart's mount; a pod's own token.
        ("KGUARD_TOKEN", token.as_str()),
        ("KGUARD_ID_TOKEN", &token),
        ("KGUARD_TOKEN_FILE", file),
        ("KGUARD_MOUNTED_TOKEN", file),
        ("KGUARD_SERVICE_ACCOUNT_TOKEN", file),
    ] {
        assert_eq!(name(with(&job, &[variables], &WHOAMI)), expected, "{}", variables.0);
        let args = ["kubectl", "-n", &namespace.name, "get", "configmaps", "-o", "name"];
        let listed = with(&job, &[variables], &args).ok();
        assert!(listed.contains("configmap/kube-root-ca.crt"), "{listed}");
    }
}

#[test]
fn a_token_that_is_not_accepted_says_why_and_what_to_do() {
    let key = tokens::SigningKey::make();
    let provider = Provider::start(&[("OIDC_SIGNING_KEY", key.file())]);
    let gateway = Gateway::with(Settings { issuer: provider.issuer(), ..Settings::default() });
    let namespace = Namespace::create("tokens");
    namespace.admin(&["create", "serviceaccount", "robot"]).ok();
    let of_cluster = |args: &[&str]| {
        let token = namespace.admin(&[&["create", "token", "robot"], args].concat());
        token.ok().trim().to_owned()
    };
    let claims = |issuer: &str, audience: &str, left: i64| key.token(issuer, audience, left);
    let issuer = &provider.issuer;
    let forged = tokens::SigningKey::make().token(issuer, "kguard", 300);
    assert_eq!(
        name(with(
            &stranger(&gateway),
            &[("KGUARD_TOKEN", &claims(issuer, "kguard", 300))],
            &WHOAMI
        )),
        "oidc:alice"
    );
    for (token, why) in [
        (claims(issuer, "kguard", -300), "run `kguard login`"),
        (claims(issuer, "other", 300), "another audience: ask for one for `kguard`"),
        (claims("https://127.0.0.1:1", "kguard", 300), "issuer is not one that this gateway"),
        (forged, "signature is not one of"),
        (of_cluster(&["--audience", "other"]), "another audience: ask for one for `kguard`"),
        // What a pod has without asking for a token of our audience.
        (of_cluster(&[]), "another audience: ask for one for `kguard`"),
        ("garbage".to_owned(), "is not a signed JSON Web Token"),
    ] {
        let user = User::with_token(&gateway, token);
        for refused in [user.kguard(&WHOAMI), user.kubectl(&["get", "pods"])] {
            assert_eq!(refused.code, 66, "{why}: {refused:?}");
            assert!(refused.stderr.contains(why), "{why}: {refused:?}");
            assert!(!refused.stderr.contains(&user.token) || user.token == "garbage");
        }
        let plain = http::send(&gateway, &user, "GET /api/v1/namespaces/default/pods", "");
        assert_eq!(plain.status, 401, "{plain:?}");
        assert!(plain.message().contains(why), "{plain:?}");
        assert!(plain.head.to_lowercase().contains("www-authenticate: bearer"), "{plain:?}");
        let printed = user.plain_kubectl(&["get", "pods"]);
        assert_eq!(printed.code, 1, "{printed:?}");
    }
    let nobody =
        http::raw(&gateway.url, &gateway.ca, "GET /clusters/test/version HTTP/1.1\r\n", "");
    assert_eq!(nobody.status, 401);
    assert!(nobody.message().contains("no bearer token"), "{nobody:?}");
}

#[test]
fn the_clusters_rbac_applies_to_the_caller_and_not_to_the_gateway() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let namespace = Namespace::create("rbac");
    let user = format!("system:serviceaccount:{}:able", namespace.name);
    namespace.allow(&[("user", &user)]);
    let [able, unable] = ["able", "unable"].map(|name| User::workload(&gateway, &namespace, name));
    let list = ["-n", &namespace.name, "get", "configmaps", "-o", "name"];
    able.kubectl(&list).ok();
    let refused = unable.kubectl(&list);
    assert_eq!(refused.code, 1, "{refused:?}");
    let words = "Error from server (Forbidden): configmaps is forbidden: User \"system:serviceacc";
    assert!(refused.stderr.starts_with(words), "{refused:?}");

    let alice = User::person(&gateway, "alice");
    let who = alice.kubectl(&["auth", "whoami", "-o", "json"]).ok();
    let who: serde_json::Value = serde_json::from_str(&who).unwrap();
    let who = &who["status"]["userInfo"];
    assert_eq!(who["username"], "oidc:alice");
    let groups = who["groups"].as_array().unwrap();
    assert!(groups.contains(&"oidc:dev".into()), "{groups:?}");
    assert!(!groups.iter().any(|group| group == "system:masters"), "{groups:?}");
}

/// `--as` needs a policy and the cluster, and both identities are in the trail.
#[test]
fn who_acts_as_somebody_else_needs_a_policy_and_the_cluster() {
    let deny = |names: &str| {
        format!(
            "{ALLOW_ALL}---\napiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: no-as}}\n\
             spec: {{match: {{verbs: [impersonate], names: ['{names}']}}, effect: deny}}\n"
        )
    };
    let gateway = Gateway::with_policies(&deny("root*"));
    let namespace = Namespace::create("as");
    let n = namespace.name.as_str();
    let account = |name: &str| format!("{n}:{name}");
    namespace.allow(&[("serviceaccount", &account("may")), ("user", "oidc:bob")]);
    let (role, binding) = (format!("{n}-as"), format!("{n}-as"));
    let rule = ["--verb=impersonate", "--resource=users,groups,serviceaccounts"];
    namespace.admin(&[&["create", "clusterrole", &role], &rule[..]].concat()).ok();
    let bind = ["create", "clusterrolebinding", &binding, "--clusterrole", &role];
    let may = format!("--serviceaccount={}", account("may"));
    namespace.admin(&[&bind[..], &[&may]].concat()).ok();
    let may = User::workload(&gateway, &namespace, "may");
    let may_not = User::workload(&gateway, &namespace, "may-not");

    let whoami = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
    let acting = |user: &User, who: &str| user.kubectl(&[&whoami[..], &[who]].concat());
    assert_eq!(acting(&may, "--as=carol").ok(), "carol");
    let default = format!("system:serviceaccount:{n}:default");
    assert_eq!(acting(&may, &format!("--as={default}")).ok(), default);
    for (user, who, refusal) in
        [(&may_not, "--as=carol", "`impersonate`"), (&may, "--as=root", "no-as")]
    {
        let refused = user.kubectl(&["-n", n, "get", "configmaps", who]);
        assert!(refused.code != 0 && refused.stderr.contains(refusal), "{who}: {refused:?}");
    }
    // What the one may do does not help the other.
    let create = ["-n", n, "create", "configmap", "as", "--as=carol"];
    let refused = may.kubectl(&create);
    assert!(refused.stderr.contains("User \"carol\" cannot create"), "{refused:?}");
    may.kubectl(&["-n", n, "create", "configmap", "as", "--as=oidc:bob"]).ok();
    namespace.admin(&["delete", "clusterrolebinding", &binding]).ok();
    namespace.admin(&["delete", "clusterrole", &role]).ok();

    let trail = may.kguard(&["audit", "list", "-o", "json"]).ok();
    assert!(trail.contains(r#""impersonated":{"user":"oidc:bob"}"#), "{trail}");
    assert!(trail.contains(&account("may")), "{trail}");
}

#[test]
fn who_takes_a_wrong_address_or_token_is_told_which() {
    let gateway = Gateway::start();
    let cluster = Cluster::get();
    let ca = cluster.ca.to_str().unwrap();
    let login = ["login", "--insecure-storage", "--gateway", &cluster.server, "--ca", ca];
    let user = stranger(&gateway);
    // The variable for the gateway's CA comes before the option.
    let refused = run(user.command("1.34", &login).env_remove("KGUARD_CA_FILE"));
    assert_eq!(refused.code, 69, "{refused:?}");
    assert!(refused.stderr.contains("is no kguard-gateway"), "{refused:?}");
    assert!(refused.stderr.contains("and not of an API server"), "{refused:?}");
    let nowhere = user.kguard(&["clusters"]);
    assert!(nowhere.code == 66 && nowhere.stderr.contains(&gateway.url), "{nowhere:?}");

    let unknown = User::with_token(&gateway, "nonsense".to_owned());
    for args in [&["kubectl", "get", "pods"][..], &["whoami"]] {
        let refused = unknown.kguard(args);
        assert_eq!(refused.code, 66, "{refused:?}");
        assert!(refused.stderr.contains("does not take your token: "), "{refused:?}");
        assert!(refused.stderr.contains("`kguard doctor` tells where"), "{refused:?}");
    }

    let alice = User::person(&gateway, "alice");
    let well = alice.kguard(&["doctor", "--cluster", "test"]);
    assert!(well.code == 0 && well.stderr.contains("ok      cluster: test is chosen"), "{well:?}");
    let ill = alice.kguard(&["doctor", "--cluster", "nope"]);
    assert!(ill.code == 64 && ill.stderr.contains("no cluster `nope`"), "{ill:?}");
}

#[test]
fn nobody_becomes_somebody_else_by_the_way() {
    let gateway = Gateway::with_policies(ALLOW_ALL);
    let namespace = Namespace::create("as");
    let account = format!("{}:robot", namespace.name);
    namespace.allow(&[("serviceaccount", &account)]);
    let robot = User::workload(&gateway, &namespace, "robot");
    let create = ["-n", &namespace.name, "create", "configmap", "as", "--as=admin"];
    for refused in [robot.kubectl(&create), robot.plain_kubectl(&create)] {
        assert_ne!(refused.code, 0, "{refused:?}");
        assert!(refused.stderr.contains("may not act as user \"admin\""), "{refused:?}");
    }
    assert_ne!(namespace.admin(&["get", "configmap", "as"]).code, 0, "it ran as the caller");
    let target = format!("/api/v1/namespaces/{}/configmaps", namespace.name);
    for (headers, status) in [
        ("Impersonate-User: x", 403),
        ("Impersonate-User: oidc:robot", 403),
        ("impersonate-group: system:masters", 400),
        ("Impersonate-User: x\nImpersonate-Extra-Scopes: x", 400),
        ("Impersonate-User: x\nImpersonate-User: y", 400),
        ("Impersonate-User: ", 400),
    ] {
        let answer = http::send(&gateway, &robot, &format!("GET {target}\n{headers}"), "");
        assert_eq!(answer.status, status, "{headers}: {answer:?}");
    }
    // Other ways to say who one is have no effect.
    let nobody = User::workload(&gateway, &namespace, "nobody");
    for header in ["X-Remote-User: admin", "X-Remote-Group: system:masters"] {
        let answer = http::send(&gateway, &nobody, &format!("GET {target}\n{header}"), "");
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.message().contains(":nobody"), "{answer:?}");
    }
    let own = robot.kguard(&["audit", "list", "-o", "json"]).ok();
    assert!(own.contains(r#""impersonated":{"user":"admin"}"#), "the attempts are in it: {own}");
}

/// `can-i` is yes if both the cluster and the policies say so.
#[test]
fn can_i_knows_the_policies_too() {
    let policy = |name: &str, spec: &str| {
        format!(
            "---\napiVersion: kguard.dev/v1alpha1\nkind: Policy\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        )
    };
    let gateway = Gateway::with_policies(&format!(
        "{ALLOW_ALL}{}{}{}{}",
        policy("no-exec", "{match: {capabilities: [run-code]}, effect: deny, message: No code.}"),
        policy("no-logs", "{match: {resources: [pods/log]}, effect: deny}"),
        policy(
            "ask",
            "{match: {verbs: [delete], resources: [secrets]}, effect: hold, hold: {approvers: ['*']}}"
        ),
        policy("sized", "{match: {resources: [services]}, when: object.spec.x == 1, effect: deny}"),
    ));
    let namespace = Namespace::create("can-i");
    let n = namespace.name.as_str();
    let account = format!("{n}:robot");
    namespace.allow(&[("serviceaccount", &account)]);
    let robot = User::workload(&gateway, &namespace, "robot");
    let can = |args: &[&str]| {
        let asked = robot.kubectl(&[&["-n", n, "auth", "can-i"], args].concat());
        asked.stdout.trim().to_owned()
    };
    for (args, answer) in [
        (&["get", "pods"][..], "yes"),
        (&["create", "pods", "--subresource=exec"], "no - kguard: No code."),
        (&["create", "pods"], "no - kguard: No code."),
        (&["patch", "deployments.apps"], "yes"),
        (
            &["get", "pods", "--subresource=log"],
            "no - kguard: policy `no-logs` denies to get pods/log",
        ),
        (&["delete", "secrets"], "yes"),
        (&["update", "services"], "yes"),
        (&["-n", "default", "get", "configmaps"], "no"),
        (&["*", "pods"], "no - kguard: No code."),
        (&["bind", "roles.rbac.authorization.k8s.io"], "yes"),
        (&["get", "/version"], "yes"),
    ] {
        let said = can(args);
        assert!(
            said.starts_with(answer) && (answer != "no" || !said.contains("kguard")),
            "{args:?}: {said}"
        );
    }
    let list = can(&["--list"]);
    let line = |resource: &str| {
        let of = |line: &&str| line.split_whitespace().next() == Some(resource);
        list.lines().find(of).map(str::to_owned).unwrap_or_default()
    };
    assert!(line("pods/log").is_empty() && line("pods/exec").is_empty(), "{list}");
    let pods = line("pods");
    assert!(pods.contains("get") && !pods.contains("create"), "{pods}");
    assert!(line("configmaps").contains("create"), "{list}");
    assert!(!list.contains("*.*"), "a rule on everything would promise too much: {list}");

    // Where policies take nothing away, the cluster's own words stay.
    gateway.set_policies(ALLOW_ALL);
    assert!(can(&["--list"]).contains("*.*"));
}

#[test]
fn who_logged_in_goes_on_while_the_provider_is_down() {
    let provider = Provider::start(&[("OIDC_TOKEN_TTL", "3600")]);
    let gateway = Gateway::with(Settings { issuer: provider.issuer(), ..Settings::default() });
    let alice = stranger(&gateway);
    log_in(&alice, &provider, "alice");
    assert_eq!(name(alice.kguard(&WHOAMI)), "oidc:alice");
    let token = http::device_flow(&provider, "bob");
    drop(provider);
    assert_eq!(name(alice.kguard(&WHOAMI)), "oidc:alice");
    // The keys are known, so even a token that the gateway has not seen yet is verified.
    assert_eq!(name(User::with_token(&gateway, token).kguard(&WHOAMI)), "oidc:bob");
    let late = stranger(&gateway).kguard(&["login", "--insecure-storage"]);
    assert_eq!(late.code, 66, "{late:?}");
    assert!(late.stderr.contains("127.0.0.1"), "it names the provider: {late:?}");
}

#[test]
fn the_clusters_own_audit_log_names_the_person() {
    let gateway = Gateway::start();
    let namespace = Namespace::create("named");
    namespace.allow(&[("user", "oidc:alice")]);
    let alice = User::person(&gateway, "alice");
    alice.kubectl(&["-n", &namespace.name, "create", "configmap", "named"]).ok();
    let log = &Cluster::get().audit_log;
    let needle = format!("/api/v1/namespaces/{}/configmaps?", namespace.name);
    let line = eventually("the API server's audit log", || {
        let found = run(Command::new("grep").args(["-F", &needle]).arg(log));
        let line = found.stdout.lines().find(|line| line.contains("\"verb\":\"create\""))?;
        serde_json::from_str::<serde_json::Value>(line).ok()
    });
    assert_eq!(line["impersonatedUser"]["username"], "oidc:alice");
    assert_ne!(line["user"]["username"], "oidc:alice", "the gateway's own name");
}
