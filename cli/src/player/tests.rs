use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::recording::tests::{SESSION, open};

type TestPlayer = Player<Cursor<Vec<u8>>>;

const START: &str = "$ ls\r\na.txt\r\n$ ";

fn player(idle_limit: Option<f64>) -> TestPlayer {
    Player::new(open(SESSION).1, Pace { speed: 1.0, idle_limit })
}

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn wait(seconds: f64) -> Step {
    Step::Wait(Some(at(seconds)))
}

fn output(text: &str) -> Step {
    Step::Output(text.to_owned())
}

/// All steps at one moment, up to a wait or the end.
fn steps(player: &mut TestPlayer, now: f64) -> Vec<Step> {
    let mut steps = Vec::new();
    loop {
        steps.push(player.step(at(now)).unwrap());
        if matches!(steps.last(), Some(Step::Wait(_) | Step::Ended)) {
            return steps;
        }
    }
}

fn press(player: &mut TestPlayer, now: f64, keys: &str) {
    for c in keys.chars() {
        let key = match c {
            '<' => Key::Left,
            '>' => Key::Right,
            '\n' => Key::Enter,
            c => Key::Char(c),
        };
        assert_eq!(player.press(at(now), key).unwrap(), Pressed::GoOn);
    }
}

#[test]
fn events_come_at_their_time() {
    let mut player = player(None);
    assert_eq!(steps(&mut player, 0.0), [wait(0.5)]);
    assert_eq!(steps(&mut player, 0.25), [wait(0.25)]);
    assert_eq!(steps(&mut player, 0.5), [output("$ "), wait(0.5)]);
    // Late, as when the terminal was stopped: all that is due comes at once.
    assert_eq!(steps(&mut player, 2.0), [output("ls\r\na.txt\r\n$ "), wait(59.75)]);
    assert_eq!(steps(&mut player, 61.75), [output("exit\r\n"), wait(0.25)]);
    assert_eq!(steps(&mut player, 62.0), [Step::Ended]);
    assert_eq!(player.summary.lines(), ["ended: it exited", "exit status 0"]);
}

#[test]
fn idle_times_are_cut_short() {
    let mut player = player(Some(2.0));
    assert_eq!(steps(&mut player, 1.75), [output(START), wait(2.0)]);
    assert_eq!(steps(&mut player, 3.75), [output("exit\r\n"), wait(0.25)]);
    // Back over what was cut short.
    press(&mut player, 3.75, "<");
    assert_eq!(steps(&mut player, 3.75), [Step::Clear, wait(0.5)]);
}

#[test]
fn speed_changes_what_is_left_of_a_wait() {
    let mut player = player(None);
    assert_eq!(steps(&mut player, 0.25), [wait(0.25)]);
    press(&mut player, 0.25, "+");
    assert_eq!(steps(&mut player, 0.25), [wait(0.125)]);
    press(&mut player, 0.25, "--");
    assert_eq!(steps(&mut player, 0.25), [wait(0.5)]);
    press(&mut player, 0.25, "---------");
    assert_eq!(steps(&mut player, 0.25), [wait(4.0)]);
}

#[test]
fn a_pause_takes_no_time() {
    let mut player = player(None);
    steps(&mut player, 0.25);
    press(&mut player, 0.25, " ");
    assert_eq!(steps(&mut player, 100.0), [Step::Wait(None)]);
    press(&mut player, 100.0, "+ ");
    assert_eq!(steps(&mut player, 100.0), [wait(0.125)]);
}

#[test]
fn arrows_go_forward_and_back() {
    let mut player = player(None);
    press(&mut player, 0.0, ">");
    assert_eq!(steps(&mut player, 0.0), [output(START), wait(56.75)]);
    press(&mut player, 0.0, ">>");
    assert_eq!(steps(&mut player, 0.0), [wait(46.75)]);
    press(&mut player, 1.0, "<<<");
    assert_eq!(steps(&mut player, 1.0), [Step::Clear, output("$ l"), wait(0.5)]);
    press(&mut player, 1.0, " >");
    assert_eq!(steps(&mut player, 1.0), [output("s\r\na.txt\r\n$ "), Step::Wait(None)]);
}

#[test]
fn the_end_is_counted_once_however_often_it_is_seen() {
    let mut player = player(None);
    assert_eq!(steps(&mut player, 100.0).last(), Some(&Step::Ended));
    press(&mut player, 100.0, "<");
    assert_eq!(steps(&mut player, 1000.0).last(), Some(&Step::Ended));
    assert_eq!(player.summary.lines().len(), 2);
}

#[test]
fn searches_go_to_where_the_text_was_printed() {
    let mut player = player(None);
    steps(&mut player, 0.5);
    press(&mut player, 0.5, "/");
    assert_eq!(steps(&mut player, 0.5), [Step::Bar("/".into()), Step::Wait(None)]);
    press(&mut player, 0.5, "LS");
    let bars = [Step::Bar("/L".into()), Step::Bar("/LS".into()), Step::Wait(None)];
    assert_eq!(steps(&mut player, 9.0), bars);
    press(&mut player, 9.0, "\n");
    assert_eq!(steps(&mut player, 9.0), [Step::Clear, output("$ ls\r\n"), wait(0.1)]);
    press(&mut player, 9.0, "n");
    let bar = "`LS` does not come any more";
    assert_eq!(steps(&mut player, 9.0), [Step::Bar(bar.into()), Step::Wait(None)]);
    // The next key takes the bar away, and does what it does.
    press(&mut player, 9.0, " ");
    assert_eq!(steps(&mut player, 9.0), [Step::Clear, output("$ ls\r\n"), Step::Wait(None)]);
}

#[test]
fn it_begins_where_it_is_told_to() {
    let mut player = player(None);
    player.start_at(1.6);
    assert_eq!(steps(&mut player, 0.0), [output("$ ls\r\n"), wait(0.15)]);
    let mut player = self::player(Some(1.0));
    player.start_at(61.75);
    assert_eq!(steps(&mut player, 0.0).first(), Some(&output(&format!("{START}exit\r\n"))));
    let mut player = self::player(None);
    assert!(player.start_where("A.TXT").unwrap());
    assert_eq!(steps(&mut player, 0.0), [output(START), wait(60.0)]);
    assert!(!self::player(None).start_where("rm").unwrap());
}

#[test]
fn a_text_is_found_in_pieces_and_in_colours() {
    for (pieces, needle, found) in [
        (&["l", "s"][..], "ls", true),
        (&["\x1b[1mr", "m\x1b", "[0m -rf"], "rm -rf", true),
        (&["Zür", "ICH"], "zürich", true),
        (&["\x1b]0;rm\x07", "x"], "rm", false),
        (&["r", "\n", "m"], "rm", false),
        (&["aaab"], "aab", true),
    ] {
        let mut search = Search::new(needle);
        let any = pieces.iter().any(|piece| search.push(piece));
        assert_eq!(any, found, "{pieces:?}");
    }
}

proptest! {
    /// Whatever is pressed and whenever, it ends, and nothing is left out but what was cut short.
    #[test]
    fn it_always_comes_to_its_end(
        keys in prop::collection::vec((0.0..20.0f64, "[ <>+n/x\n-]"), 0..20),
        idle_limit in prop::option::of(0.0..5.0f64),
    ) {
        let mut player = player(idle_limit);
        let mut now = 0.0;
        let mut screen = String::new();
        let mut draw = |steps: Vec<Step>| for step in steps {
            match step {
                Step::Clear => screen.clear(),
                Step::Output(text) => screen.push_str(&text),
                _ => {}
            }
        };
        for (pause, key) in keys {
            now += pause;
            press(&mut player, now, &key);
            draw(steps(&mut player, now));
        }
        for key in [Key::Escape, Key::Escape] {
            let _ = player.press(at(now), key).unwrap();
        }
        if player.paused {
            press(&mut player, now, " ");
        }
        draw(steps(&mut player, now));
        let last = steps(&mut player, now + 1e6);
        prop_assert_eq!(last.last(), Some(&Step::Ended));
        draw(last);
        prop_assert_eq!(screen, format!("{START}exit\r\n"));
    }
}
