//! What has to work the same with and without kguard, as lines of shell.
//!
//! A group is a story in the order in which it happens. `k` is kubectl in the side's own
//! namespace, `$NS`, and [`FILES`] lie in the working folder. A comment at the end of a line
//! restricts it: `# since 1.30` for kubectls that know the command, `# newest` where one version
//! is enough, `# not stderr` where its wording depends on timing, or is kguard's, `# not compared` where only
//! what must not be in it counts.

/// Files in the working folder.
pub(super) const FILES: &[(&str, &str)] = &[
    (
        "settings.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, labels: {tier: front}}\n\
         data: {colour: blue, shape: round}\n",
    ),
    (
        "green.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, labels: {tier: front}}\n\
         data: {colour: green, shape: round}\n",
    ),
    (
        "invalid.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\ndata: {a: b}\n",
    ),
    (
        "unknown-field.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndaata: {a: b}\n",
    ),
    ("unknown-kind.yaml", "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: x}\n"),
    ("broken.yaml", "apiVersion: v1\nkind: [ConfigMap\n"),
    ("kustomization.yaml", "resources: [settings.yaml]\nnamePrefix: k-\n"),
    ("talk.sh", TALK),
];

/// Conversations with a program, word for word, since a kubelet drops the output of one whose input is
/// over. It says `got` when it has read a word, and at a terminal `ready` before.
const TALK: &str = r#"
hears() { for try in $(seq 100); do grep -q "$1" out && return; sleep 0.1; done; }
talk() {
  mkfifo in; "$@" <in >out & exec 3>in
  echo hello >&3; hears got; echo bye >&3; exec 3>&-
  wait $!; echo "code $?"; cat out; rm in out
}
talk_at_a_terminal() {
  mkfifo in; script -qec "stty rows 33 cols 77; exec $1" /dev/null <in >out & exec 3>in
  hears ready; printf 'hello\r' >&3; hears got; printf 'bye\r' >&3
  wait $!; echo "code $?"; exec 3>&-
  tr -d '\r' <out | grep '^got'; rm in out
}
"#;

/// Pods and a deployment that the stories need.
pub(super) const SETUP: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: kguard.test/busybox:1
    command: [sh, -c, 'echo one; echo two; mkdir -p /www; echo page > /www/index.html; httpd -p 8080 -h /www; trap exit TERM; while true; do sleep 0.2; done']
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, labels: {app: api}}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - {name: main, image: 'kguard.test/pause:1'}
";

/// The stories: each a heading and its lines.
pub(super) const COMMANDS: &[(&str, &[&str])] = &[
    ("get", GET),
    ("watch", WATCH),
    ("describe, explain, and what the cluster says of itself", ABOUT),
    ("apply, edit, diff, replace, patch", CHANGE),
    ("create, run, expose", CREATE),
    ("scale and roll out", ROLL_OUT),
    ("wait", WAIT),
    ("logs", LOGS),
    ("exec, cp, attach, port-forward", STREAMS),
    ("who may do what", AUTHORISE),
    ("nodes", NODES),
    ("errors", ERRORS),
    ("delete", DELETE),
];

const GET: &[&str] = &[
    "k get pods",
    "k get pods --show-labels",
    "k get pods -o wide",
    "k get pod web -o yaml",
    "k get pod web -o json",
    "k get pod web -o json --show-managed-fields # newest",
    "k get pods -o name",
    "k get pods -o jsonpath='{.items[*].metadata.name}'",
    "k get pods -o jsonpath-as-json='{.items[*].spec.nodeName}' # newest",
    "k get pods -o custom-columns=NAME:.metadata.name,NODE:.spec.nodeName",
    r#"k get pods -o go-template='{{range .items}}{{.metadata.name}}{{"\n"}}{{end}}'"#,
    "k get pods --no-headers",
    "k get pods -l app=web",
    "k get pods -l 'app in (web),app!=api' -L app",
    "k get pods --field-selector=status.phase=Running,metadata.name=web",
    "k get configmaps,services,serviceaccounts --sort-by=.metadata.name",
    "k get pods --sort-by='{.metadata.labels.app}' -o wide # newest",
    "kubectl get pods -A -l app=web --field-selector=metadata.namespace=$NS",
    "k get deployment/api pod/web",
    "k get all",
    "k get configmaps --chunk-size=1 -o name # newest",
    "k get pod web --subresource=status -o jsonpath='{.status.phase}' # newest",
    "k get deployment api --subresource=scale -o yaml # newest",
    "k get -f settings.yaml --ignore-not-found",
    "kubectl get namespace $NS -o yaml",
    "kubectl get --raw /api/v1/namespaces/$NS/pods/web",
    "kubectl get --raw \"/api/v1/namespaces/$NS/pods?limit=1&labelSelector=app%3Dweb\" # newest",
    "kubectl get --raw /readyz",
    "kubectl get --raw /api/v1/namespaces/$NS/pods/web:8080/proxy/index.html # newest",
];

const WATCH: &[&str] = &[
    "k create configmap watched --from-literal=a=b",
    "k get configmap watched -w | { read a; echo $a; read a; echo $a; \
     k label configmap watched step=two; read a; echo $a; exec <&-; \
     k label configmap watched step=three --overwrite; }",
    "k get configmap watched -w -o name --output-watch-events | { read a; echo $a; \
     k label configmap watched step=four --overwrite; read a; echo $a; exec <&-; \
     k label configmap watched step=five --overwrite; }",
    "k get configmaps -w -l step -o json | { read a; echo $a; exec <&-; \
     k label configmap watched step=six --overwrite; } # newest",
    "k get configmap watched --watch-only -o jsonpath='{.metadata.labels.step}{\"\\n\"}' \
     --request-timeout=1s # not stderr, newest",
];

const ABOUT: &[&str] = &[
    "k describe pod web --show-events=false",
    "k describe deployment api --show-events=false",
    "k describe configmap kube-root-ca.crt",
    "kubectl describe namespace $NS",
    "k events --for pod/web | grep -o 'Pulled\\|Created\\|Started\\|pod/web' | sort -u",
    "k get events --field-selector involvedObject.name=web,reason=Started -o name | wc -l",
    "kubectl explain pods.spec.containers.resources",
    "kubectl explain deployment.spec.strategy --recursive",
    "kubectl explain pods.nonsense",
    "kubectl api-resources --api-group=apps --sort-by=name",
    "kubectl api-resources --api-group='' --namespaced=false -o wide # newest",
    "kubectl api-versions | grep -v '\\.[a-z]*\\(test\\|dev\\|example\\|com\\)/'",
    "kubectl version",
    "kubectl version -o json # newest",
    "kubectl cluster-info",
    "k top pods",
    "kubectl top nodes",
];

const CHANGE: &[&str] = &[
    "k apply -f settings.yaml",
    "k apply -f settings.yaml",
    "k get configmap settings -o yaml",
    "k diff -f settings.yaml",
    "k diff -f green.yaml | grep '^[-+]  '",
    "k apply -f green.yaml -o yaml",
    "k apply view-last-applied configmap/settings",
    "k apply -f settings.yaml --dry-run=server -o jsonpath='{.data}'",
    "cat settings.yaml | k apply -f -",
    "k apply --server-side -f settings.yaml",
    "k apply --server-side --field-manager=other -f green.yaml",
    "k apply --server-side --field-manager=other --force-conflicts -f green.yaml",
    "k diff --server-side --force-conflicts -f settings.yaml | grep '^[-+]  ' # newest",
    "k apply -k . # newest",
    "EDITOR='sed -i s/green/yellow/' k edit configmap settings",
    "EDITOR=true k edit configmap settings",
    "k get configmap settings -o yaml | sed s/yellow/red/ | k replace -f -",
    "k replace --force -f settings.yaml",
    "k label configmap settings tier=back --overwrite",
    "k label configmap settings tier=front",
    "k label configmap settings --list",
    "k annotate configmap settings note='a b' -o jsonpath='{.metadata.annotations.note}'",
    "k annotate configmap settings note-",
    "k patch configmap settings --type=merge -p '{\"data\":{\"colour\":\"black\"}}'",
    "k patch configmap settings --type=json \
     -p '[{\"op\":\"replace\",\"path\":\"/data/shape\",\"value\":\"flat\"}]' -o yaml",
    "k patch deployment api -p '{\"metadata\":{\"labels\":{\"patched\":\"yes\"}}}'",
    "k patch configmap settings --type=json -p '[{\"op\":\"remove\",\"path\":\"/data/none\"}]'",
    "k patch deployment api --subresource=scale --type=merge -p '{\"spec\":{\"replicas\":1}}' \
     # newest",
    "k set env deployment/api --list # newest",
    "k set resources deployment/api --limits=memory=64Mi --dry-run=server -o name # newest",
];

const CREATE: &[&str] = &[
    "k create -f settings.yaml",
    "k create configmap made --from-literal=a=b --from-file=settings.yaml",
    "k create serviceaccount robot",
    "k create role reader --verb=get,list --resource=pods",
    "k create rolebinding reads --role=reader --serviceaccount=$NS:robot",
    "k create quota limits --hard=pods=50 # newest",
    "k create poddisruptionbudget steady --selector=app=none --min-available=1 # newest",
    "k create ingress entry --rule=example.test/=web:80 # newest",
    "k create cronjob cron --image=kguard.test/busybox:1 --schedule='0 0 1 1 *' -- true # newest",
    "k create job job --from=cronjob/cron --dry-run=client -o name # newest",
    "k create deployment later --image=kguard.test/pause:1 --dry-run=server -o yaml",
    "k create deployment never --image=kguard.test/pause:1 --dry-run=client -o yaml # newest",
    "k create token robot --audience=kguard.test | wc -l",
    "k autoscale deployment api --min=1 --max=2 --dry-run=server # newest",
    "k expose pod web --port=80 --target-port=8080 --name=front",
    "k get service front -o yaml",
    "k run once --image=kguard.test/busybox:1 --restart=Never -- sh -c 'echo out; exit 3'",
    // What waits for its input outlives the moment until kubectl has attached; of what has ended
    // before, kubectl shows nothing, or its log, as it happens.
    "echo hello | k run run --image=kguard.test/busybox:1 --restart=Never --rm -i --quiet -- cat \
     # not stderr, newest",
];

const ROLL_OUT: &[&str] = &[
    "k scale deployment api --replicas=2",
    "k scale deployment api --replicas=1 --current-replicas=2",
    "k scale deployment api --replicas=1 --current-replicas=7",
    "k rollout status deployment/api --timeout=50s | tail -n 1",
    "k rollout history deployment/api",
    "k set image deployment/api main=kguard.test/busybox:1",
    "k rollout history deployment/api --revision=2",
    "k rollout undo deployment/api",
    "k rollout status deployment/api --timeout=50s | tail -n 1",
    "k rollout restart deployment/api",
    "k rollout pause deployment/api",
    "k rollout resume deployment/api",
    "k rollout history deployment/nothing",
];

const WAIT: &[&str] = &[
    "k wait --for=condition=Ready pod/web --timeout=50s",
    "k wait --for=jsonpath='{.status.phase}'=Failed pod/once --timeout=50s",
    "k wait --for=condition=Ready pod -l app=web --timeout=50s",
    "k wait --for=condition=Nonsense pod/web --timeout=1s",
    "k wait --for=condition=Ready pod/nothing --timeout=1s",
];

const LOGS: &[&str] = &[
    "k logs web",
    "k logs web --tail=1",
    "k logs web -c main --timestamps --prefix # newest",
    "k logs -l app=web --tail=-1",
    "k logs once -f",
    "k logs once --previous",
    "k logs web -c nothing",
    "k logs nothing",
];

const STREAMS: &[&str] = &[
    "k exec web -- echo hello",
    "k exec web -- sh -c 'echo out; echo err >&2; exit 3'",
    "k exec web -c nothing -- true",
    "k exec web -- nonsense",
    "k exec nothing -- true",
    "seq 1000 | k exec -i web -- sort -rn | tail -n 1",
    "k exec deployment/nothing -- true",
    "k cp settings.yaml web:/tmp/copied && k exec web -- cat /tmp/copied",
    // What tar says inside of the pod, kubectl prints or loses, as chance has it.
    "k cp web:/tmp/copied back.yaml >/dev/null 2>&1 && cat back.yaml",
    // kubectl may end when the archive does, before it has heard how tar ended.
    "k cp web:/tmp/nothing nothing.yaml >/dev/null 2>&1; test ! -s nothing.yaml && echo none",
    // How kubectl ends is its own race, between the closed pipe and the lost connection.
    "k port-forward pod/web :8080 | { read a; echo $a; port=${a#*:}; port=${port%% *}; \
     page() { exec 3<>/dev/tcp/127.0.0.1/$port; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; \
     tail -n 1 <&3; }; page; exec <&-; page >/dev/null 2>&1; } || true",
    "k port-forward pod/nothing :80",
    "k attach nothing",
    "k exec web -- sh -c 'echo killed; kill -9 $$'",
    "k exec web -- sh -c 'kill -TERM $$'",
    "k exec web -- sh -c 'exit 255'",
    ". ./talk.sh; talk k exec -i web -- sh -c 'read a; echo got $a; read a; exit 4'",
    // What `script` says of the end of its input may come anywhere.
    "script -qec \"stty rows 33 cols 77; kubectl -n $NS exec -it web -- sh -c 'until stty size \
     2>/dev/null | grep -q 33; do sleep 0.1; done; stty size; printf \\\"\\033[31mred\\033[m é☃\\n\\\"; \
     exit 5'\" /dev/null | tr -d '^@'",
    "k delete pod talk --now --ignore-not-found >/dev/null; . ./talk.sh; \
     talk k run talk -i -q --image=kguard.test/busybox:1 --image-pull-policy=Never \
     --restart=Never -- sh -c 'read a; echo got $a; read a; exit 3'",
    "k delete pod talk --now --ignore-not-found; \
     k run talk -q --stdin=true --attach=false --image=kguard.test/busybox:1 \
     --image-pull-policy=Never --restart=Never -- sh -c 'read a; echo got $a; read a; exit 3'; \
     k wait --for=condition=Ready pod/talk; . ./talk.sh; talk k attach -q -i talk",
    "k delete pod talk --now --ignore-not-found; \
     k run talk -q --stdin=true --tty=true --attach=false --image=kguard.test/busybox:1 \
     --image-pull-policy=Never --restart=Never -- sh -c 'while ! read -t 1 a; do echo ready; \
     done; echo got $a at $(stty size); read a; exit 3'; k wait --for=condition=Ready pod/talk; \
     . ./talk.sh; talk_at_a_terminal \"kubectl -n $NS attach -q -it talk\"",
    ". ./talk.sh; talk k debug -q -i web -c talk-$RANDOM --image=kguard.test/busybox:1 \
     -- sh -c 'read a; echo got $a; read a; exit 3'",
];

const AUTHORISE: &[&str] = &[
    "kubectl auth whoami",
    "kubectl auth whoami -o json # newest",
    "k auth can-i create pods",
    "k auth can-i get pods/log",
    "kubectl auth can-i delete nodes",
    // What policies take away is left out of it.
    "k auth can-i --list | grep -q configmaps",
    "k auth reconcile -f settings.yaml # newest",
];

const NODES: &[&str] = &[
    "kubectl get nodes -o name",
    "kubectl cordon $(kubectl get nodes -o name) --dry-run=client",
    "kubectl cordon $(kubectl get nodes -o name) --dry-run=server",
    "kubectl drain $(kubectl get nodes -o name) --dry-run=server --force --ignore-daemonsets \
     --pod-selector=app=web,only=$NS",
    "kubectl taint nodes --all a=b:NoSchedule --dry-run=client",
];

const ERRORS: &[&str] = &[
    "k get pod nothing",
    "k get pods nothing1 nothing2 -o json",
    "k get nonsense",
    "k get pods -o nonsense",
    "k get pods --field-selector=metadata.nonsense=x",
    "k get pods -l 'a=b=c'",
    "kubectl get configmaps -A",
    "kubectl create namespace mine",
    "kubectl delete node nothing",
    "kubectl get --raw /api/v1/namespaces/$NS/nonsense",
    "k apply -f invalid.yaml",
    "k apply -f unknown-field.yaml",
    "k apply -f unknown-field.yaml --validate=false --dry-run=server",
    "k create -f unknown-field.yaml --validate=warn --dry-run=server",
    "k apply -f unknown-kind.yaml",
    "k apply -f broken.yaml",
    "k apply -f missing.yaml",
    "k get configmap made -o yaml > old.yaml; k label configmap made new=yes; k replace -f old.yaml",
    "k create deployment api --image=kguard.test/pause:1",
    "k patch pod web -p '{\"spec\":{\"nodeName\":\"elsewhere\"}}'",
    "k patch pod web --type=merge -p '{broken' # not stderr",
    "k nonsense",
    "k get pods --nonsense",
];

const DELETE: &[&str] = &[
    "k delete configmap made --dry-run=server",
    "k delete configmap made",
    "k delete configmap made",
    "k delete configmap made --ignore-not-found",
    "k delete configmap -l tier",
    "k delete -f settings.yaml --ignore-not-found --wait=false",
    "k delete pod once --now",
    "k wait --for=delete pod/once --timeout=50s",
    "k delete service,serviceaccount front robot --ignore-not-found",
    "k delete pod web --grace-period=0 --force",
    "k delete deployment api --cascade=foreground --timeout=50s",
    "k delete configmaps --all",
    "k get configmaps,services,pods -o name",
];
