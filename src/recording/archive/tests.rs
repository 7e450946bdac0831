use proptest::prelude::*;

use super::*;
use crate::audit::hex::sha256;

fn header(name: &str, size: usize, kind: u8) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[156] = kind;
    if kind == b'2' {
        block[157..163].copy_from_slice(b"target");
    }
    block[257..263].copy_from_slice(b"ustar\0");
    block[148..156].copy_from_slice(b"        ");
    let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

fn entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut entry = header(name, content.len(), kind);
    entry.extend(content);
    entry.resize(entry.len().next_multiple_of(BLOCK), 0);
    entry
}

fn archive() -> Vec<u8> {
    let long = "d/".repeat(120) + "long";
    let record = format!("path={long}\n");
    let length = record.len() + 4;
    [
        entry("dir/", b'5', b""),
        entry("a", b'0', b"hello"),
        entry("empty", b'0', b""),
        entry("link", b'2', b""),
        entry("x", b'x', format!("{length} {record}").as_bytes()),
        entry("cut", b'0', &[7; 600]),
        entry("././@LongLink", b'L', b"gnu/long\0"),
        entry("cut", b'0', b"x"),
        vec![0; 2 * BLOCK],
    ]
    .concat()
}

#[test]
fn every_file_is_listed() {
    let bytes = archive();
    for size in [1, 7, 512, bytes.len()] {
        let mut archive = Archive::default();
        let found: Vec<_> = bytes.chunks(size).map(|chunk| archive.push(chunk)).collect();
        assert!(found.iter().all(|found| found.rest.is_empty()));
        let files: Vec<_> = found.into_iter().flat_map(|found| found.files).collect();
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        let long = "d/".repeat(120) + "long";
        assert_eq!(names, ["a", "empty", "link", long.as_str(), "gnu/long"]);
        assert_eq!(files[0].sha256, Some(sha256(b"hello")));
        assert_eq!((files[2].link.as_deref(), &files[2].sha256), (Some("target"), &None));
        assert_eq!(files[3].bytes, 600);
        assert_eq!((archive.count(), archive.end()), (5, Found::default()));
    }
}

/// The block with other bytes at one place, summed up again.
fn with(mut bytes: Vec<u8>, at: usize, own: &[u8]) -> Vec<u8> {
    bytes[at..at + own.len()].copy_from_slice(own);
    bytes[148..156].copy_from_slice(b"        ");
    let sum: u64 = bytes[..BLOCK].iter().map(|byte| u64::from(*byte)).sum();
    bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    bytes
}

/// That all of it is read, or that it is given back from its first block on.
fn assert_read(bytes: &[u8], is_read: bool, case: &str) {
    let hidden = entry("hidden", b'0', b"y");
    for size in [1, BLOCK, 1 << 16] {
        let mut archive = Archive::default();
        let all = [&entry("first", b'0', b"x"), bytes, &hidden].concat();
        let found: Vec<_> = all.chunks(size).map(|chunk| archive.push(chunk)).collect();
        let rest: Vec<_> = found.iter().flat_map(|found| found.rest.clone()).collect();
        let last = found.iter().flat_map(|found| &found.files).last().unwrap();
        assert_eq!(last.name == "hidden", is_read, "{case}");
        assert_eq!(last.name == "first", !is_read, "{case}");
        assert_eq!(rest.is_empty(), is_read, "{case}");
        assert!(is_read || rest.starts_with(&bytes[..BLOCK]), "{case}");
    }
}

/// As Go's `archive/tar` does of more than 8 GiB, for `kubectl cp` into a container.
#[test]
fn what_has_no_room_in_a_header_is_read_ahead_of_it() {
    let file = with(entry("big", b'0', &[7; 600]), 124, b"00000000000");
    let said = entry("x", b'x', b"12 size=999\n19 size=8589934592\n");
    let mut archive = Archive::default();
    let bytes = [said, file.clone()].concat();
    assert_eq!(archive.push(&bytes[..bytes.len() - 424]), Found::default());
    let file_found = archive.end().files.pop().unwrap();
    assert_eq!((&*file_found.name, file_found.bytes, file_found.cut), ("big", 600, true));
    assert_eq!(file_found.sha256, Some(sha256(&[7; 600])));
    // Two sizes are one for each reader.
    let said = |text: &[u8]| entry("x", b'x', text);
    let link = entry("link", b'2', b"");
    let other = entry("big", b'0', &[7; 600]);
    let cases = [
        (said(b"12 size=999\n"), &other, false),
        (said(b"10 size=0\n"), &other, false),
        (said(b"12 size=600\n"), &other, true),
        (said(b"12 size=600\n"), &file, false),
        (said(b"19 size=8589934591\n"), &file, false),
        (said(b"19 size=8589934592\n"), &other, false),
        (said(b"10 size=1\n"), &link, false),
        (said(b"10 size=0\n"), &link, true),
    ];
    for (at, (said, file, is_read)) in cases.into_iter().enumerate() {
        assert_read(&[said, file.clone()].concat(), is_read, &at.to_string());
    }
}

#[test]
fn what_is_a_folder_to_some_readers_is_not_read_on() {
    let long = |name: &[u8]| entry("x", b'L', name);
    let pax = |name: &str| entry("x", b'x', format!("{} path={name}\n", name.len() + 8).as_bytes());
    let file = |name: &str| entry(name, b'0', b"x");
    let cases = [
        ("0", file("a/"), false),
        ("NUL", entry("a/", 0, b"x"), false),
        ("7", entry("a/", b'7', b"x"), false),
        ("folder", entry("a/", b'5', b""), true),
        ("empty", file(""), false),
        ("empty pax", entry("", b'x', b"9 path=a\n"), false),
        ("empty behind a long name", [long(b"a\0"), file("")].concat(), false),
        ("only a prefix", with(file(""), 345, b"prefix"), false),
        ("long", [long(b"a/\0"), file("a")].concat(), false),
        ("a long one that was cut", [long(b"a/b\0"), file("a/")].concat(), true),
        ("pax", [pax("a/"), file("a")].concat(), false),
        ("a header behind pax", [pax("a"), file("a/")].concat(), false),
    ];
    for (case, bytes, is_read) in cases {
        assert_read(&bytes, is_read, case);
    }
}

#[test]
fn what_is_said_ahead_is_read_whole_or_given_back() {
    let said = |kind, text: &[u8]| entry("x", kind, text);
    let file = || entry("a", b'0', b"x");
    let (pax, name, link) =
        (|| said(b'x', b"9 path=b\n"), || said(b'L', b"b\0"), || said(b'K', b"b\0"));
    let global = || said(b'g', b"13 comment=a\n");
    let most = usize::try_from(MAX_SAID_BYTES).unwrap();
    let long = |more: usize| [vec![b'b'; most - 1 + more], vec![0]].concat();
    let record = |more: usize| format!("{} path={}\n", most + more, "b".repeat(most + more - 11));
    let cases = [
        ("pax", [pax(), file()].concat(), true),
        ("a name and a link", [link(), name(), file()].concat(), true),
        ("for all", [global(), pax(), file()].concat(), true),
        ("a size for all", [said(b'g', b"10 size=0\n"), file()].concat(), false),
        ("holes", [said(b'x', b"22 GNU.sparse.major=1\n"), file()].concat(), false),
        ("pax twice", [pax(), pax(), file()].concat(), false),
        ("pax and a name", [pax(), name(), file()].concat(), false),
        ("a name and pax", [name(), pax(), file()].concat(), false),
        ("a link and pax", [link(), pax(), file()].concat(), false),
        ("two names", [name(), name(), file()].concat(), false),
        ("for all in between", [pax(), global(), file()].concat(), false),
        ("zeros in between", [pax(), vec![0; BLOCK], file()].concat(), false),
        ("no NUL", [said(b'L', b"b"), file()].concat(), false),
        ("a name with room", [said(b'L', &long(0)), file()].concat(), true),
        ("a name too long", [said(b'L', &long(1)), file()].concat(), false),
        ("a link too long", [said(b'K', &long(1)), file()].concat(), false),
        ("records with room", [said(b'x', record(0).as_bytes()), file()].concat(), true),
        ("records too long", [said(b'x', record(1).as_bytes()), file()].concat(), false),
    ];
    for (case, bytes, is_read) in cases {
        assert_read(&bytes, is_read, case);
    }
    let mut archive = Archive::default();
    let bytes = [name(), link()].concat();
    archive.push(&bytes[..=BLOCK * 3]);
    assert!(archive.end().rest.ends_with(&bytes[BLOCK * 2..=BLOCK * 3]));
}

#[test]
fn a_prefix_is_for_one_kind_of_archive() {
    let file = || with(entry("name", b'0', b"x"), 345, b"prefix");
    let found = Archive::default().push(&file());
    assert_eq!(found.files[0].name, "prefix/name");
    assert_read(&file(), true, "ustar");
    for magic in [b"ustar ", b"\0\0\0\0\0\0", b"ustar0"] {
        assert_read(&with(file(), 257, magic), false, "no ustar");
        assert_read(&with(entry("name", b'0', b"x"), 257, magic), true, "no prefix");
    }
    assert_read(&with(file(), 508, b"tar\0"), false, "star");
}

#[test]
fn the_target_of_a_link_is_listed_whole() {
    let long = "d/".repeat(120) + "long";
    let pax = format!("{} linkpath={long}\n", long.len() + 14);
    for said in [entry("x", b'x', pax.as_bytes()), entry("x", b'K', format!("{long}\0").as_bytes())]
    {
        let found = Archive::default().push(&[said, entry("link", b'2', b"")].concat());
        assert_eq!(found.files[0].link.as_deref(), Some(&*long));
    }
}

#[test]
fn what_is_no_name_names_nothing() {
    let bytes = [
        entry("g", b'g', b"20 comment=harmless\n"),
        entry("K", b'K', b"harmless\0"),
        entry("evil", b'0', b"x"),
    ];
    let found = Archive::default().push(&bytes.concat());
    assert_eq!(found.files.first().map(|file| file.name.as_str()), Some("evil"));
}

#[test]
fn a_file_that_is_cut_off_is_listed() {
    let mut archive = Archive::default();
    let bytes = entry("most", b'0', &[7; 600]);
    assert_eq!(archive.push(&bytes[..BLOCK + 599]).files, []);
    let file = archive.end().files.pop().unwrap();
    assert_eq!((file.name.as_str(), file.bytes, file.cut), ("most", 599, true));
    assert_eq!(file.sha256, Some(sha256(&[7; 599])));
}

#[test]
fn what_readers_take_for_different_things_is_not_read_on() {
    for (kind, content) in [(b'Q', "x"), (b'S', "x"), (b'5', "x"), (b'2', "x"), (b'1', "x")] {
        let hidden = entry("hidden", b'0', b"y");
        let mut bytes = entry("first", b'0', b"x");
        let odd = entry("odd", kind, content.as_bytes());
        bytes.extend([odd.as_slice(), hidden.as_slice()].concat());
        let found = Archive::default().push(&bytes);
        let names: Vec<_> = found.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["first"], "{}", char::from(kind));
        assert!(found.rest.starts_with(&odd[..3]), "{}", char::from(kind));
    }
}

#[test]
fn files_behind_one_block_of_zeros_are_listed() {
    let bytes = [vec![0; BLOCK], entry("hidden", b'0', b"x")].concat();
    let found = Archive::default().push(&bytes);
    assert_eq!(found.files.first().map(|file| file.name.as_str()), Some("hidden"));
}

#[test]
fn what_is_not_of_an_archive_is_given_back() {
    let mut other = Archive::default();
    assert_eq!(other.push(&[b'x'; 600]).rest, [b'x'; 600]);
    let mut short = Archive::default();
    assert_eq!(short.push(b"uid=0(root)").rest, b"");
    assert_eq!(short.end().rest, b"uid=0(root)");
    let mut behind = Archive::default();
    let bytes = [archive(), b"uid=0(root)".to_vec()].concat();
    assert_eq!(behind.push(&bytes).rest, b"uid=0(root)");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000), at in 0..1500_usize, byte in any::<u8>()) {
        Archive::default().push(&bytes);
        let mut archive = archive();
        archive[at] = byte;
        Archive::default().push(&archive);
    }
}
