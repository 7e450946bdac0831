//! What containers print: the values of the Secrets that their pod references do not get out.

use super::*;
use crate::harness::eventually;

/// Prints the value of a Secret in every form, the last one in two pieces, and goes on.
pub(super) const POD: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: talker}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: c
    image: kguard.test/busybox:1
    imagePullPolicy: Never
    command:
    - sh
    - -c
    - |
      echo "plain $PASSWORD end"
      echo "base64 $(printf %s "$PASSWORD" | base64) end"
      echo "shifted $(printf 'x%s' "$PASSWORD" | base64) end"
      echo "file $(cat /secrets/user) end"
      echo "found postgres://app:letmein7@db/x end"
      printf 'split %s' "$(printf %s "$PASSWORD" | cut -c1-4)"; sleep 0.2
      echo "$(printf %s "$PASSWORD" | cut -c5-) end"
      echo done
      sleep 600
    env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]
    volumeMounts: [{name: secrets, mountPath: /secrets}]
  volumes: [{name: secrets, secret: {secretName: db}}]
"#;

#[test]
fn logs_hide_the_values_of_the_pods_secrets() {
    let desk = Desk::new("logs");
    desk.talker();
    let log = eventually("the pod has talked", || {
        let log = desk.kubectl(&["logs", "talker"]).ok();
        log.contains("done").then_some(log)
    });
    assert_eq!(
        log,
        "plain [masked:db/password] end\nbase64 [masked:db/password] end\n\
         shifted e[masked:db/password] end\nfile [masked:db/user] end\n\
         found postgres://app:[masked:url-password]@db/x end\nsplit [masked:db/password] end\ndone\n"
    );
    let entry = desk.last_end("log");
    assert_eq!(entry["masked"]["text"], 6, "{entry}");
}

#[test]
fn who_may_not_know_the_values_gets_no_output() {
    let desk = Desk::new("nologs");
    desk.talker();
    let carol = User::person(&desk.gateway, "carol");
    desk.namespace
        .admin(&["create", "role", "logs", "--verb=get", "--resource=pods,pods/log"])
        .ok();
    desk.namespace
        .admin(&["create", "rolebinding", "logs", "--role=logs", "--user=oidc:carol"])
        .ok();
    let logs = ["-n", &desk.namespace.name, "logs", "talker"];
    let doctor = carol.kguard(&["doctor"]);
    assert!(doctor.stderr.contains("kguard does not read all Secrets"), "{doctor:?}");
    let refused = carol.kubectl(&logs);
    assert!(refused.stderr.contains("the Secret `db`"), "{refused:?}");
    assert!(refused.stderr.contains("let that user get pods and secrets"), "{refused:?}");
    // The gateway's own reader needs to be let, once for all callers.
    desk.namespace
        .admin(&["create", "role", "masking", "--verb=get", "--resource=pods,secrets"])
        .ok();
    let binding = ["create", "rolebinding", "masking", "--role=masking", "--user=kguard:masking"];
    desk.namespace.admin(&binding).ok();
    let log = eventually("the pod has talked", || {
        let log = carol.kubectl(&logs).ok();
        log.contains("done").then_some(log)
    });
    assert!(log.contains("plain [masked:db/password] end"), "{log}");
}

#[test]
fn what_a_secret_held_before_stays_hidden() {
    let desk = Desk::new("rotated");
    desk.talker();
    let is_hidden = |when: &str| {
        let log = eventually("the pod has talked", || {
            let log = desk.kubectl(&["logs", "talker"]).ok();
            log.contains("done").then_some(log)
        });
        assert!(log.starts_with("plain [masked:db/password] end\n"), "{when}: {log}");
        assert!(log.contains("file [masked:db/user] end\n"), "{when}: {log}");
        let printed = desk.kubectl(&["exec", "talker", "--", "sh", "-c", "echo $PASSWORD"]).ok();
        assert_eq!(printed, "[masked:db/password]\n", "{when}");
    };
    let patch = |data: &str| {
        let patch = format!(r#"{{"data":{data}}}"#);
        desk.kubectl(&["patch", "secret", "db", "--type=merge", "-p", &patch]).ok();
    };
    patch(r#"{"password":"eA=="}"#);
    is_hidden("overwritten");
    patch(r#"{"password":null}"#);
    is_hidden("without its key");
    desk.kubectl(&["delete", "secret", "db"]).ok();
    is_hidden("deleted");
    desk.namespace.admin(&["create", "secret", "generic", "db", "--from-literal=password=x"]).ok();
    let path = format!("/api/v1/namespaces/{}/secrets", desk.namespace.name);
    desk.kubectl(&["delete", "--raw", &path]).ok();
    is_hidden("deleted with all others");
}

#[test]
fn a_value_that_nobody_knows_any_more_is_not_shown() {
    let desk = Desk::new("gone");
    desk.talker();
    let refused = |what: &str| {
        for args in [&["logs", "talker"][..], &["exec", "talker", "--", "env"]] {
            let refused = desk.kubectl(args);
            assert!(refused.code != 0 && refused.stdout.is_empty(), "{refused:?}");
            let message = format!("the output may hold {what} of the Secret `db`, which is gone");
            assert!(refused.stderr.contains(&message), "{refused:?}");
        }
    };
    desk.namespace.admin(&["delete", "secret", "db"]).ok();
    refused("values");
    let other = ["create", "secret", "generic", "db", "--from-literal=user=swordfish"];
    desk.namespace.admin(&other).ok();
    refused("`password`");
    desk.namespace.admin(&["delete", "secret", "db"]).ok();
    desk.secret("db");
    desk.kubectl(&["logs", "talker"]).ok();
}

/// Never runs: nothing of it is asked for.
const HOARDER: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: hoarder}
spec:
  schedulerName: none
  containers: [{name: c, image: 'kguard.test/pause:1'}]
  volumes:
  - {name: first, secret: {secretName: first}}
  - {name: second, secret: {secretName: second}}
  - {name: third, secret: {secretName: third}}
";

#[test]
fn of_a_pod_with_more_secrets_than_can_be_looked_for_nothing_is_shown() {
    let desk = Desk::new("hoarder");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    // Two of them fit, three do not.
    std::fs::write(&file, "x".repeat(720_000)).unwrap();
    let from = format!("--from-file={}", file.display());
    desk.namespace.apply(HOARDER);
    let create = |name: &str| {
        desk.namespace.admin(&["create", "secret", "generic", name, &from]).ok();
    };
    create("first");
    create("second");
    desk.namespace.admin(&["create", "secret", "generic", "third", "--from-literal=a=few"]).ok();
    let few = desk.kubectl(&["logs", "hoarder"]);
    assert!(!few.stderr.contains("kguard"), "{few:?}");
    desk.namespace.admin(&["delete", "secret", "third"]).ok();
    create("third");
    for command in [&["logs", "hoarder"][..], &["exec", "hoarder", "--", "true"]] {
        let refused = desk.kubectl(command);
        assert!(refused.stderr.contains("hold more than 2 MiB"), "{refused:?}");
        assert_eq!(refused.code, 77, "{refused:?}");
    }
}

#[test]
fn arguments_of_an_exec_are_not_in_the_trail() {
    let desk = Desk::new("arguments");
    desk.talker();
    desk.kubectl(&["exec", "talker", "--", "true", "user=swordfish", "x"]).ok();
    let trail = desk.user.kguard(&["audit", "list", "-o", "json"]).ok();
    assert!(trail.contains("user=[masked:db/user]"), "{trail}");
    assert!(!trail.contains("swordfish"), "{trail}");
}

#[test]
fn exec_hides_them_too_over_both_protocols() {
    let desk = Desk::new("exec");
    desk.talker();
    let script = "echo out $PASSWORD; echo err $PASSWORD >&2; printf 'split %s' hun; sleep 0.2; \
                  echo ter2; exit 3";
    for version in ["1.27", "1.34"] {
        let args =
            ["kubectl", "-n", &desk.namespace.name, "exec", "talker", "--", "sh", "-c", script];
        let said = run(&mut desk.user.command(version, &args));
        assert_eq!(said.code, 3, "{version}: {said:?}");
        assert_eq!(said.stdout, "out [masked:db/password]\nsplit [masked:db/password]\n");
        assert!(said.stderr.starts_with("err [masked:db/password]\n"), "{said:?}");
        assert_eq!(desk.last_end("exec")["masked"]["text"], 3);
    }
}

#[test]
fn a_copied_file_keeps_its_length() {
    let desk = Desk::new("copy");
    desk.talker();
    for version in ["1.27", "1.34"] {
        let to = desk.file("copied", "");
        let n = &desk.namespace.name;
        let args = ["kubectl", "-n", n, "cp", "talker:/secrets/..data/password", &to];
        run(&mut desk.user.command(version, &args)).ok();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "*******", "{version}");
    }
}

#[test]
fn a_limit_counts_what_is_shown_and_cuts_no_value() {
    let desk = Desk::new("limit");
    desk.talker();
    eventually("the pod has talked", || {
        desk.kubectl(&["logs", "talker"]).ok().contains("done").then_some(())
    });
    // Upstream the value would end after three letters.
    assert_eq!(desk.kubectl(&["logs", "talker", "--limit-bytes=9"]).ok(), "plain [ma");
    // The program goes on, and the client has what it wants.
    assert_eq!(desk.kubectl(&["logs", "-f", "talker", "--limit-bytes=6"]).ok(), "plain ");
    let all = desk.kubectl(&["logs", "talker", "--limit-bytes=100000"]).ok();
    assert!(all.ends_with("done\n") && !all.contains("hunter2"), "{all}");
    let path = format!("/api/v1/namespaces/{}/pods/talker/log?limitBytes=", desk.namespace.name);
    // These are the API server's to refuse.
    for limit in ["0", "-1", "9x", ""] {
        let refused = desk.kubectl(&["get", "--raw", &format!("{path}{limit}")]);
        assert!(refused.code != 0 && refused.stdout.is_empty(), "{limit}: {refused:?}");
    }
}

#[test]
fn a_log_that_begins_within_a_value_does_not_show_its_end() {
    let desk = Desk::new("tail");
    desk.secret("db");
    // A line of the runtime is 16 KiB: here the value is cut after two letters.
    let long =
        "head -c 16382 /dev/zero | tr '\\0' x; echo \"$(cat /secrets/user)-tail\"; echo done";
    desk.namespace.apply(&POD.replace("echo done", long));
    eventually("the pod has talked", || {
        desk.kubectl(&["logs", "talker"]).stdout.contains("done").then_some(())
    });
    let tail = desk.kubectl(&["logs", "talker", "--tail=2"]).ok();
    assert_eq!(tail, "[masked:db/user]-tail\ndone\n");
    let stamped = desk.kubectl(&["logs", "talker", "--tail=2", "--timestamps"]).ok();
    let lines: Vec<_> = stamped.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(lines, ["[masked:db/user]-tail", "done"], "{stamped}");
}
