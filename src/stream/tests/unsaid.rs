//! What peers could say past the masks and the recording goes no further.

use super::*;

#[test]
fn the_reason_of_a_servers_close_goes_no_further() {
    let code = 1011_u16.to_be_bytes();
    let close = ws(0x88, &[&code, SECRET.as_bytes()].concat());
    for protocol in [Protocol::WebSocket, Protocol::WebSocketBase64] {
        let (out, _) = masked(protocol, &[&close]).unwrap();
        assert_eq!(ws_frames(&out), [(0x88, code.to_vec())], "{protocol:?}");
    }
}

#[test]
fn headers_of_a_server_of_spdy_go_no_further() {
    let (mut server, mut said) = (Writer::new(), Vec::new());
    let headers = || Headers::of(&[("x-note", SECRET)]);
    server.write(&Frame::Reply { stream: 5, flags: 0, headers: headers() }, &mut said).unwrap();
    server.write(&Frame::Headers { stream: 5, flags: 1, headers: headers() }, &mut said).unwrap();
    assert!(read(&said).iter().all(|frame| frame.contains(SECRET)));
    let (out, _) = masked(Protocol::Spdy, &[&said]).unwrap();
    let frames = read(&out);
    assert!(frames.iter().all(|frame| !frame.contains(SECRET)), "{frames:?}");
    let kinds: Vec<_> = frames.iter().filter_map(|frame| frame.split(' ').next()).collect();
    assert_eq!(kinds, ["Reply", "Headers"]);
    // Of streams that nobody has opened there is nothing to say.
    let mut unknown = Vec::new();
    let reply = Frame::Reply { stream: 99, flags: 0, headers: headers() };
    Writer::new().write(&reply, &mut unknown).unwrap();
    assert_eq!(masked(Protocol::Spdy, &[&unknown]).unwrap().0, b"");
}
