use proptest::prelude::*;

use super::*;

fn filtered(text: &str, keep: Keep) -> String {
    let mut out = String::new();
    TerminalFilter::new(keep).push(text, &mut out);
    out
}

fn screen(text: &str) -> String {
    filtered(text, Keep::Screen)
}

#[test]
fn what_moves_colours_and_erases_passes() {
    for text in [
        "plain, zürich, 日本\ttab\r\nnext\x08",
        "\x1b[1;31mred\x1b[0m \x1b[38;2;1;2;3m\x1b[4:3m\x1b[38:2::1:2:3m\x1b[m",
        "\x1b[H\x1b[2J\x1b[10;20H\x1b[3A\x1b[K\x1b[0J\x1b[5d\x1b[7G\x1b[2;9f",
        "\x1b[1;24r\x1b[2S\x1b[T\x1b[3L\x1b[2M\x1b[4P\x1b[5@\x1b[6X-\x1b[70b",
        "\x1b[s\x1b[u\x1b7\x1b8\x1bM\x1bD\x1bE",
        "\x1b[?25l\x1b[?25h\x1b[?7l\x1b[?1049h\x1b[?1049l",
        "\x1b(0lqqk\x1b(B",
    ] {
        assert_eq!(screen(text), text, "{text:?}");
    }
}

#[test]
fn what_asks_sets_or_takes_away_does_not() {
    for text in [
        // Answers would be typed into the watcher's shell.
        "\x1b[c\x1b[0c\x1b[>c\x1b[=c\x1b[5n\x1b[6n\x1b[?6n\x1b[>q\x1b[x\x1b[?1$p\x1b[18t\x1bZ\x05",
        "\x1bP+q544e\x1b\\\x1bP$qm\x1b\\",
        // Titles, clipboard, links, colours, pictures, notifications.
        "\x1b]0;title\x07\x1b]2;title\x1b\\\x1b]52;c;cm0gLXJm\x07\x1b]8;;http://x\x1b\\",
        "\x1b]4;1;?\x07\x1b]1337;File=:AAAA\x07\x1b_Gi=1;AAAA\x1b\\\x1b^x\x1b\\\x1bXx\x1b\\",
        // Keys, mouse, paste, focus, margins at the sides, character sets, resets.
        "\x1b[?1h\x1b[?1000;1002;1006h\x1b[?2004h\x1b[?1004h\x1b[?69h\x1b[2;9s\x1b=\x1b>",
        "\x1b[>4;2m\x1b[>1u\x1b[<u\x1b[=5;1u\x1b[?u\x1bc\x1b[!p\x1b#8\x1b%G\x1b)0\x1b(A\x0e\x0f",
        "\x1b[1;2;3;4;5T\x1b[4h\x1b[20h\x1b[5i\x1b[2 q\x1b[1\"q\x1b[1 @",
        // The watcher's scrollback, his ears, and his patience.
        "\x1b[3J\x07\x1b[999999999b\x1b[4294967296C",
        "\0\x7f\u{80}\u{85}\u{9c}",
    ] {
        assert_eq!(screen(text), "", "{text:?}");
    }
}

#[test]
fn of_several_modes_the_harmless_ones_are_left() {
    assert_eq!(screen("\x1b[?12;25h\x1b[?25;1000h"), "\x1b[?25h\x1b[?25h");
    assert_eq!(screen("\x1b[?1049l\x1b[?1049h\x1b[?1049h"), "\x1b[?1049h");
}

#[test]
fn nothing_is_hidden_behind_a_sequence_that_does_not_end() {
    for (text, shown) in [
        ("\x1b]0;never ended\nrm -rf /\n", "\nrm -rf /\n"),
        ("\x1bPnever ended\r$ rm", "\r$ rm"),
        ("\x1b[1;2\nrm", "\nrm"),
        ("\x1b[1;2ürm", "ürm"),
        ("\x1bürm\x1b(ürm", "ürmürm"),
        ("\x1b]0;x\x18rm", "rm"),
        ("\x1b[\x1b[31mrm", "\x1b[31mrm"),
        // Not taken for an introducer, so what follows it is shown.
        ("\u{9d}0;title\u{9b}31m", "0;title31m"),
        ("\u{90}q\u{9c}", "q"),
    ] {
        assert_eq!(screen(text), shown, "{text:?}");
    }
    let long = format!("\x1b[{}m", "1;".repeat(MAX_PARAMETERS));
    assert_eq!(screen(&format!("{long}rm")), "rm");
}

#[test]
fn text_to_search_in_has_no_sequences() {
    let text = "\x1b[1mrm\x1b[0m \x1b]0;x\x07-\x1b(Br\x08f\n";
    assert_eq!(filtered(text, Keep::Text), "rm -rf\n");
}

#[test]
fn the_reset_undoes_what_was_done_and_leaves_the_cursor_elsewhere() {
    let reset = |text: &str| {
        let mut filter = TerminalFilter::new(Keep::Screen);
        filter.push(text, &mut String::new());
        filter.reset()
    };
    assert_eq!(reset("x"), "\x1b[!p\x1b[?7h\x1b[?25h\x1b(B\x1b[0m");
    assert!(reset("\x1b[?1049h").starts_with("\x1b[?1049l"));
    assert!(!reset("\x1b[?1049h\x1b[?1049l").contains("1049"));
    assert!(reset("\x1b[2;5r").contains("\x1b[r"));
}

/// What a hostile program would print: sequences and pieces of them.
fn output() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,4}",
        "[\x00-\x1f\x7f\u{80}-\u{9f}]",
        "\x1b[\\[\\]P_^X()#%78cDEMZ]",
        "\x1b\\[[?>=<!]?[0-9;:]{0,8}[ -/]?[@-~]",
        "\x1b\\][0-9]{1,4};[a-z]{0,4}(\x07|\x1b\\\\)?",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn only_known_sequences_pass(text in output()) {
        let out = screen(&text);
        let mut rest = out.as_str();
        while let Some(at) = rest.find('\x1b') {
            let (before, sequence) = rest.split_at(at);
            prop_assert!(before.chars().all(|c| !c.is_control() || "\t\n\r\x08\x0b\x0c".contains(c)));
            let body = sequence.strip_prefix('\x1b').unwrap();
            rest = match body.chars().next() {
                Some('7' | '8' | 'D' | 'E' | 'M') => body.split_at(1).1,
                Some('(') => {
                    prop_assert!(body.starts_with("(0") || body.starts_with("(B"));
                    body.split_at(2).1
                }
                Some('[') => {
                    let (parameters, end) = body
                        .split_at(1)
                        .1
                        .split_once(|c| ('@'..='~').contains(&c))
                        .unwrap();
                    let last = body.chars().nth(1 + parameters.len()).unwrap();
                    let known = "@ABCDEFGHIJKLMPSTXZ`abdefmrsu";
                    let mode = ["?7", "?25", "?1049"].contains(&parameters);
                    let finals = if mode { "hl" } else { known };
                    prop_assert!(finals.contains(last));
                    prop_assert!(mode || parameters.chars().all(|c| ";:0123456789".contains(c)));
                    end
                }
                other => panic!("{other:?}"),
            };
        }
        prop_assert!(rest.chars().all(|c| !c.is_control() || "\t\n\r\x08\x0b\x0c".contains(c)));
    }

    #[test]
    fn it_does_not_matter_how_the_output_is_cut(text in output(), at in any::<prop::sample::Index>()) {
        let mut out = String::new();
        let mut filter = TerminalFilter::new(Keep::Screen);
        let (before, behind) = text.split_at(text.floor_char_boundary(at.index(text.len() + 1)));
        filter.push(before, &mut out);
        filter.push(behind, &mut out);
        prop_assert_eq!(out, screen(&text));
    }

    #[test]
    fn what_was_filtered_passes_as_it_is(text in output()) {
        let once = screen(&text);
        prop_assert_eq!(screen(&once), once);
    }

    #[test]
    fn plain_text_passes_as_it_is(text in "\\PC{0,40}") {
        prop_assert_eq!(screen(&text), text);
    }
}
