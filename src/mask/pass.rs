//! Says what one complete piece of a response is, and collects what to replace in it.

use super::edit::{self, Edit};
use super::kind::GroupKind;
use super::members::Members;
use super::object::{self, Masked};
use super::scan::Scanner;
use super::string::decode;
use super::{Context, MaskError, MaskReport, status};

/// A watch event holds a list of tables at most; nobody sends lists within lists within lists.
const MAX_NESTING: u8 = 8;
/// What a table prints of an object whose fields are masked.
const MASKED_CELL: &str = r#""<masked>""#;

/// What a piece is cut from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// The whole response, or one event.
    Document,
    /// An item, and the kind that its list gives it.
    Item(Option<GroupKind>),
    /// An item of a list whose kind comes last; it must give its own.
    LateItem,
    /// A row of a table.
    Row,
}

/// Masks one piece that is complete and writes it out.
pub(super) fn mask(
    context: &Context,
    (piece, role): (&[u8], &Role),
    report: &mut MaskReport,
    out: &mut Vec<u8>,
) -> Result<(), MaskError> {
    let text = std::str::from_utf8(piece).map_err(|_| MaskError::Syntax)?;
    let end = mask_first(context, (text, role), report, out)?;
    Scanner::new(text, end).end()
}

/// Masks the piece that `text` starts with and writes it out, unless it fails; answers with its
/// length.
pub(super) fn mask_first(
    context: &Context,
    (text, role): (&str, &Role),
    report: &mut MaskReport,
    out: &mut Vec<u8>,
) -> Result<usize, MaskError> {
    let mut pass = Pass { context, text, edits: Vec::new() };
    let end = match role {
        Role::Document => pass.document(0, None, 0)?.end,
        Role::Item(kind) => pass.document(0, kind.as_ref(), 1)?.end,
        Role::LateItem => pass.late_item()?,
        Role::Row => pass.row(0, 1)?,
    };
    edit::sort(&mut pass.edits);
    edit::write(text.get(..end).unwrap_or_default(), &pass.edits, out);
    pass.edits.iter().filter_map(|edit| edit.rule).for_each(|rule| report.count(rule));
    Ok(end)
}

/// What the elements are of the array that `opening` ends with, if they may be masked one by one.
/// `opening` is a document up to and including that bracket.
pub(super) fn element_role(context: &Context, opening: &[u8]) -> Result<Option<Role>, MaskError> {
    let document = [opening, b"]}"].concat();
    let members = read_envelope(&document)?;
    let kind = own_kind(&members);
    Ok(match (members.keys().last(), kind) {
        // Lists without a schema give their kind only after the items, which then have their own.
        (Some("items"), None) if members.get("kind").is_none() => Some(Role::LateItem),
        (Some("items"), Some(kind)) if kind.is_list() && !is_listed_by_rules(context, &kind) => {
            Some(Role::Item(kind.item()))
        }
        (Some("rows"), Some(kind)) if kind.is_table() => Some(Role::Row),
        _ => None,
    })
}

/// Checks a document whose elements have passed already: `envelope` is what stood around them.
///
/// The kind need not end with `List` (a custom resource names its `listKind` freely); it only must
/// not be one whose own fields rules mask.
pub(super) fn check_envelope(context: &Context, envelope: &[u8]) -> Result<(), MaskError> {
    let kind = own_kind(&read_envelope(envelope)?).ok_or(MaskError::NotAList)?;
    if is_listed_by_rules(context, &kind) { Err(MaskError::NotAList) } else { Ok(()) }
}

fn read_envelope(document: &[u8]) -> Result<Members<'_>, MaskError> {
    Members::read_all(std::str::from_utf8(document).map_err(|_| MaskError::Syntax)?)
}

/// Whether rules mask this "list" itself: a custom resource may well be called `AllowList`.
fn is_listed_by_rules(context: &Context, kind: &GroupKind) -> bool {
    context.rules.name_literally(&kind.resources(None))
}

fn own_kind(members: &Members<'_>) -> Option<GroupKind> {
    GroupKind::new(&members.string("apiVersion")?, &members.string("kind")?)
}

/// What became of an object.
struct Outcome<'c> {
    end: usize,
    /// Whether the object says itself what it is.
    typed: bool,
    /// What a table needs to know of a row's object.
    masked: Option<Masked<'c>>,
}

struct Pass<'c, 't> {
    context: &'c Context,
    text: &'t str,
    edits: Vec<Edit<'c>>,
}

impl<'c> Pass<'c, '_> {
    fn document(
        &mut self,
        at: usize,
        inherited: Option<&GroupKind>,
        nesting: u8,
    ) -> Result<Outcome<'c>, MaskError> {
        if nesting > MAX_NESTING {
            return Err(MaskError::TooDeep);
        }
        let members = Members::read(self.text, at)?;
        let own = own_kind(&members);
        let mut outcome = Outcome { end: members.end, typed: own.is_some(), masked: None };
        if is_event(&members) && inherited.is_none() {
            let object = members.get("object").ok_or(MaskError::NotAnObject)?;
            self.document(object.start, None, nesting + 1)?;
            return Ok(outcome);
        }
        let untyped = members.get("kind").is_none() && members.get("apiVersion").is_none();
        match &own.or_else(|| inherited.filter(|_| untyped).cloned()) {
            Some(kind) if kind.is_status() => {
                self.edits.extend(status::edits(self.context, (self.text, at), &members)?);
            }
            Some(kind) if kind.is_table() => self.rows(&members, nesting)?,
            Some(kind) if kind.is_list() && members.get_starting("items", b'[').is_some() => {
                self.items(&members, kind.item().as_ref(), nesting)?;
                if is_listed_by_rules(self.context, kind) {
                    self.object(at, &members, Some(kind))?;
                }
            }
            Some(kind) => {
                self.typed_items(&members, nesting)?;
                outcome.masked = Some(self.object(at, &members, Some(kind))?);
            }
            None => {
                self.rows(&members, nesting)?;
                self.items(&members, None, nesting)?;
                outcome.masked = Some(self.object(at, &members, None)?);
            }
        }
        Ok(outcome)
    }

    fn object(
        &mut self,
        at: usize,
        members: &Members<'_>,
        kind: Option<&GroupKind>,
    ) -> Result<Masked<'c>, MaskError> {
        let mut masked = object::mask(self.context, (self.text, at), members, kind)?;
        self.edits.append(&mut masked.edits);
        Ok(masked)
    }

    fn items(
        &mut self,
        list: &Members<'_>,
        kind: Option<&GroupKind>,
        nesting: u8,
    ) -> Result<(), MaskError> {
        for item in list.array("items")?.unwrap_or_default() {
            self.document(item.start, kind, nesting + 1)?;
        }
        Ok(())
    }

    /// Whatever else has `items` may be a list under a name of its own: those that say what they
    /// are count.
    fn typed_items(&mut self, object: &Members<'_>, nesting: u8) -> Result<(), MaskError> {
        for item in object.array("items")?.unwrap_or_default() {
            let is_object = self.text.as_bytes().get(item.start) == Some(&b'{');
            if is_object && own_kind(&Members::read(self.text, item.start)?).is_some() {
                self.document(item.start, None, nesting + 1)?;
            }
        }
        Ok(())
    }

    fn late_item(&mut self) -> Result<usize, MaskError> {
        let item = self.document(0, None, 1)?;
        if item.typed { Ok(item.end) } else { Err(MaskError::NotAList) }
    }

    fn rows(&mut self, table: &Members<'_>, nesting: u8) -> Result<(), MaskError> {
        for row in table.array("rows")?.unwrap_or_default() {
            self.row(row.start, nesting + 1)?;
        }
        Ok(())
    }

    /// Masks a table's row: the object that it carries, and the cells if they are printed from
    /// fields that nobody can tell.
    fn row(&mut self, at: usize, nesting: u8) -> Result<usize, MaskError> {
        let row = Members::read(self.text, at)?;
        let masked = match row.get_starting("object", b'{') {
            Some(object) => self.document(object.start, None, nesting + 1)?.masked,
            None => Some(object::unseen(self.context)),
        };
        let Some((rule, name)) = masked.and_then(|masked| Some((masked.printed?, masked.name)))
        else {
            return Ok(row.end);
        };
        for span in row.array("cells")?.unwrap_or_default() {
            let cell = self.text.get(span.clone()).unwrap_or_default();
            let text = cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"'));
            let is_name = text.is_some_and(|text| name.as_deref() == Some(&*decode(text)));
            if !is_name && cell != "null" && text != Some("") {
                self.edits.push(Edit {
                    span,
                    replacement: MASKED_CELL.to_owned(),
                    rule: Some(rule),
                });
            }
        }
        Ok(row.end)
    }
}

fn is_event(members: &Members<'_>) -> bool {
    let mut keys: Vec<&str> = members.keys().collect();
    keys.sort_unstable();
    keys == ["object", "type"]
}
