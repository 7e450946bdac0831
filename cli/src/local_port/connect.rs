//! The head of a CONNECT request, the only HTTP that the local port reads.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};

/// The longest head that is taken.
const MAX_HEAD_BYTES: u64 = 8 << 10;

pub(super) const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// For hosts that are no clusters: this is no proxy to anywhere else.
pub(super) const FOREIGN: &[u8] =
    b"HTTP/1.1 403 kguard reaches clusters only\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Why a head is none.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectHeadError {
    #[error("a client asked for something else than CONNECT HOST:443")]
    NoConnect,
    #[error("a client's request could not be read")]
    Read(#[from] io::Error),
    #[error("a client's request ended early, or is longer than {MAX_HEAD_BYTES} bytes")]
    Unfinished,
}

/// Reads a head to its end, not a byte more, and tells the host.
pub(super) async fn read<R: AsyncBufRead + Unpin>(
    reader: &mut R,
) -> Result<String, ConnectHeadError> {
    let mut head = reader.take(MAX_HEAD_BYTES);
    let mut line = String::new();
    head.read_line(&mut line).await?;
    let mut words = line.split_ascii_whitespace();
    let host = match (words.next(), words.next(), words.next(), words.next()) {
        (Some("CONNECT"), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) => {
            target.strip_suffix(":443").ok_or(ConnectHeadError::NoConnect)?.to_ascii_lowercase()
        }
        _ => return Err(ConnectHeadError::NoConnect),
    };
    loop {
        line.clear();
        head.read_line(&mut line).await?;
        match line.as_str() {
            "\r\n" | "\n" => return Ok(host),
            unfinished if !unfinished.ends_with('\n') => return Err(ConnectHeadError::Unfinished),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn host(head: &str) -> Result<String, ConnectHeadError> {
        read(&mut head.as_bytes()).await
    }

    #[tokio::test]
    async fn the_head_tells_the_host_and_leaves_what_follows() {
        let mut bytes = &b"CONNECT Prod.x:443 HTTP/1.1\r\nHost: prod.x:443\r\n\r\nTLS"[..];
        assert_eq!(read(&mut bytes).await.unwrap(), "prod.x");
        assert_eq!(bytes, b"TLS");
    }

    #[tokio::test]
    async fn anything_else_is_refused() {
        for head in ["GET / HTTP/1.1\r\n\r\n", "CONNECT a:80 HTTP/1.1\r\n\r\n", "\x16\x03\x01", ""]
        {
            assert!(matches!(host(head).await, Err(ConnectHeadError::NoConnect)), "{head}");
        }
        let endless = format!("CONNECT a:443 HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(9000));
        for head in ["CONNECT a:443 HTTP/1.1\r\n", &endless] {
            assert!(matches!(host(head).await, Err(ConnectHeadError::Unfinished)), "{head}");
        }
    }
}
