//! Held requests of pipelines: they wait with an end, and a job that is run again finds its hold.

use serde_json::Value;

use crate::harness::policies::deletes_wait;
use crate::harness::process::run;
use crate::harness::{Gateway, Namespace, Output, Running, User, eventually};

fn policies() -> String {
    deletes_wait("group:oidc:sre")
}

struct Scene {
    gateway: Gateway,
    robot: User,
    other: User,
    alice: User,
    bob: User,
    namespace: Namespace,
}

impl Scene {
    fn set(purpose: &str, policies: &str) -> Self {
        let gateway = Gateway::with_policies(policies);
        let namespace = Namespace::create(purpose);
        let [robot, other] = ["robot", "other"].map(|name| {
            let user = format!("system:serviceaccount:{}:{name}", namespace.name);
            let binding = ["create", "rolebinding", name, "--clusterrole=cluster-admin"];
            namespace.admin(&[&binding[..], &[&format!("--user={user}")]].concat()).ok();
            User::workload(&gateway, &namespace, name)
        });
        let [alice, bob] = ["alice", "bob"].map(|name| User::person(&gateway, name));
        namespace.admin(&["create", "configmap", "c"]).ok();
        Self { gateway, robot, other, alice, bob, namespace }
    }

    /// `kguard OPTIONS kubectl delete configmap c` in CI, as it runs.
    fn job(&self, user: &User, options: &[&str]) -> Running {
        let n = self.namespace.name.as_str();
        let args = [options, &["kubectl", "-n", n, "delete", "configmap", "c"]].concat();
        Running::start(user.command("1.34", &args).env("CI", "true"))
    }

    fn run(&self, user: &User, options: &[&str]) -> Output {
        let n = self.namespace.name.as_str();
        let args = [options, &["kubectl", "-n", n, "delete", "configmap", "c"]].concat();
        run(user.command("1.34", &args).env("CI", "true"))
    }

    fn state(&self, id: &str) -> String {
        let shown = self.bob.kguard(&["requests", id, "-o", "json"]).ok();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        shown["state"].as_str().unwrap().to_owned()
    }

    fn approve(&self, id: &str) {
        self.bob.kguard(&["approve", id, "--yes"]).ok();
    }

    fn exists(&self) -> bool {
        self.namespace.admin(&["get", "configmap", "c"]).code == 0
    }

    /// How many holds there have been.
    fn holds(&self) -> usize {
        let listed = self.bob.kguard(&["requests", "-o", "json"]).ok();
        serde_json::from_str::<Vec<Value>>(&listed).unwrap().len()
    }
}

fn id(job: &mut Running) -> String {
    job.wait_for("the line to pass on", |line| {
        Some(line.split("kguard approve ").nth(1)?.trim().to_owned())
    })
}

/// Ends a job as a runner does.
fn end(mut job: Running) {
    job.signal("KILL");
    job.exit_code();
}

#[test]
fn a_job_that_waits_says_so_once_a_minute_with_the_way_to_decide() {
    let scene = Scene::set("minute", &policies());
    let mut job = scene.job(&scene.robot, &[]);
    let hold = id(&mut job);
    // Nothing but time brings it, and nothing but silence comes before.
    std::thread::sleep(std::time::Duration::from_mins(1));
    let still = |line: &str| line.contains("still waiting").then(|| line.to_owned());
    let line = job.wait_for("the line of the minute", still);
    assert!(line.ends_with(&format!("kguard approve {hold}")), "{line}");
    end(job);
}

#[test]
fn a_job_that_is_run_again_finds_its_hold_and_then_its_approval_once() {
    let scene = Scene::set("rerun", &policies());
    let mut first = scene.job(&scene.robot, &[]);
    let hold = id(&mut first);
    end(first);
    let mut second = scene.job(&scene.robot, &[]);
    assert_eq!(id(&mut second), hold, "the same hold, not another one");
    end(second);
    assert_eq!(scene.state(&hold), "pending");

    // Approved while nobody waits, nothing runs by itself.
    scene.approve(&hold);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(scene.state(&hold), "approved");
    assert!(scene.exists());

    // Nobody else takes it, neither another workload nor the same one with another request.
    let mut stranger = scene.job(&scene.other, &[]);
    assert_ne!(id(&mut stranger), hold);
    end(stranger);
    let n = scene.namespace.name.as_str();
    let args = ["kubectl", "-n", n, "delete", "configmap", "c", "--grace-period=1"];
    let mut different = Running::start(scene.robot.command("1.34", &args).env("CI", "true"));
    assert_ne!(id(&mut different), hold);
    end(different);
    assert_eq!(scene.state(&hold), "approved");
    assert!(scene.exists());

    let third = scene.run(&scene.robot, &[]);
    assert_eq!(third.code, 0, "{third:?}");
    assert!(third.stderr.contains("approved by oidc:bob"), "{third:?}");
    assert_eq!(scene.state(&hold), "used");

    // It was good once.
    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    let mut fourth = scene.job(&scene.robot, &[]);
    assert_ne!(id(&mut fourth), hold);
    end(fourth);
    assert!(scene.exists());
}

#[test]
fn two_runs_at_a_time_share_a_hold_and_one_of_them_uses_it() {
    let scene = Scene::set("tworuns", &policies());
    let mut jobs = [scene.job(&scene.robot, &[]), scene.job(&scene.robot, &[])];
    let ids = jobs.each_mut().map(id);
    assert_eq!(ids[0], ids[1]);
    scene.approve(&ids[0]);
    eventually("one of them to end", || jobs.iter_mut().any(|job| !job.is_running()).then_some(()));
    assert_eq!(scene.state(&ids[0]), "used");
    assert!(!scene.exists());
}

#[test]
fn what_is_approved_is_for_the_object_and_the_policy_that_were_there() {
    let scene = Scene::set("moved", &policies());
    let mut first = scene.job(&scene.robot, &[]);
    let hold = id(&mut first);
    end(first);
    scene.approve(&hold);
    scene.namespace.admin(&["label", "configmap", "c", "moved=yes"]).ok();
    let mut second = scene.job(&scene.robot, &[]);
    let other = id(&mut second);
    assert_ne!(other, hold, "the object is another one");
    end(second);
    scene.approve(&other);
    // Two have to approve by now.
    scene.gateway.set_policies(&policies().replace("timeout:", "quorum: 2, timeout:"));
    let mut third = scene.job(&scene.robot, &[]);
    assert_ne!(id(&mut third), other, "its approval is not enough any more");
    end(third);
    assert!(scene.exists());
}

#[test]
fn an_approval_that_nobody_comes_for_expires() {
    let scene = Scene::set("unused", &policies().replace("10m", "3s"));
    let mut job = scene.job(&scene.robot, &[]);
    let hold = id(&mut job);
    end(job);
    scene.approve(&hold);
    eventually("its end", || (scene.state(&hold) == "expired").then_some(()));
    let mut late = scene.job(&scene.robot, &[]);
    assert_ne!(id(&mut late), hold);
    assert!(scene.exists());
}

#[test]
fn a_person_who_goes_away_cancels_his_hold_whatever_his_client_asks_for() {
    let scene = Scene::set("person", &policies());
    let mut job = scene.job(&scene.alice, &["--keep-hold"]);
    let hold = id(&mut job);
    end(job);
    eventually("the cancellation", || (scene.state(&hold) == "cancelled").then_some(()));
    // So does a workload that does not want it.
    let mut job = scene.job(&scene.robot, &["--keep-hold=false"]);
    let hold = id(&mut job);
    end(job);
    eventually("the cancellation", || (scene.state(&hold) == "cancelled").then_some(()));
}

#[test]
fn a_job_waits_as_long_as_it_is_told_to_and_ends_with_75() {
    let scene = Scene::set("patience", &policies());
    let kept = scene.run(&scene.robot, &["--approval-timeout", "1s"]);
    assert_eq!(kept.code, 75, "{kept:?}");
    assert!(kept.stderr.contains("the same command run again finds it"), "{kept:?}");
    let hold = kept.stderr.split("kguard approve ").nth(1).unwrap().lines().next().unwrap().trim();
    assert_eq!(scene.state(hold), "pending");
    scene.approve(hold);
    assert_eq!(scene.run(&scene.robot, &["--approval-timeout", "1s"]).code, 0);
    assert!(!scene.exists());
    assert_eq!(scene.holds(), 1);

    scene.namespace.admin(&["create", "configmap", "c"]).ok();
    let cancelled = scene.run(&scene.alice, &["--approval-timeout", "1s"]);
    assert_eq!(cancelled.code, 75, "{cancelled:?}");
    assert!(cancelled.stderr.contains("it is cancelled"), "{cancelled:?}");
    let hold = cancelled.stderr.split("kguard approve ").nth(1).unwrap();
    assert_eq!(scene.state(hold.lines().next().unwrap().trim()), "cancelled");
    assert!(scene.exists());
}

#[test]
fn a_hold_is_cancelled_by_its_requester_alone() {
    use crate::harness::http::raw;
    let scene = Scene::set("cancel", &policies());
    let mut job = scene.job(&scene.robot, &[]);
    let hold = id(&mut job);
    let cancel = |by: &User| {
        let head = format!(
            "POST /v1/holds/{hold}/cancel HTTP/1.1\r\nAuthorization: Bearer {}\r\n",
            by.token
        );
        raw(&scene.gateway.url, &scene.gateway.ca, &head, "").status
    };
    for stranger in [&scene.alice, &scene.bob, &scene.other] {
        assert_eq!(cancel(stranger), 404);
    }
    assert_eq!(scene.state(&hold), "pending");
    // Twice, as a client does that has not heard the answer.
    assert_eq!(cancel(&scene.robot), 200);
    assert_eq!(cancel(&scene.robot), 200);
    assert_ne!(job.exit_code(), 0);
    assert!(scene.exists());
}

#[test]
fn a_job_that_nobody_decides_on_ends_with_75_every_time() {
    let scene = Scene::set("seventyfive", &policies().replace("10m", "1s"));
    std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| scene.run(&scene.alice, &["--keep-hold=false"])))
            .collect();
        for job in jobs {
            let ended = job.join().unwrap();
            assert_eq!(ended.code, 75, "{ended:?}");
        }
    });
}
