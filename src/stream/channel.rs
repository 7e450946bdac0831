//! What channels carry, and what is told of it.

use serde_json::Value;

/// What a connection is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Exec and attach; whether at a terminal.
    Command {
        /// Whether stdout and stderr are one.
        tty: bool,
    },
    /// Port-forward.
    PortForward {
        /// Those that the URL names, as the older WebSocket protocol does.
        ports: Vec<u16>,
    },
}

/// What a channel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Stdin,
    Stdout,
    Stderr,
    /// How the command ended, or what was wrong.
    Status,
    Resize,
    /// The bytes of a forwarded connection.
    Port(Connection),
    /// What was wrong with it.
    PortError(u16),
}

/// One of the connections of a port-forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Its number in the session, from 1 on.
    pub number: u32,
    /// The port of the pod to which it leads.
    pub port: u16,
}

/// What went through.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen<'s> {
    /// What a program wrote, as its user saw it.
    Output {
        /// Whether to stderr.
        stderr: bool,
        /// The text.
        bytes: &'s [u8],
    },
    /// What was typed, or piped in.
    Input(&'s [u8]),
    /// The terminal's new size.
    Resize {
        /// Columns.
        columns: u16,
        /// Lines.
        rows: u16,
    },
    /// How the command ended: a `Status` as JSON, or a text.
    Status(&'s [u8]),
    /// A connection to a port was opened.
    Connected(Connection),
    /// One was not, by policy.
    Refused(u16),
    /// Nothing more comes on one from either side. Those that are open in the end are not told.
    Closed(Connection),
    /// Bytes of a forwarded connection.
    Forwarded {
        /// It.
        connection: Connection,
        /// Bytes to the pod.
        up: usize,
        /// Bytes from it.
        down: usize,
    },
}

/// Is told what went through, and asked for ports.
pub trait Observer {
    /// Something went through.
    fn saw(&mut self, seen: &Seen<'_>);

    /// Whether a connection may be opened to a port of the pod; if not, why.
    fn may_connect(&mut self, port: u16) -> Result<(), String>;
}

impl Channel {
    /// Whether a client has anything to say on it. On all others it is the server's turn.
    pub(super) fn is_of_client(self) -> bool {
        matches!(self, Self::Stdin | Self::Resize | Self::Port(_))
    }

    /// Whether a server has anything to say on it.
    pub(super) fn is_of_server(self) -> bool {
        !matches!(self, Self::Stdin | Self::Resize)
    }

    /// What the client's bytes on it are.
    pub(super) fn seen_up(self, bytes: &[u8]) -> Option<Seen<'_>> {
        match self {
            Self::Stdin => Some(Seen::Input(bytes)),
            Self::Port(connection) => {
                Some(Seen::Forwarded { connection, up: bytes.len(), down: 0 })
            }
            _ => None,
        }
    }

    /// What the server's bytes on it are.
    pub(super) fn seen_down(self, bytes: &[u8]) -> Option<Seen<'_>> {
        match self {
            Self::Stdout | Self::Stderr => {
                Some(Seen::Output { stderr: self == Self::Stderr, bytes })
            }
            Self::Status => Some(Seen::Status(bytes)),
            Self::Port(connection) => {
                Some(Seen::Forwarded { connection, up: 0, down: bytes.len() })
            }
            _ => None,
        }
    }
}

/// Reads the sizes that a client sends, JSON objects one after the other.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    text: Vec<u8>,
    last: Option<(u16, u16)>,
}

/// The largest that a terminal has.
const MAX_SIDE: u64 = 10_000;

/// A size as Go reads it, whatever the case of its keys; none if no terminal has it.
fn size(value: &Value) -> Option<(u16, u16)> {
    let side = |name: &str| {
        let members = value.as_object()?;
        let found = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        let side = found.1.as_u64().filter(|side| (1..=MAX_SIDE).contains(side))?;
        u16::try_from(side).ok()
    };
    Some((side("width")?, side("height")?))
}

/// More than a size ever takes.
const MAX_SIZE_BYTES: usize = 1024;

impl Sizes {
    /// The sizes that are complete by now, for an observer.
    pub(super) fn push(&mut self, bytes: &[u8], observer: &mut dyn Observer) {
        self.text.extend_from_slice(bytes);
        let mut sizes = serde_json::Deserializer::from_slice(&self.text).into_iter::<Value>();
        while let Some(Ok(value)) = sizes.next() {
            let size = size(&value);
            // A terminal that is dragged says the same again and again.
            if let Some((columns, rows)) = size.filter(|_| size != self.last) {
                observer.saw(&Seen::Resize { columns, rows });
                self.last = size;
            }
        }
        let read = sizes.byte_offset();
        self.text.drain(..read.min(self.text.len()));
        if self.text.len() > MAX_SIZE_BYTES {
            self.text.clear();
        }
    }
}
