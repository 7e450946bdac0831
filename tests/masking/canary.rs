//! A value that occurs nowhere else is stored in every place that masks know, and everything that
//! kubectl can do is done around it: not a piece of it may be in any byte that reached the client,
//! in the trail, in the gateway's log or in its metrics.

use uuid::Uuid;

use super::*;
use crate::harness::http;

/// How much of it may be there by chance.
const PIECE: usize = 10;

/// `$F` is a folder with what was read masked.
const COMMANDS: &[&str] = &[
    "get secrets",
    "get secrets -o yaml",
    "get secret vault -o json",
    "get secret vault -o yaml --show-managed-fields",
    "get secret vault -o wide --show-labels",
    "get secret vault -o jsonpath={.data}",
    "get secret vault -o go-template={{.data.password|base64decode}}",
    "get secret,configmap,pod,deployment -o yaml",
    "get secrets -w --request-timeout=2s -o yaml",
    "get secrets --watch-only --request-timeout=1s",
    "get events -o yaml",
    "get configmap settings -o yaml",
    "get pod talker -o yaml",
    "get deployment web -o yaml",
    "describe secret vault",
    "describe secret pull",
    "describe configmap settings",
    "describe pod talker",
    "describe deployment web",
    "diff -f $F/vault.yaml",
    "diff --server-side --force-conflicts -f $F/vault.yaml",
    "apply -f $F/vault.yaml -o yaml",
    "apply --server-side --force-conflicts -f $F/vault.yaml -o yaml",
    "apply view-last-applied secret/vault",
    "replace -f $F/vault.yaml -o yaml",
    "edit secret/vault",
    "apply -f $F/settings.yaml -o yaml",
    "label secret vault a=b -o yaml",
    "annotate secret vault a=b -o yaml",
    "patch secret vault -p {\"stringData\":{\"more\":\"x\"}} -o yaml",
    "patch secret vault -p {\"type\":\"other\"} -o yaml",
    "patch secret vault -p {\"metadata\":{\"labels\":{\"a\":\"not:valid\"}}}",
    "patch secret vault --type=json -p [{\"op\":\"remove\",\"path\":\"/nothing\"}]",
    "patch secret vault --type=merge -p {\"data\":{\"a\":\"not-base64!\"}}",
    "patch configmap settings --type=merge -p {\"metadata\":{\"labels\":{\"a\":\"not:valid\"}}}",
    "create -f $F/vault.yaml",
    "create secret generic copy --from-file=$F/vault.yaml --dry-run=server -o yaml",
    "set env deployment/web A=b",
    "set env pod/talker --list",
    "rollout history deployment/web",
    "logs talker",
    "logs talker --timestamps --tail=3",
    "logs -f talker --request-timeout=2s",
    "exec talker -- sh -c env",
    "exec talker -- cat /secrets/password",
    "exec talker -- base64 /secrets/password",
    "exec talker -- sh -c cat</secrets/password>&2;exit+3",
    "cp talker:/secrets/..data/password $F/copied",
    "get --raw /api/v1/namespaces/$NS/secrets/vault",
    "get --raw /api/v1/namespaces/$NS/secrets?watch=1&timeoutSeconds=1",
    "delete secret vault --dry-run=server -o yaml",
    "delete secret pull -o name",
    "delete secret vault",
    "get secret vault",
    "delete configmap settings",
];

#[test]
fn not_a_piece_of_a_secret_gets_out_of_kubectl_1_27() {
    nothing_gets_out("1.27");
}

#[test]
fn not_a_piece_of_a_secret_gets_out_of_kubectl_1_34() {
    nothing_gets_out("1.34");
}

fn nothing_gets_out(version: &str) {
    let starter = kguard::policy::starter().text;
    let stops = |document: &&str| {
        !["deny", "hold"].iter().any(|effect| document.contains(&format!("effect: {effect}")))
    };
    let documents: Vec<_> = starter.split("\n---\n").filter(stops).collect();
    let desk = Desk::with("canary", &documents.join("\n---\n"));
    let canary = Canary::new();
    canary.store(&desk.namespace);
    for (name, what) in [("vault", "secret/vault"), ("settings", "configmap/settings")] {
        let read = desk.kubectl(&["get", what, "-o", "yaml"]).ok();
        desk.file(&format!("{name}.yaml"), &read);
    }
    for line in COMMANDS {
        for verbose in [None, Some("-v=9")] {
            let said = run_line(&desk, version, line, verbose);
            assert_ne!(said.code, 64, "{line}: {said:?}");
            canary.assert_absent(line, said.stdout.as_bytes());
            canary.assert_absent(line, said.stderr.as_bytes());
        }
    }
    let copied = std::fs::read(desk.user.home().join("copied")).unwrap_or_default();
    canary.assert_absent("what was copied", &copied);
    let gateway = &desk.gateway;
    canary.assert_absent("the log", gateway.log().as_bytes());
    let metrics = http::raw(&gateway.url, &gateway.ca, "GET /metrics HTTP/1.1\r\n", "").body;
    canary.assert_absent("the metrics", metrics.as_bytes());
    canary.assert_absent_below(&gateway.folder);
}

/// A `+` stands for a space within an argument.
fn run_line(desk: &Desk, version: &str, line: &str, verbose: Option<&str>) -> Output {
    let folder = desk.user.home().to_str().unwrap();
    let fill = |argument: &str| {
        argument.replace("$F", folder).replace("$NS", &desk.namespace.name).replace('+', " ")
    };
    let arguments: Vec<_> = line.split(' ').map(fill).collect();
    let first = ["kubectl", "-n", &desk.namespace.name].into_iter().chain(verbose);
    let all: Vec<_> = first.chain(arguments.iter().map(String::as_str)).collect();
    let mut command = desk.user.command(version, &all);
    run(command.env("EDITOR", "sed -i -e s/^type:.*/&/").stdin(std::process::Stdio::null()))
}

/// A value and its pieces, in every spelling.
struct Canary {
    value: String,
    pieces: Vec<Vec<u8>>,
}

impl Canary {
    fn new() -> Self {
        let value = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let shifted = ["", "-", "--"].map(|before| encoded(&format!("{before}{value}")));
        let texts = shifted.iter().chain([&value]);
        // The first and the last characters of base64 depend on what stands around them.
        let inner = texts.map(|text| &text.as_bytes()[4..text.len() - 4]);
        let pieces = inner.flat_map(|text| text.windows(PIECE).map(<[u8]>::to_vec)).collect();
        Self { value, pieces }
    }

    fn store(&self, namespace: &Namespace) {
        let Self { value, .. } = self;
        let docker = format!(r#"{{"auths":{{"r.test":{{"username":"u","password":"{value}"}}}}}}"#);
        namespace.apply(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: vault}}\ndata: {{password: {}}}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: pull}}\ntype: \
             kubernetes.io/dockerconfigjson\ndata: {{.dockerconfigjson: {}}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, annotations: {{url: \
             'redis://:{value}@r'}}}}\ndata: {{url: 'postgres://app:{value}@db/x'}}\n---\n\
             apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 0\n  \
             selector: {{matchLabels: {{a: web}}}}\n  template:\n    metadata: {{labels: {{a: \
             web}}}}\n    spec: {{containers: [{{name: c, image: none, env: [{{name: URL, value: \
             'amqp://u:{value}@mq'}}]}}]}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: talker}}\nspec:\n  \
             terminationGracePeriodSeconds: 0\n  containers:\n  - name: c\n    image: \
             kguard.test/busybox:1\n    imagePullPolicy: Never\n    command: [sh, -c, 'env; cat \
             /secrets/password; echo; base64 /secrets/password; echo $URL; sleep 600']\n    env:\n    \
             - {{name: PASSWORD, valueFrom: {{secretKeyRef: {{name: vault, key: password}}}}}}\n    \
             - {{name: URL, value: 'amqp://u:{value}@mq'}}\n    volumeMounts: [{{name: s, mountPath: \
             /secrets}}]\n  volumes: [{{name: s, secret: {{secretName: vault}}}}]\n",
            encoded(value),
            encoded(&docker),
        ));
        namespace.admin(&["wait", "--for=condition=Ready", "--timeout=60s", "pod/talker"]).ok();
    }

    fn assert_absent(&self, place: &str, bytes: &[u8]) {
        let found = self.pieces.iter().find(|piece| memchr::memmem::find(bytes, piece).is_some());
        assert!(found.is_none(), "{place}: {:?}", String::from_utf8_lossy(bytes));
    }

    /// In no file of the gateway's folder: its state is there, and the trail.
    fn assert_absent_below(&self, folder: &std::path::Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.assert_absent_below(&path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                self.assert_absent(&path.display().to_string(), &bytes);
            }
        }
    }
}
