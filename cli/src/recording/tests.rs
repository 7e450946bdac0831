use std::io::Cursor;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// An exec, in which somebody waits for a minute.
pub(crate) const SESSION: &str = r#"{"version":2,"width":80,"height":24,"timestamp":1700000000,"kguard":{"caller":"oidc:alice","cluster":"prod","kind":"exec","namespace":"shop","pod":"web-0","container":"app","command":["sh"],"tty":true}}
[0.5,"o","$ "]
[1.0,"i","l"]
[1.0,"o","l"]
[1.5,"o","s\r\n"]
[1.6,"r","100x40"]
[1.75,"o","a.txt\r\n$ "]
[61.75,"o","exit\r\n"]
[62.0,"x","0"]
[62.0,"k","{\"ended\":\"it exited\"}"]
"#;

pub(crate) fn open(text: &str) -> (Header, Reader<Cursor<Vec<u8>>>) {
    Reader::open(Cursor::new(text.as_bytes().to_vec())).unwrap()
}

fn outputs(text: &str) -> (Vec<(f64, String)>, Place) {
    let (_, mut reader) = open(text);
    let mut outputs = Vec::new();
    while let Some(Event { at, what }) = reader.next().unwrap() {
        if let What::Output(text) = what {
            outputs.push((at, text));
        }
    }
    (outputs, reader.place())
}

#[test]
fn the_header_says_what_was_recorded() {
    let (header, _) = open(SESSION);
    assert_eq!((header.size, header.is_tty()), (Some((80, 24)), true));
    assert_eq!(header.title(), "oidc:alice in prod: exec shop/web-0 -c app: sh");
    let (header, _) = open("{\"version\":2,\"width\":\"x\",\"kguard\":{\"pod\":1,\"tty\":false}}");
    assert_eq!((header.size, header.is_tty(), header.title()), (None, false, String::new()));
}

#[test]
fn what_is_no_recording_is_refused() {
    for (text, error) in [
        ("", "no recording"),
        ("[]\n", "no recording"),
        ("{}\n", "no recording"),
        ("{\"version\":3}\n", "version 3"),
        ("\x7fELF", "no recording"),
    ] {
        let refused = Reader::open(Cursor::new(text.as_bytes())).unwrap_err();
        assert!(refused.to_string().contains(error), "{text:?}: {refused}");
    }
}

#[test]
fn what_cannot_be_read_is_left_out_and_counted() {
    let long = format!("[3,\"o\",\"{}\"]", "x".repeat(1 << 20));
    let text = format!(
        "{{\"version\":2}}\n[1,\"o\",\"a\"]\n\n[2,\"o\",7]\n[]\nnonsense\n{long}\n[0.5,\"o\",\"b\"]\n\
         [-1,\"o\",\"c\"]\n[1e300,\"o\",\"d\"]\n[9,\"v\",{{}}]\n[9,\"o\",\"torn"
    );
    let (outputs, place) = outputs(&text);
    let expected = [(1.0, "a"), (1.0, "b"), (1.0, "c"), (MAX_SECONDS, "d")];
    assert_eq!(outputs, expected.map(|(at, text)| (at, text.to_owned())));
    assert_eq!((place.number, place.unreadable), (5, 5));
}

#[test]
fn reading_goes_on_from_any_place() {
    let (_, mut reader) = open(SESSION);
    reader.next().unwrap();
    let place = reader.place();
    let next = reader.next().unwrap();
    while reader.next().unwrap().is_some() {}
    reader.go_to(place).unwrap();
    assert_eq!(reader.next().unwrap(), next);
}

fn text_of(fact: &Value) -> Value {
    Value::String(fact.to_string())
}

/// What is read of a fact that the gateway writes.
fn fact(fact: &Value) -> What {
    let line = json!([1.0, "k", text_of(fact)]).to_string();
    Event::read(line.as_bytes()).unwrap().what
}

#[test]
fn facts_are_text_that_holds_an_object() {
    let fact = Event::read(br#"[1,"k","{\"ended\":null}"]"#).unwrap().what;
    assert_eq!(fact, What::Fact(json!({"ended": null})));
    for none in [r#"{"ended":null}"#, r#""nonsense""#, r#""[]""#, r#""null""#, "null"] {
        assert_eq!(Event::read(format!("[1,\"k\",{none}]").as_bytes()), None, "{none}");
    }
}

#[test]
fn the_summary_tells_of_files_ports_and_the_end() {
    let mut summary = Summary::default();
    for known in [
        json!({"stderr": true}),
        json!({"file": {"name": "a\u{1b}[2J.txt", "bytes": 3, "sha256": "ab", "direction": "down"}}),
        json!({"file": {"name": "b", "bytes": 1, "cut": true, "direction": "up"}}),
        json!({"file": "nonsense"}),
        json!({"file": {"name": "c", "link": "../d", "direction": "down"}}),
        json!({"archive": "is none that can be read"}),
        json!({"port": 8080, "connection": 1}),
        json!({"port": 8081, "refused": true}),
        json!({"port": 8080, "connection": 2}),
        json!({"port": 8080, "connection": 1, "up": 1, "down": 2}),
        json!({"port": 8080, "refused": true}),
        json!({"port": 8080, "connection": 2, "up": 3, "down": 4}),
        json!({"port": 80, "connection": 3}),
        json!({"port": "x"}),
        json!({"port": 70_000}),
        json!({"ended": "the pod is gone"}),
    ] {
        summary.note(&fact(&known));
    }
    summary.note(&What::Exit("137".to_owned()));
    assert!(summary.has_end());
    assert_eq!(
        summary.lines(),
        [
            "copied out of the pod: a\\u{1b}[2J.txt, 3 bytes, sha256 ab",
            "copied into the pod: b, 1 bytes, cut off",
            "copied out of the pod: c -> ../d",
            "port 80: 1 connection, 0 bytes up, 0 bytes down",
            "port 8080: 2 connections, 4 bytes up, 6 bytes down, 1 refused",
            "port 8081: 1 refused",
            "ended: the pod is gone",
            "exit status 137",
        ]
    );
}

#[test]
fn the_summary_tells_what_the_recording_does_not_list() {
    let of = |files: u64, unread: u64| {
        let mut summary = Summary::default();
        summary.note(&fact(&json!({"file": {"name": "a", "direction": "up"}})));
        let archive = json!({"files": files, "direction": "up", "unread": unread});
        summary.note(&fact(&json!({"archive": archive})));
        summary.lines().split_off(1)
    };
    assert_eq!(of(1, 0), [""; 0]);
    assert_eq!(
        of(10_001, 7),
        [
            "copied: 10001 files in all, of which the recording lists the first 1",
            "not recorded: 7 bytes of input that are of no archive",
        ]
    );
}

#[test]
fn an_end_without_a_reason_is_one_and_a_failure_has_no_exit_status() {
    let mut summary = Summary::default();
    assert!(!summary.has_end());
    summary.note(&fact(&json!({"ended": null})));
    assert!(summary.has_end());
    assert_eq!(summary.lines(), [""; 0]);
    summary.note(&Event::read(br#"[2,"x","the pod is gone"]"#).unwrap().what);
    assert_eq!(summary.lines(), ["failed: the pod is gone"]);
    summary.note(&Event::read(br#"[2,"x",1]"#).unwrap().what);
    assert_eq!(summary.lines(), ["exit status 1"]);
}

#[test]
fn the_summary_is_bounded() {
    let (mut files, mut ports) = (Summary::default(), Summary::default());
    for number in 0..1000 {
        files.note(&fact(&json!({"file": {"name": "a"}})));
        ports.note(&fact(&json!({"port": number, "refused": true})));
        ports.note(&fact(&json!({"port": 1, "connection": number, "up": u64::MAX, "down": 1})));
    }
    for summary in [files, ports] {
        assert_eq!(summary.lines().len(), 201);
        assert_eq!(summary.lines().last().unwrap(), "… and 800 more");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Header::read(&bytes);
        let _ = Event::read(&bytes);
        let text = [b"{\"version\":2}\n".as_slice(), &bytes].concat();
        let (_, mut reader) = Reader::open(Cursor::new(text)).unwrap();
        while let Some(event) = reader.next().unwrap() {
            prop_assert!((0.0..=MAX_SECONDS).contains(&event.at));
        }
    }

    #[test]
    fn nor_does_anything_like_a_recording(
        lines in prop::collection::vec(
            (any::<f64>(), "[oxkirm]", prop_oneof![
                "\\PC{0,8}".prop_map(Value::from),
                any::<u64>().prop_map(|port| text_of(&json!({"port": port, "up": -1}))),
                any::<u16>().prop_map(|port| text_of(&json!({"port": port, "up": 1, "down": 2}))),
                Just(text_of(&json!({"file": {"name": 1}, "ended": []}))),
            ]),
            0..8,
        ),
    ) {
        let lines = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n");
        let text: String = std::iter::once("{\"version\":2}\n".to_owned()).chain(lines).collect();
        let (_, mut reader) = open(&text);
        let (mut before, mut summary) = (0.0, Summary::default());
        while let Some(event) = reader.next().unwrap() {
            prop_assert!(event.at >= before);
            before = event.at;
            summary.note(&event.what);
        }
        let _ = summary.lines();
    }
}
