//! Exec through the gateway against the same directly with the API server, in a real pod: a
//! keystroke's echo, throughput, and what sessions cost the gateway.

use std::process::Stdio;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::kubectl;
use crate::process::Process;
use crate::setup::Setup;
use crate::table::{Limit, Row, Table, milliseconds, percentile, say};
use crate::terminal::{Exec, POD, Pod, Terminal};
use crate::tunnel::Tunnel;
use crate::{Failure, Options};

/// What is typed, over and over.
pub(crate) const TYPED: &[u8] =
    b"kubectl -n shop get pods -l app=web; tail -f /var/log/syslog | grep -i error ";
const KEYSTROKES: usize = 500;
/// Of one byte to one session; two sessions take turns.
const TURN: Duration = Duration::from_millis(10);
/// Gives back what is typed, byte by byte.
const ECHO: &str = "stty raw -echo && echo ready && exec cat";

const FILE_BYTES: u32 = 200_000_000;
/// Half of it text and half of it not, as what is copied may be.
const MAKE_FILES: &str = "mkdir -p /data/all && cd /data/all && \
    yes '2026-11-25T12:00:00.123Z INFO shop::cart user=4711 path=/cart/items status=200 took=12ms' \
    | head -c 200000000 > ../text && head -c 100000000 ../text > text && \
    head -c 100000000 /dev/urandom > noise && echo made";

const SET_UPS: u32 = 200;
const SESSIONS: u32 = 500;
const AT_ONCE: u32 = 4;

pub(crate) async fn measure(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    let direct = Pod::direct(options)?;
    let recorded = Pod::behind(setup, setup.streams, options)?;
    let unrecorded = Pod::behind(setup, setup.unrecorded, options)?;
    say("files in the pod");
    direct.exec(&["sh", "-c", MAKE_FILES], Terminal::No).await?.read_out().await?;
    let rounds = options.rounds;
    let gateway = setup.start_streams().await?;
    echo((&recorded, &direct), rounds, table).await?;
    let other = setup.start_unrecorded().await?;
    output(setup, [(&recorded, &gateway), (&unrecorded, &other)], rounds, table).await?;
    output_to_kubectl(setup, options, table).await?;
    drop(other);
    copy(&recorded, &direct, rounds, table).await
}

/// What sessions cost the gateway: to begin one, and to have many.
pub(crate) async fn measure_sessions(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    let recorded = Pod::behind(setup, setup.streams, options)?;
    set_ups(setup, (&recorded, options), table).await?;
    idle(setup, &recorded, table).await
}

/// How much later a keystroke's echo comes than directly.
async fn echo(
    (through, direct): (&Pod, &Pod),
    rounds: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let (mut added, mut tails, mut middles) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        say(&format!("echo, round {round} of {rounds} (0 warms up)"));
        let mut sessions = [typist(through).await?, typist(direct).await?];
        let mut took = [Vec::new(), Vec::new()];
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        for key in TYPED.iter().cycle().take(KEYSTROKES) {
            // In turns, so that both meet the same disturbances of the machine.
            for (session, took) in sessions.iter_mut().zip(&mut took) {
                turns.tick().await;
                let start = Instant::now();
                session.send(&[*key]).await?;
                session.output().await?.ok_or("the session has ended")?;
                took.push(milliseconds(start));
            }
        }
        if round > 0 {
            let [through, direct] = &mut took;
            let tail = (percentile(through, 99), percentile(direct, 99));
            added.push(tail.0 - tail.1);
            tails.push(tail);
            middles.push((percentile(through, 50), percentile(direct, 50)));
        }
    }
    let what = "(k) added to a keystroke's echo, p99";
    let (limit, theirs) = (Limit::AtMost(1.0), vec![1.0; rounds]);
    table.add(Row { what, unit: "ms", ours: added, peer: "limit", theirs, limit });
    let kinds = [("    keystroke's echo, p99", tails), ("    keystroke's echo, p50", middles)];
    for (what, pairs) in kinds {
        let (ours, theirs) = unzip(pairs);
        table.add(Row { what, unit: "ms", ours, peer: "direct", theirs, limit: Limit::None });
    }
    Ok(())
}

/// Somebody at a terminal in which what he types comes back.
pub(crate) async fn typist(pod: &Pod) -> Result<Exec, Failure> {
    let mut session = pod.exec(&["sh", "-c", ECHO], Terminal::Yes).await?;
    let mut said = Vec::new();
    while !said.ends_with(b"ready\n") && !said.ends_with(b"ready\r\n") {
        said.extend_from_slice(&session.output().await?.ok_or("the session has ended")?);
    }
    Ok(session)
}

/// Output of a program, with and without a recording of it.
async fn output(
    setup: &Setup,
    [(recorded, recording), (unrecorded, other)]: [(&Pod, &Process); 2],
    rounds: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let command = ["cat", "/data/text"];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        say(&format!("output, round {round} of {rounds} (0 warms up)"));
        let before = (recording.cpu_seconds()?, other.cpu_seconds()?);
        let rates = (rate(recorded, &command).await?, rate(unrecorded, &command).await?);
        let gigabytes = f64::from(FILE_BYTES) / 1e9;
        let cpu = (recording.cpu_seconds()? - before.0, other.cpu_seconds()? - before.1);
        if round > 0 {
            ours.push((rates.0, cpu.0 / gigabytes));
            theirs.push((rates.1, cpu.1 / gigabytes));
        }
        // So that the next one finds memory for its pages that the machine has been given already.
        setup.forget_recordings()?;
    }
    let ((ours, our_cpu), (theirs, their_cpu)) = (unzip(ours), unzip(theirs));
    let (what, peer, limit) = ("(l) output, recorded", "unrecorded", Limit::AtLeast(0.90));
    table.add(Row { what, unit: "MB/s", ours, peer, theirs, limit });
    let (what, ours, theirs) = ("    gateway's CPU for output", our_cpu, their_cpu);
    table.add(Row { what, unit: "s/GB", ours, peer, theirs, limit: Limit::None });
    Ok(())
}

/// The same to whom it is for: stock kubectl, behind kguard.
async fn output_to_kubectl(
    setup: &Setup,
    options: &Options,
    table: &mut Table,
) -> Result<(), Failure> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        say(&format!("output to kubectl, round {round} of {} (0 warms up)", options.rounds));
        let recorded = kubectl_rate(kubectl::through(setup, setup.streams, options), options);
        let rate = recorded.await?;
        setup.forget_recordings()?;
        let unrecorded = kubectl::through(setup, setup.unrecorded, options);
        let other = kubectl_rate(unrecorded, options).await?;
        if round > 0 {
            ours.push(rate);
            theirs.push(other);
        }
    }
    let (what, peer, limit) = ("(l) the same to kubectl", "unrecorded", Limit::AtLeast(0.90));
    table.add(Row { what, unit: "MB/s", ours, peer, theirs, limit });
    Ok(())
}

/// Megabytes a second that come out of a kubectl which shows the text.
async fn kubectl_rate(mut kubectl: Command, options: &Options) -> Result<f64, Failure> {
    kubectl.args(["exec", "-n", &options.namespace, POD, "--", "cat", "/data/text"]);
    let mut running = kubectl.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut out = running.stdout.take().ok_or("kubectl has no output")?;
    let mut buffer = vec![0; 1 << 16];
    let mut length = out.read(&mut buffer).await?;
    let start = Instant::now();
    loop {
        match out.read(&mut buffer).await? {
            0 => break,
            read => length += read,
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    if !running.wait().await?.success() || u32::try_from(length)? != FILE_BYTES {
        return Err(format!("kubectl showed {length} bytes").into());
    }
    Ok(f64::from(FILE_BYTES) / seconds / 1e6)
}

fn unzip(pairs: Vec<(f64, f64)>) -> (Vec<f64>, Vec<f64>) {
    pairs.into_iter().unzip()
}

/// What `kubectl cp` does, against the same directly.
async fn copy(
    through: &Pod,
    direct: &Pod,
    rounds: usize,
    table: &mut Table,
) -> Result<(), Failure> {
    let command = ["tar", "cf", "-", "data/all"];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        say(&format!("copy, round {round} of {rounds} (0 warms up)"));
        let pair = (rate(through, &command).await?, rate(direct, &command).await?);
        if round > 0 {
            ours.push(pair.0);
            theirs.push(pair.1);
        }
    }
    let (what, peer, limit) = ("(m) cp, masked and recorded", "direct", Limit::AtLeast(0.5));
    table.add(Row { what, unit: "MB/s", ours, peer, theirs, limit });
    Ok(())
}

/// Megabytes a second that a command writes.
async fn rate(pod: &Pod, command: &[&str]) -> Result<f64, Failure> {
    let mut exec = pod.exec(command, Terminal::No).await?;
    let mut length = exec.output().await?.map_or(0, |first| first.len());
    let start = Instant::now();
    length += exec.read_out().await?;
    let seconds = start.elapsed().as_secs_f64();
    let bytes = u32::try_from(length)?;
    if bytes < FILE_BYTES {
        return Err(format!("only {bytes} bytes came").into());
    }
    Ok(f64::from(bytes) / seconds / 1e6)
}

/// What it costs to begin an exec, beside nginx, which passes it on unseen.
async fn set_ups(
    setup: &Setup,
    (recorded, options): (&Pod, &Options),
    table: &mut Table,
) -> Result<(), Failure> {
    let (gateway, nginx) = (setup.start_streams().await?, setup.start_nginx(None).await?);
    let tunnel = Rc::new(Tunnel::open(setup, setup.streams).await?);
    let (inside, plain) = (Pod::inside(tunnel, options), Pod::behind_nginx(setup, options)?);
    let ways = [(recorded, &gateway), (&inside, &gateway), (&plain, &nginx)];
    let mut costs = [const { Vec::new() }; 3];
    for round in 0..=options.rounds {
        say(&format!("set-ups, round {round} of {} (0 warms up)", options.rounds));
        for (way, costs) in ways.iter().zip(&mut costs) {
            let cost = set_up(way.0, way.1).await?;
            if round > 0 {
                costs.push(cost);
            }
        }
    }
    let [(own, whole), (inside, whole_inside), (theirs, their_whole)] = costs.map(unzip);
    let limit = vec![2.0; options.rounds];
    let (time, ratio) = (|| Limit::AtMost(1.0), || Limit::AtMost(2.0));
    for (what, ours, peer, theirs, limit) in [
        ("(n) CPU of an exec's set-up", &own, "limit", &limit, time()),
        ("    the same", &own, "nginx", &theirs, ratio()),
        ("    CPU of the whole exec", &whole, "nginx", &their_whole, Limit::None),
        ("(n) CPU of a set-up in a tunnel", &inside, "limit", &limit, time()),
        ("    the same", &inside, "nginx", &theirs, ratio()),
        (
            "    CPU of the whole exec in a tunnel",
            &whole_inside,
            "nginx",
            &their_whole,
            Limit::None,
        ),
    ] {
        let (ours, theirs) = (ours.clone(), theirs.clone());
        table.add(Row { what, unit: "ms", ours, peer, theirs, limit });
    }
    Ok(())
}

/// CPU time of a proxy, in ms for each exec: until the first output of the command is with its client,
/// and until it has ended.
async fn set_up(pod: &Pod, proxy: &Process) -> Result<(f64, f64), Failure> {
    let before = proxy.cpu_seconds()?;
    let mut running = Vec::new();
    for _ in 0..SET_UPS / AT_ONCE {
        let beginning = (0..AT_ONCE).map(|_| begin(pod));
        running.extend(futures_util::future::try_join_all(beginning).await?);
    }
    let begun = proxy.cpu_seconds()?;
    while !running.is_empty() {
        let some = running.split_off(running.len().saturating_sub(AT_ONCE as usize));
        futures_util::future::try_join_all(some.into_iter().map(end)).await?;
    }
    let each = |after: f64| (after - before) * 1e3 / f64::from(SET_UPS);
    Ok((each(begun), each(proxy.cpu_seconds()?)))
}

/// A command that runs, and says so.
async fn begin(pod: &Pod) -> Result<Exec, Failure> {
    let mut exec = pod.exec(&["sh", "-c", "echo ready; read line"], Terminal::Input).await?;
    exec.output().await?.ok_or("the command has ended")?;
    Ok(exec)
}

/// Ends it by what it waits for.
async fn end(mut exec: Exec) -> Result<(), Failure> {
    exec.send(b"\n").await?;
    exec.read_out().await?;
    Ok(())
}

/// Memory of the gateway for sessions in which nothing happens.
async fn idle(setup: &Setup, pod: &Pod, table: &mut Table) -> Result<(), Failure> {
    let gateway = setup.start_streams().await?;
    // So that what is needed once is there before.
    let mut open = vec![pod.exec(&["cat"], Terminal::Input).await?];
    let before = gateway.resident_kib()?;
    for batch in 0..SESSIONS / AT_ONCE {
        if batch % 25 == 0 {
            say(&format!("idle sessions, {} of {SESSIONS}", batch * AT_ONCE));
        }
        let opening = (0..AT_ONCE).map(|_| pod.exec(&["cat"], Terminal::Input));
        open.extend(futures_util::future::try_join_all(opening).await?);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let each = (gateway.resident_kib()? - before) / f64::from(SESSIONS);
    for session in &mut open {
        // Each of them lives.
        session.send(b"x").await?;
        session.output().await?.ok_or("an idle session has ended")?;
    }
    let (what, limit) = ("(o) memory per idle exec, 500 sessions", Limit::AtMost(1.0));
    let (ours, theirs) = (vec![each], vec![64.0]);
    table.add(Row { what, unit: "KiB", ours, peer: "limit", theirs, limit });
    Ok(())
}
