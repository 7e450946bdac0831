use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

use super::*;
use crate::mask::detect::{BuiltIn, DetectorSpec};

fn known(values: &[(&str, &[u8])]) -> Vec<KnownValue> {
    let of = |(key, value): &(&str, &[u8])| KnownValue {
        secret: "s".into(),
        key: (*key).into(),
        value: value.to_vec(),
    };
    values.iter().map(of).collect()
}

fn plan(values: &[(&str, &[u8])]) -> Arc<TextPlan> {
    let rule = TextRule { document: "text".into(), known_secrets: true, ..TextRule::default() };
    Arc::new(TextRules::new([rule]).compile(&known(values)))
}

fn mask(plan: &Arc<TextPlan>, chunks: &[&[u8]]) -> Vec<u8> {
    let (mut out, mut masker) = (Vec::new(), plan.masker());
    for chunk in chunks {
        masker.push(chunk, &mut out);
    }
    masker.finish(&mut out);
    out
}

fn contains(text: &[u8], value: &[u8]) -> bool {
    text.windows(value.len()).any(|window| window == value)
}

#[test]
fn a_value_is_masked_in_every_form() {
    let value = "pa$$ <wörd>/\"x\\1\"";
    let plan = plan(&[("k", value.as_bytes())]);
    for (text, left) in [
        (format!("a={value};"), "a=[masked:s/k];"),
        (
            format!("{{\"a\":{}}}", serde_json::to_string(value).unwrap()),
            "{\"a\":\"[masked:s/k]\"}",
        ),
        (r#""pa$$ \u003cwörd\u003e/\"x\\1\"""#.into(), "\"[masked:s/k]\""),
        ("?p=pa%24%24+%3Cw%C3%B6rd%3E%2F%22x%5C1%22&x".into(), "?p=[masked:s/k]&x"),
        ("?p=pa%24%24%20%3cw%c3%b6rd%3e%2f%22x%5c1%22&x".into(), "?p=[masked:s/k]&x"),
        ("/pa$$%20%3Cw%C3%B6rd%3E%2F%22x%5C1%22/".into(), "/[masked:s/k]/"),
    ] {
        let masked = mask(&plan, &[text.as_bytes()]);
        assert_eq!(String::from_utf8_lossy(&masked), left, "{text}");
    }
}

#[test]
fn a_value_in_base64_is_masked_at_every_alignment_with_what_is_mixed_into_its_neighbours() {
    for value in ["hunter2", "hunter22", "hunter222", "\u{3ff}\u{3ff}\u{3ff}??>>"] {
        let plan = plan(&[("k", value.as_bytes())]);
        for (before, after) in (0..4).flat_map(|a| (0..4).map(move |b| (a, b))) {
            let text = format!("{}{value}{}", "#".repeat(before), "#".repeat(after));
            for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
                let masked = mask(&plan, &[format!("x {encoded} y").as_bytes()]);
                let masked = String::from_utf8(masked).unwrap();
                let (front, back) = masked.split_once("[masked:s/k]").unwrap();
                assert_eq!(front.len() - 2, before * 8 / 6, "{encoded} {masked}");
                assert!(front.starts_with("x ") && back.ends_with(" y"));
                let rest = back.strip_suffix(" y").unwrap().trim_end_matches('=');
                assert!(rest.len() <= (after * 8).div_ceil(6), "{encoded} {masked}");
            }
        }
    }
}

#[test]
fn of_what_base64_wraps_no_line_is_left() {
    let value: Vec<u8> = (0..200_u8).collect();
    let plan = plan(&[("k", &value)]);
    let encoded = STANDARD.encode(&value);
    for width in [64, 76] {
        let lines = encoded.as_bytes().chunks(width).map(|line| [line, b"\n"].concat());
        let masked =
            String::from_utf8(mask(&plan, &[&lines.collect::<Vec<_>>().concat()])).unwrap();
        assert!(masked.lines().all(|line| line == "[masked:s/k]"), "{masked}");
    }
}

#[test]
fn the_lines_of_a_value_are_masked_one_by_one_and_together() {
    let key = "-----BEGIN X-----\nMIIEpAIBAAKCAQEA\nc2VjcmV0IGtleSE=\n-----END X-----\n";
    let plan = plan(&[("k", key.as_bytes())]);
    assert_eq!(mask(&plan, &[format!("<{key}>").as_bytes()]), b"<[masked:s/k]\n>");
    let printed = key.replace('\n', "\nlog: ");
    let expected =
        "-----BEGIN X-----\nlog: [masked:s/k]\nlog: [masked:s/k]\nlog: -----END X-----\nlog: ";
    assert_eq!(String::from_utf8(mask(&plan, &[printed.as_bytes()])).unwrap(), expected);
}

#[test]
fn long_values_become_one_placeholder_and_leave_nothing() {
    let value = (0..5000).map(|n| format!("{n:x}")).collect::<Vec<_>>().join("g");
    let plan = plan(&[("k", value.as_bytes())]);
    assert_eq!(mask(&plan, &[format!("a {value} b").as_bytes()]), b"a [masked:s/k] b");
    let encoded = STANDARD.encode(format!("x{value}x"));
    let masked = String::from_utf8(mask(&plan, &[encoded.as_bytes()])).unwrap();
    assert!(masked.len() < 20, "{masked}");
}

#[test]
fn overlapping_values_leave_no_fragment() {
    let plan =
        plan(&[("a", b"abcdefgh"), ("b", b"efghijkl"), ("c", b"abcdefghij"), ("d", b"zzyyxx")]);
    for (text, left) in [
        ("-abcdefghijkl-", "-[masked:s/c]-"),
        ("-abcdefgh-", "-[masked:s/a]-"),
        ("-abcdefghi-", "-[masked:s/a]i-"),
        ("-efghijklzzyyxxzzyyxx", "-[masked:s/b][masked:s/d]"),
    ] {
        assert_eq!(String::from_utf8(mask(&plan, &[text.as_bytes()])).unwrap(), left, "{text}");
    }
}

#[test]
fn a_release_gives_the_beginning_away_but_not_the_rest() {
    let plan = plan(&[("k", b"correct horse")]);
    let (mut out, mut masker) = (Vec::new(), plan.masker());
    masker.push(b"$ correct", &mut out);
    assert_eq!((out.as_slice(), masker.is_holding()), (b"$ ".as_slice(), true));
    masker.release(&mut out);
    assert_eq!((out.as_slice(), masker.is_holding()), (b"$ correct".as_slice(), false));
    masker.push(b" ho", &mut out);
    masker.push(b"rse battery", &mut out);
    let report = masker.finish(&mut out);
    assert_eq!(out, b"$ correct[masked:s/k] battery");
    assert_eq!(report.masked, [("text".to_owned(), 1)].into());
}

#[test]
fn what_is_too_common_stays_and_without_values_nothing_is_held() {
    let plan = plan(&[("a", b"true"), ("b", b"localhost"), ("c", b"5432"), ("d", b"")]);
    let (mut out, mut masker) = (Vec::new(), plan.masker());
    masker.push(b"true localhost:5432", &mut out);
    assert!(!masker.is_holding());
    assert_eq!(out, b"true localhost:5432");
}

#[test]
fn nothing_shows_the_values() {
    let values = known(&[("k", b"correct horse")]);
    let rule = TextRule { document: "text".into(), known_secrets: true, ..TextRule::default() };
    let plan = Arc::new(TextRules::new([rule]).compile(&values));
    let mut masker = plan.masker();
    masker.push(b"correct h", &mut Vec::new());
    let shown = format!("{values:?} {plan:?} {masker:?}");
    assert!(!shown.contains("correct") && !shown.contains("99, 111"), "{shown}");
}

fn detecting() -> Arc<TextPlan> {
    let mut specs = BuiltIn::ALL.map(DetectorSpec::BuiltIn).to_vec();
    specs.retain(|spec| spec.name() != "bearer");
    let detectors = Detectors::compile(&specs).unwrap();
    let rule = TextRule { document: "text".into(), detectors, ..TextRule::default() };
    Arc::new(TextRules::new([rule]).compile(&[]))
}

fn token() -> String {
    format!("ghp_{}", "aB3".repeat(12))
}

fn key(body: &str) -> String {
    format!("-----BEGIN RSA {0}-----\n{body}-----END RSA {0}-----", "PRIVATE KEY")
}

#[test]
fn what_detectors_find_is_masked_wherever_the_text_is_cut() {
    let body = "MIIEpAIBAAKCAQEA0123456789+/abcdefghijklmnop=\n".repeat(3);
    let text = format!(
        "start {0} end\nurl postgres://a:hunter2@db/x\n{1}\nafter {0}\n{{\"k\":\"{2}\"}}\n$ {0}",
        token(),
        key(&body),
        key(&body).replace('\n', "\\n"),
    );
    let left = "start [masked:vendor-token] end\nurl postgres://a:[masked:url-password]@db/x\n\
        [masked:private-key]\nafter [masked:vendor-token]\n{\"k\":\"[masked:private-key]\"}\n\
        $ [masked:vendor-token]";
    let plan = detecting();
    for at in 0..text.len() {
        let (front, back) = text.as_bytes().split_at(at);
        assert_eq!(String::from_utf8(mask(&plan, &[front, back])).unwrap(), left, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(String::from_utf8(mask(&plan, &bytes)).unwrap(), left);
}

#[test]
fn in_long_lines_everything_is_found_and_keys_end_at_last() {
    let plan = detecting();
    for noise in [4000, 4050, 4095, 4096, 9000] {
        let text = format!("{}\",\"{}\"{}", "x".repeat(noise), token(), "y".repeat(5000));
        let masked = String::from_utf8(mask(&plan, &[text.as_bytes()])).unwrap();
        assert_eq!(masked, text.replace(&token(), "[masked:vendor-token]"));
    }
    let begun = format!("-----BEGIN {}-----\n", "PRIVATE KEY");
    let text = format!("{begun}{}", "a line of a log\n".repeat(2000));
    let masked = String::from_utf8(mask(&plan, &[text.as_bytes()])).unwrap();
    assert!(masked.starts_with("[masked:private-key]") && masked.ends_with("a line of a log\n"));
    assert!(masked.len() > 15_000 && masked.len() < 17_000);
}

fn parts(values: &[(&str, &[u8])]) -> Arc<TextPlan> {
    let rule = TextRule { document: "text".into(), known_secrets: true, ..TextRule::default() };
    Arc::new(TextRules::new([rule]).compile(&known(values)).of_parts())
}

#[test]
fn what_a_beginning_or_an_end_cuts_in_two_is_masked_however_it_comes() {
    let long = "0123456789abcdef-".repeat(200);
    let json = r#"say "<hunter2>" & go"#;
    let encoded = STANDARD.encode(json);
    let values: [(&str, &[u8]); 3] =
        [("a", b"hunter2xyz"), ("j", json.as_bytes()), ("l", long.as_bytes())];
    let plan = parts(&values);
    let stamp = "2026-11-25T21:50:47.123456789Z ";
    for (text, left) in [
        ("ter2xyz-tail\n".to_owned(), "[masked:s/a]-tail\n".to_owned()),
        (format!("{stamp}ter2xyz-tail\n"), format!("{stamp}[masked:s/a]-tail\n")),
        (format!("{stamp}x\nter2xyz\n"), format!("{stamp}x\nter2xyz\n")),
        ("r2xyz-tail ter2xyz\n".into(), "r2xyz-tail ter2xyz\n".into()),
        ("hunter2xyz\n".into(), "[masked:s/a]\n".into()),
        ("ter2xyzhunter2xyz\n".into(), "[masked:s/a]\n".into()),
        ("ter2xyhunter2xyz\n".into(), "ter2xy[masked:s/a]\n".into()),
        (format!("{}\n", long.split_at(500).1), "[masked:s/l]\n".into()),
        (format!("{}\n", long.split_at(3300).1), "[masked:s/l]\n".into()),
        (format!("{}\n", encoded.split_at(7).1), "[masked:s/j]\n".into()),
        (r#"er2\u003e\" \u0026 go"}"#.to_owned() + "\n", "[masked:s/j]\"}\n".into()),
        ("a log hunter2".into(), "a log [masked:s/a]".into()),
        ("a log hunte".into(), "a log hunte".into()),
        ("a log hunter2\n".into(), "a log hunter2\n".into()),
        (long.split_at(3000).0.split_at(5).1.to_owned(), "[masked:s/l]".into()),
        ("unter2xy".into(), "[masked:s/a]".into()),
        ("2026-11-2".into(), "2026-11-2".into()),
        (String::new(), String::new()),
    ] {
        let text = text.as_bytes();
        for at in (0..text.len()).step_by(1 + text.len() / 100) {
            let (front, back) = text.split_at(at);
            let masked = String::from_utf8(mask(&plan, &[front, back])).unwrap();
            assert_eq!(masked, left, "cut at {at}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(String::from_utf8(mask(&plan, &bytes)).unwrap(), left);
    }
    // What is known to begin at the beginning is what it is, and so is an argument.
    assert_eq!(mask(&plan_of(&[b"hunter2xyz".to_vec()]), &[b"ter2xyz"]), b"ter2xyz");
    assert_eq!(plan.mask_str("ter2xyz").0, "ter2xyz");
}

#[test]
fn of_the_rest_of_a_value_that_comes_slowly_nothing_is_let_out() {
    let plan = parts(&[("k", b"correct horse battery")]);
    let (mut out, mut masker) = (Vec::new(), plan.masker());
    for (bytes, left) in [
        ("rect horse", "[masked:s/k]"),
        (" bat", "[masked:s/k]"),
        ("tery st", "[masked:s/k] st"),
        ("aple", "[masked:s/k] staple"),
    ] {
        masker.push(bytes.as_bytes(), &mut out);
        masker.release(&mut out);
        assert_eq!(str::from_utf8(&out).unwrap(), left);
    }
}

/// Values of few letters, so that they overlap, and text made of them and between them.
fn values_and_text() -> impl Strategy<Value = (Vec<Vec<u8>>, Vec<u8>)> {
    let values = prop::collection::vec("[ab<\" %]{6,12}".prop_map(String::into_bytes), 1..5);
    values.prop_flat_map(|values| {
        let pieces =
            prop::collection::vec((any::<prop::sample::Index>(), 0..5_u8, "[ab< ]{0,4}"), 1..8);
        let of = values.clone();
        let text = pieces.prop_map(move |pieces| {
            let piece = |(index, form, noise): (prop::sample::Index, u8, String)| {
                let value = index.get(&of);
                let spelled = match form {
                    0 => value.clone(),
                    1 => STANDARD.encode(value).into_bytes(),
                    2 => serde_json::to_vec(str::from_utf8(value).unwrap()).unwrap(),
                    3 => STANDARD.encode([b"x", value.as_slice(), b"y"].concat()).into_bytes(),
                    _ => value.iter().take(4).copied().collect(),
                };
                [spelled, noise.into_bytes()].concat()
            };
            pieces.into_iter().flat_map(piece).collect()
        });
        (Just(values), text)
    })
}

fn plan_of(values: &[Vec<u8>]) -> Arc<TextPlan> {
    let keys: Vec<String> = (0..values.len()).map(|n| format!("k{n}")).collect();
    let values: Vec<_> =
        keys.iter().map(String::as_str).zip(values.iter().map(Vec::as_slice)).collect();
    plan(&values)
}

/// What is left between the placeholders, each of which becomes a byte that is in no value.
fn rest(masked: &[u8]) -> Vec<u8> {
    let mut text = String::from_utf8_lossy(masked).into_owned();
    for key in 0..5 {
        text = text.replace(&format!("[masked:s/k{key}]"), "\u{1}");
    }
    text.into_bytes()
}

/// A whole value at the beginning of a part, of which the beginning is the end of another value, too.
#[test]
fn what_begins_as_the_end_of_one_value_and_as_another_has_one_name() {
    let plan = parts(&[("k0", b"<\" \"<%"), ("k1", b"<\"< \"<\" \"")]);
    let text = br#"<\" \"<%" and on"#;
    let whole = mask(&plan, &[text]);
    for at in 0..text.len() {
        let (front, back) = text.split_at(at);
        assert_eq!(mask(&plan, &[front, back]), whole, "cut at {at}");
    }
}

proptest! {
    #[test]
    fn cutting_the_text_anywhere_changes_nothing_and_no_value_is_left(
        (values, text) in values_and_text()
    ) {
        let plan = plan_of(&values);
        let whole = mask(&plan, &[&text]);
        for at in 0..text.len() {
            let (front, back) = text.split_at(at);
            prop_assert_eq!(&mask(&plan, &[front, back]), &whole, "cut at {}", at);
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        prop_assert_eq!(&mask(&plan, &bytes), &whole);
        let rest = rest(&whole);
        for value in values.iter().filter(|value| !common::is_too_common(value.trim_ascii())) {
            prop_assert!(!contains(&rest, value.trim_ascii()));
            prop_assert!(!contains(&rest, STANDARD.encode(value.trim_ascii()).as_bytes()));
        }
    }

    #[test]
    fn cutting_a_part_anywhere_changes_nothing(
        (values, text) in values_and_text(),
        begins in any::<prop::sample::Index>(),
        stamped in any::<bool>(),
    ) {
        let keys: Vec<String> = (0..values.len()).map(|n| format!("k{n}")).collect();
        let values: Vec<_> =
            keys.iter().map(String::as_str).zip(values.iter().map(Vec::as_slice)).collect();
        let plan = parts(&values);
        let stamp: &[u8] = if stamped { b"2026-11-25T21:50:47Z " } else { b"" };
        let text = [stamp, text.split_at(begins.index(text.len() + 1)).1].concat();
        let whole = mask(&plan, &[&text]);
        for at in 0..text.len() {
            let (front, back) = text.split_at(at);
            prop_assert_eq!(&mask(&plan, &[front, back]), &whole, "cut at {}", at);
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        prop_assert_eq!(&mask(&plan, &bytes), &whole);
    }

    #[test]
    fn of_a_part_no_end_of_a_value_is_left_at_its_beginning(
        value in "[a-z\"<& %]{8,40}",
        (at, form) in (any::<prop::sample::Index>(), 0..3_u8),
        noise in "[ A-Z]{0,9}",
        cut in any::<prop::sample::Index>(),
    ) {
        let value = value.trim_ascii();
        prop_assume!(!common::is_too_common(value.as_bytes()) && value.len() > 6);
        let spelled = match form {
            0 => value.to_owned(),
            1 => STANDARD.encode(value).trim_end_matches('=').to_owned(),
            _ => {
                let quoted = serde_json::to_string(value).unwrap();
                quoted.split_at(quoted.len() - 1).0.split_at(1).1.to_owned()
            }
        };
        // The last character of base64 is not of the value alone.
        let own = if form == 1 { value.len() * 8 / 6 } else { spelled.len() };
        let rest = spelled.split_at(at.index(own - 5)).1;
        let text = format!("{rest} {noise}");
        let plan = parts(&[("k", value.as_bytes())]);
        let whole = mask(&plan, &[text.as_bytes()]);
        prop_assert!(whole.starts_with(b"[masked:s/k]"), "{}", String::from_utf8_lossy(&whole));
        let (front, back) = text.as_bytes().split_at(cut.index(text.len()));
        prop_assert_eq!(mask(&plan, &[front, back]), whole);
    }

    #[test]
    fn random_values_are_masked_in_random_bytes(
        value in prop::collection::vec(any::<u8>(), 8..3000),
        (front, back) in (prop::collection::vec(any::<u8>(), 0..50), prop::collection::vec(any::<u8>(), 0..50)),
        cut in any::<prop::sample::Index>(),
        released in any::<bool>(),
    ) {
        let value = value.trim_ascii();
        prop_assume!(!common::is_too_common(value));
        let plan = plan(&[("k", value)]);
        let text = [&front, value, &back].concat();
        prop_assert!(contains(&mask(&plan, &[&text]), b"[masked:s/k]"));
        let (first, second) = text.split_at(cut.index(text.len()));
        let (mut out, mut masker) = (Vec::new(), plan.masker());
        masker.push(first, &mut out);
        if released {
            masker.release(&mut out);
        }
        masker.push(second, &mut out);
        masker.finish(&mut out);
        prop_assert!(!contains(&out, value));
    }

    #[test]
    fn text_without_values_passes_byte_by_byte(text in prop::collection::vec(any::<u8>(), 0..400)) {
        let plan = plan(&[("k", b"correct horse battery"), ("l", b"staple staple")]);
        prop_assert_eq!(mask(&plan, &[&text]), text);
    }
}
