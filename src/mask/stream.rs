//! The push side: takes a response in chunks of any size, sends on what is masked.

use std::fmt;

use super::head;
use super::lexer::{Cut, Lexer};
use super::pass::{self, Role};
use super::{Context, MaskError, MaskReport, Shape};

/// What an idle stream may keep; a larger buffer is given back.
const KEPT_BYTES: usize = 64 << 10;

/// Masks one response. Feed it with [`Masker::push`], then close with [`Masker::finish`]; after an
/// error nothing more may be sent on, so the response is answered with an error or cut off.
pub struct Masker {
    context: Context,
    stage: Stage,
    lexer: Lexer,
    /// The current piece, as far as it has come.
    held: Vec<u8>,
    /// What stands around the elements of the list that passes.
    envelope: Vec<u8>,
    report: MaskReport,
}

/// Where the stream stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// Before, between or after documents.
    Between { seen: bool },
    /// In a document; `whole` once it is clear that it will not be cut.
    Document { whole: bool },
    /// In the array of a list, outside of an element; `comma` when one is due before the next.
    Elements { role: Role, first: bool, comma: bool },
    /// In an element of a list.
    Element { role: Role },
    /// After the elements of a list.
    Tail,
    /// In a response that nothing is masked in, by its head.
    Unread,
    /// Something could not be masked.
    Failed,
}

impl Masker {
    /// A masker for one response.
    pub fn new(context: Context) -> Self {
        Self {
            context,
            stage: Stage::Between { seen: false },
            lexer: Lexer::default(),
            held: Vec::new(),
            envelope: Vec::new(),
            report: MaskReport::default(),
        }
    }

    /// Takes the next bytes and appends to `out` all that can be sent on: everything up to the end
    /// of the last complete object, list element or event.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), MaskError> {
        if self.context.rules.is_empty() {
            out.extend_from_slice(bytes);
            return Ok(());
        }
        let mut chunk = Chunk::new(bytes);
        while !chunk.bytes.is_empty() {
            let stage = std::mem::replace(&mut self.stage, Stage::Failed);
            let taken = match stage {
                Stage::Between { seen } => self.between(chunk.bytes, seen, out)?,
                Stage::Document { whole } => self.document(&chunk, whole, out)?,
                Stage::Element { role } => self.element(&chunk, role, out)?,
                Stage::Elements { role, first, comma } => {
                    self.elements(chunk.bytes, role, (first, comma), out)?
                }
                Stage::Failed => return Err(MaskError::Failed),
                Stage::Tail => self.tail(chunk.bytes, out)?,
                Stage::Unread => {
                    out.extend_from_slice(chunk.bytes);
                    self.stage = Stage::Unread;
                    chunk.bytes.len()
                }
            };
            chunk.advance(taken);
        }
        Ok(())
    }

    /// Ends the response, which must be complete. An empty watch is.
    pub fn finish(self) -> Result<MaskReport, MaskError> {
        match self.stage {
            _ if self.context.rules.is_empty() => Ok(self.report),
            Stage::Between { seen } if seen || self.context.shape == Shape::Watch => {
                Ok(self.report)
            }
            Stage::Unread => Ok(self.report),
            Stage::Failed => Err(MaskError::Failed),
            _ => Err(MaskError::Truncated),
        }
    }

    fn between(&mut self, bytes: &[u8], seen: bool, out: &mut Vec<u8>) -> Result<usize, MaskError> {
        let is_space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        let space = bytes.iter().take_while(is_space).count();
        let (blank, rest) = bytes.split_at_checked(space).unwrap_or((bytes, &[]));
        out.extend_from_slice(blank);
        self.stage = match rest.first() {
            None => Stage::Between { seen },
            Some(_) if seen && self.context.shape != Shape::Watch => {
                return Err(MaskError::TrailingData);
            }
            Some(b'{') if !seen && head::is_of_nothing_masked(&self.context, rest) => Stage::Unread,
            Some(b'{') => {
                self.lexer = Lexer::default();
                Stage::Document { whole: self.context.shape != Shape::List }
            }
            Some(_) => return Err(MaskError::NotAnObject),
        };
        Ok(space)
    }

    fn document(
        &mut self,
        chunk: &Chunk<'_>,
        whole: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, MaskError> {
        let text = if whole { chunk.text } else { "" };
        if let Some(taken) = self.at_once(text, &Role::Document, out) {
            self.stage = Stage::Between { seen: true };
            return Ok(taken);
        }
        let bytes = chunk.bytes;
        let Some((taken, cut)) = self.lexer.feed(bytes) else {
            self.stage = Stage::Document { whole };
            return self.hold(bytes);
        };
        let piece = bytes.get(..taken).unwrap_or_default();
        if cut == Cut::End {
            self.complete(piece, &Role::Document, out)?;
            self.stage = Stage::Between { seen: true };
            return Ok(taken);
        }
        self.hold(piece)?;
        self.stage = Stage::Document { whole };
        if !whole && opens_elements(&self.held) {
            self.stage = match pass::element_role(&self.context, &self.held)? {
                Some(role) => {
                    out.extend_from_slice(&self.held);
                    self.envelope = std::mem::take(&mut self.held);
                    Stage::Elements { role, first: true, comma: false }
                }
                None => Stage::Document { whole: true },
            };
        }
        Ok(taken)
    }

    fn elements(
        &mut self,
        bytes: &[u8],
        role: Role,
        (first, comma): (bool, bool),
        out: &mut Vec<u8>,
    ) -> Result<usize, MaskError> {
        let Some(byte) = bytes.first() else { return Ok(0) };
        let mut stage = |stage| {
            self.stage = stage;
            Ok(1)
        };
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                out.push(*byte);
                stage(Stage::Elements { role, first, comma })
            }
            b',' if comma => {
                out.push(b',');
                stage(Stage::Elements { role, first: false, comma: false })
            }
            b'{' if !comma => {
                self.lexer = Lexer::default();
                self.stage = Stage::Element { role };
                Ok(0)
            }
            b']' if first || comma => {
                self.lexer = Lexer::inside();
                self.held.push(b']');
                stage(Stage::Tail)
            }
            b'}' | b']' | b',' | b':' | b'{' => Err(MaskError::Syntax),
            _ => Err(MaskError::NotAnObject),
        }
    }

    fn element(
        &mut self,
        chunk: &Chunk<'_>,
        role: Role,
        out: &mut Vec<u8>,
    ) -> Result<usize, MaskError> {
        if let Some(taken) = self.at_once(chunk.text, &role, out) {
            self.stage = Stage::Elements { role, first: false, comma: true };
            return Ok(taken);
        }
        let bytes = chunk.bytes;
        let Some(taken) = loop_to_end(&mut self.lexer, bytes) else {
            self.stage = Stage::Element { role };
            return self.hold(bytes);
        };
        self.complete(bytes.get(..taken).unwrap_or_default(), &role, out)?;
        self.stage = Stage::Elements { role, first: false, comma: true };
        Ok(taken)
    }

    fn tail(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, MaskError> {
        let Some(taken) = loop_to_end(&mut self.lexer, bytes) else {
            self.stage = Stage::Tail;
            return self.hold(bytes);
        };
        self.hold(bytes.get(..taken).unwrap_or_default())?;
        let tail = std::mem::take(&mut self.held);
        let mut envelope = std::mem::take(&mut self.envelope);
        envelope.extend_from_slice(&tail);
        pass::check_envelope(&self.context, &envelope)?;
        out.extend_from_slice(&tail);
        self.stage = Stage::Between { seen: true };
        Ok(taken)
    }

    /// Masks the piece that a chunk starts with if the chunk has all of it, so that the lexer need
    /// not look for its end first. Whatever is the matter with it is found out on the usual way.
    fn at_once(&mut self, text: &str, role: &Role, out: &mut Vec<u8>) -> Option<usize> {
        if !self.held.is_empty() || text.len() > self.context.max_element_bytes {
            return None;
        }
        pass::mask_first(&self.context, (text, role), &mut self.report, out).ok()
    }

    /// Masks a piece of which `last` is the end and what is held the beginning.
    fn complete(&mut self, last: &[u8], role: &Role, out: &mut Vec<u8>) -> Result<(), MaskError> {
        if self.held.is_empty() {
            self.check_length(last.len())?;
            return pass::mask(&self.context, (last, role), &mut self.report, out);
        }
        self.hold(last)?;
        pass::mask(&self.context, (&self.held, role), &mut self.report, out)?;
        self.held.clear();
        self.held.shrink_to(KEPT_BYTES);
        Ok(())
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<usize, MaskError> {
        self.check_length(self.held.len() + bytes.len())?;
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn check_length(&self, length: usize) -> Result<(), MaskError> {
        let limit_bytes = self.context.max_element_bytes;
        if length > limit_bytes { Err(MaskError::TooLarge { limit_bytes }) } else { Ok(()) }
    }
}

/// Without the bytes, which are not masked yet.
impl fmt::Debug for Masker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Masker");
        debug.field("context", &self.context).field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// What is left of a chunk.
struct Chunk<'c> {
    bytes: &'c [u8],
    /// As much of it as is UTF-8; its last character may be cut.
    text: &'c str,
}

impl<'c> Chunk<'c> {
    fn new(bytes: &'c [u8]) -> Self {
        let valid = std::str::from_utf8(bytes).or_else(|error| {
            std::str::from_utf8(bytes.get(..error.valid_up_to()).unwrap_or_default())
        });
        Self { bytes, text: valid.unwrap_or_default() }
    }

    fn advance(&mut self, taken: usize) {
        self.bytes = self.bytes.get(taken..).unwrap_or_default();
        self.text = self.text.get(taken..).unwrap_or_default();
    }
}

/// Whether a document that has come to a `[` may go on with list elements.
fn opens_elements(opening: &[u8]) -> bool {
    let before = opening.strip_suffix(b"[").unwrap_or_default().trim_ascii_end();
    let key = before.strip_suffix(b":").unwrap_or_default().trim_ascii_end();
    key.ends_with(br#""items""#) || key.ends_with(br#""rows""#)
}

/// Reads on to the end of the object, over the arrays in it.
fn loop_to_end(lexer: &mut Lexer, bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let (taken, cut) = lexer.feed(bytes.get(at..)?)?;
        at += taken;
        if cut == Cut::End {
            return Some(at);
        }
    }
}
