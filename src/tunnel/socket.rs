//! The TCP connection below a tunnel, as both ends are to configure it.

use tokio::net::TcpStream;

/// What the kernel takes of what it cannot send yet. Whatever it has taken goes before everything that
/// comes later: of a list that fills the link, it would take all that the stream's window allows, and
/// each keystroke would wait behind that. What is not taken is shared out among the streams.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT_BYTES: u32 = 64 << 10;

/// Has small things go at once, and big ones leave room for them. Where the kernel does not know of that,
/// it takes what it likes.
pub fn prepare(tcp: &TcpStream) -> std::io::Result<()> {
    tcp.set_nodelay(true)?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    let _ = socket2::SockRef::from(tcp).set_tcp_notsent_lowat(UNSENT_BYTES);
    Ok(())
}
