//! Says what one complete piece of a response is, and collects what to replace in it.

use super::edit::{self, Edit};
use super::kind::GroupKind;
use super::rule::{MaskRule, Subject};
use super::scan::{Members, Scanner, decode};
use super::value::{Location, Values};
use super::walk::{Masks, walk};
use super::{Context, MaskError, MaskReport, status};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
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
    /// A row of a table.
    Row,
}

/// Masks one complete piece and writes it out.
pub(super) fn mask(
    context: &Context,
    (piece, role): (&[u8], &Role),
    report: &mut MaskReport,
    out: &mut Vec<u8>,
) -> Result<(), MaskError> {
    std::str::from_utf8(piece).map_err(|_| MaskError::Syntax)?;
    let mut pass = Pass { context, text: piece, edits: Vec::new() };
    let end = match role {
        Role::Document => pass.document(0, None, 0)?.end,
        Role::Item(kind) => pass.document(0, kind.as_ref(), 1)?.end,
        Role::Row => pass.row(0, 1)?,
    };
    Scanner::new(piece, end).end()?;
    edit::sort(&mut pass.edits);
    edit::write(piece, &pass.edits, out);
    for edit in pass.edits {
        *report.masked.entry(edit.rule.to_owned()).or_default() += 1;
    }
    Ok(())
}

/// What the elements are of the array that `opening` ends with, if they may be masked one by one.
/// `opening` is a document up to and including that bracket.
pub(super) fn element_role(context: &Context, opening: &[u8]) -> Result<Option<Role>, MaskError> {
    let document = [opening, b"]}"].concat();
    let members = read_envelope(&document)?;
    let kind = own_kind(&members);
    Ok(match (members.keys().last(), kind) {
        // Lists without a schema give their kind only after the items, which then have their own.
        (Some("items"), None) if members.get("kind").is_none() => Some(Role::Item(None)),
        (Some("items"), Some(kind)) if !is_listed_by_rules(context, &kind) => {
            kind.item().map(Role::Item)
        }
        (Some("rows"), Some(kind)) if kind.is_table() => Some(Role::Row),
        _ => None,
    })
}

/// Checks a document whose elements have passed already: `envelope` is what stood around them.
pub(super) fn check_envelope(context: &Context, envelope: &[u8]) -> Result<(), MaskError> {
    let kind = own_kind(&read_envelope(envelope)?).ok_or(MaskError::NotAList)?;
    let is_list = kind.item().is_some() && !is_listed_by_rules(context, &kind);
    if is_list || kind.is_table() { Ok(()) } else { Err(MaskError::NotAList) }
}

fn read_envelope(document: &[u8]) -> Result<Members<'_>, MaskError> {
    std::str::from_utf8(document).map_err(|_| MaskError::Syntax)?;
    Members::read_all(document)
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
    masked: Masked<'c>,
}

/// What a table needs to know of a row's object.
#[derive(Default)]
struct Masked<'c> {
    /// The rule for which the cells are masked: they may show what it masks in the object.
    by: Option<&'c str>,
    name: Option<String>,
}

struct Pass<'c, 't> {
    context: &'c Context,
    text: &'t [u8],
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
        let end = members.end;
        let masked = Masked::default();
        if is_event(&members) && inherited.is_none() {
            let object = members.get("object").ok_or(MaskError::NotAnObject)?;
            self.document(object.start, None, nesting + 1)?;
            return Ok(Outcome { end, masked });
        }
        let untyped = members.get("kind").is_none() && members.get("apiVersion").is_none();
        let kind = own_kind(&members).or_else(|| inherited.filter(|_| untyped).cloned());
        match &kind {
            Some(kind) if kind.is_status() => {
                self.edits.extend(status::edits(self.context, self.text, &members)?);
            }
            Some(kind) if kind.is_table() => self.rows(&members, nesting)?,
            Some(kind) if kind.item().is_some() && members.array("items")?.is_some() => {
                self.items(&members, kind.item().flatten().as_ref(), nesting)?;
                if is_listed_by_rules(self.context, kind) {
                    self.object(at, &members, Some(kind))?;
                }
            }
            Some(kind) => {
                return Ok(Outcome { end, masked: self.object(at, &members, Some(kind))? });
            }
            None => {
                self.rows(&members, nesting)?;
                self.items(&members, None, nesting)?;
                return Ok(Outcome { end, masked: self.object(at, &members, None)? });
            }
        }
        Ok(Outcome { end, masked })
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
            None => self.unseen(),
        };
        let Some(rule) = masked.by else { return Ok(row.end) };
        for span in row.array("cells")?.unwrap_or_default() {
            let cell = self.text.get(span.clone()).unwrap_or_default();
            let text = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\""));
            let is_name = text.is_some_and(|text| masked.name.as_deref() == Some(&*decode(text)));
            if !is_name && cell != b"null" && text != Some(b"") {
                self.edits.push(Edit { span, replacement: MASKED_CELL.to_owned(), rule });
            }
        }
        Ok(row.end)
    }

    /// A row that carries no object shows one of the requested resource.
    fn unseen(&self) -> Masked<'c> {
        let subject = Subject { resources: self.requested(), namespace: None, name: None };
        let rules = self.context.rules.matching(&subject);
        Masked { by: printing_rule(&subject, &rules), name: None }
    }

    fn object(
        &mut self,
        at: usize,
        members: &Members<'_>,
        kind: Option<&GroupKind>,
    ) -> Result<Masked<'c>, MaskError> {
        let metadata = members.object("metadata")?;
        let text_of = |key| metadata.as_ref().and_then(|metadata| metadata.string(key));
        let (namespace, name, uid) = (text_of("namespace"), text_of("name"), text_of("uid"));
        let requested = self.context.requested.as_ref();
        let otherwise = |text: fn(&'c crate::kube::request_info::ResourceInfo) -> &'c str| {
            requested.map(text).filter(|text| !text.is_empty())
        };
        let is_partial = kind.is_some_and(GroupKind::is_partial);
        let resources = match kind {
            Some(kind) if !is_partial => kind.resources(requested),
            Some(_) => self.requested(),
            None => Vec::new(),
        };
        let subject = Subject {
            resources,
            namespace: namespace.as_deref().or_else(|| otherwise(|info| &info.namespace)),
            name: name.as_deref().or_else(|| otherwise(|info| &info.name)),
        };
        let rules = self.context.rules.matching(&subject);
        if rules.is_empty() {
            return Ok(Masked::default());
        }
        let is_requested = kind.is_none() || is_partial;
        let is_secret = kind.is_some_and(GroupKind::is_secret)
            || is_requested && self.requested().first() == Some(&("secrets".into(), String::new()));
        let values = Values {
            placeholders: &self.context.placeholders,
            identity: identity(uid.as_deref(), kind, &subject),
            secret_type: is_secret.then(|| members.string("type").unwrap_or_default().into()),
        };
        let masks = Masks::new(&rules, is_secret);
        let before = self.edits.len();
        self.edits.extend(walk((self.text, at), &masks, &values, Location::Live)?);
        // Of a whole object we know that its masked fields are all empty; of a part we do not.
        let shows = is_requested || self.edits.len() > before;
        let by = printing_rule(&subject, &rules).filter(|_| shows);
        self.last_applied(metadata.as_ref(), &masks, &values)?;
        Ok(Masked { by, name: name.map(Into::into) })
    }

    fn last_applied(
        &mut self,
        metadata: Option<&Members<'_>>,
        masks: &Masks<'c>,
        values: &Values<'_>,
    ) -> Result<(), MaskError> {
        let annotations = metadata.map(|metadata| metadata.object("annotations")).transpose()?;
        let span =
            annotations.flatten().and_then(|annotations| annotations.raw_string(LAST_APPLIED));
        let Some(span) = span.filter(|span| !span.is_empty()) else { return Ok(()) };
        let raw = self.text.get(span.clone()).unwrap_or_default();
        match embedded(decode(raw).as_bytes(), masks, values) {
            Ok(mut edits) => {
                edit::sort(&mut edits);
                self.edits.extend(edit::to_raw(raw, span.start, edits));
            }
            // What we cannot read, others may.
            Err(_) => self.edits.extend(whole(raw, masks, values).map(|replacement| Edit {
                span: span.start - 1..span.end + 1,
                replacement,
                rule: masks.first_rule(),
            })),
        }
        Ok(())
    }

    fn requested(&self) -> Vec<(String, String)> {
        let requested = self.context.requested.iter();
        requested.map(|info| (info.resource.clone(), info.api_group.clone())).collect()
    }
}

/// The edits of the object within a last-applied annotation.
fn embedded<'r>(
    text: &[u8],
    masks: &Masks<'r>,
    values: &Values<'_>,
) -> Result<Vec<Edit<'r>>, MaskError> {
    let members = Members::read_all(text)?;
    let mut edits = walk((text, 0), masks, values, Location::LastApplied)?;
    // kubectl never nests the annotation; whoever does hides something.
    let annotations = match members.object("metadata")? {
        Some(metadata) => metadata.object("annotations")?,
        None => None,
    };
    if let Some(span) = annotations.and_then(|annotations| annotations.get(LAST_APPLIED)) {
        let nested = text.get(span.clone()).unwrap_or_default();
        let rule = masks.first_rule();
        edits.extend(whole(nested, masks, values).map(|replacement| Edit {
            span,
            replacement,
            rule,
        }));
    }
    Ok(edits)
}

/// A placeholder for a whole annotation.
fn whole(annotation: &[u8], _: &Masks<'_>, values: &Values<'_>) -> Option<String> {
    let place = ["metadata".into(), "annotations".into(), LAST_APPLIED.into()];
    values.replacement(Location::LastApplied, &place, annotation, true)
}

fn is_event(members: &Members<'_>) -> bool {
    let mut keys: Vec<&str> = members.keys().collect();
    keys.sort_unstable();
    keys == ["object", "type"]
}

/// What tells an object apart: its uid, or what it is called.
fn identity(uid: Option<&str>, kind: Option<&GroupKind>, subject: &Subject<'_>) -> String {
    match uid {
        Some(uid) if !uid.is_empty() => format!("uid {uid}"),
        _ => format!("name {kind:?} {:?} {:?}", subject.namespace, subject.name),
    }
}

/// The rule for which a row's cells are masked, if any.
///
/// The columns of the API server's own kinds print no field that one would mask, except for
/// events; those of custom resources print any field that their author likes.
fn printing_rule<'r>(subject: &Subject<'_>, rules: &[&'r MaskRule]) -> Option<&'r str> {
    let is_silent = subject.resources.first().is_some_and(|(resource, group)| {
        resource != "events" && group.bytes().all(|byte| byte != b'.')
    });
    rules.first().filter(|_| !is_silent).map(|rule| rule.name.as_str())
}
