//! Follows field paths through one object and collects what to replace, in one pass.

use std::borrow::Cow;

use super::MaskError;
use super::detect::Detectors;
use super::edit::Edit;
use super::members::{Members, refuse_duplicates};
use super::object::LAST_APPLIED;
use super::path::{FieldPath, Segment, is_structure};
use super::pieces;
use super::rule::MaskRule;
use super::scan::Scanner;
use super::string::decode;
use super::value::{Location, Values};

/// What tells objects and their versions apart.
const IDENTITY: [&str; 9] = [
    "creationTimestamp",
    "deletionTimestamp",
    "generateName",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The paths and the detectors of the rules that match one object.
pub(super) struct Masks<'r> {
    paths: Vec<(&'r str, Cow<'r, FieldPath>)>,
    detectors: Vec<(&'r str, &'r Detectors)>,
}

impl<'r> Masks<'r> {
    /// The paths of `rules`; in Secrets, those into `data` hold for `stringData` too.
    pub(super) fn new(rules: &[&'r MaskRule], is_secret: bool) -> Self {
        let mut paths = Vec::new();
        for rule in rules {
            for field in &rule.fields {
                paths.push((rule.name.as_str(), Cow::Borrowed(field)));
                let twin = field.moved("data", "stringData").filter(|_| is_secret);
                paths.extend(twin.map(|twin| (rule.name.as_str(), Cow::Owned(twin))));
            }
        }
        Self { paths, detectors: detectors(rules) }
    }

    /// Leaves out the detectors that find nothing in an object, by a look at its text.
    pub(super) fn look_at(&mut self, text: &[u8]) {
        self.detectors.retain(|(_, detectors)| detectors.may_find_in_json(text));
    }

    /// The rule that whole-value replacements count for.
    pub(super) fn first_rule(&self) -> &'r str {
        let path = self.paths.first().map(|(rule, _)| *rule);
        path.or_else(|| self.detectors.first().map(|(rule, _)| *rule)).unwrap_or_default()
    }

    fn start(&self) -> Vec<State> {
        let mut states = Vec::new();
        for path in 0..self.paths.len() {
            self.enter(State { path, done: 0 }, &mut states);
        }
        states
    }

    /// Where `states` lead under `key`.
    fn step(&self, states: &[State], key: &str) -> Vec<State> {
        let mut next = Vec::new();
        for state in states {
            match self.segment(*state) {
                // Everything below a matched value is matched.
                None | Some(Segment::Deep) => self.enter(*state, &mut next),
                Some(Segment::Any) => self.enter(state.advanced(), &mut next),
                Some(Segment::Key(name)) if name == key => {
                    self.enter(state.advanced(), &mut next);
                }
                Some(Segment::Key(_)) => {}
            }
        }
        next
    }

    /// Adds a state, and those that it stands for because `**` may be empty.
    fn enter(&self, mut state: State, states: &mut Vec<State>) {
        loop {
            if !states.contains(&state) {
                states.push(state);
            }
            if !matches!(self.segment(state), Some(Segment::Deep)) {
                return;
            }
            state = state.advanced();
        }
    }

    fn segment(&self, state: State) -> Option<&Segment> {
        self.paths.get(state.path)?.1.segments().get(state.done)
    }

    /// The first rule of those that have come to their path's end, and whether one of them names
    /// the last key itself.
    fn matched(&self, states: &[State], key: Option<&str>) -> Option<(&'r str, bool)> {
        let mut done = states
            .iter()
            .filter_map(|state| {
                self.paths.get(state.path).filter(|_| self.segment(*state).is_none())
            })
            .peekable();
        let (rule, _) = done.peek()?;
        Some((rule, done.any(|(_, path)| key.is_some_and(|key| path.names(key)))))
    }
}

/// The detectors of rules, each with the rule's name.
pub(super) fn detectors<'r>(rules: &[&'r MaskRule]) -> Vec<(&'r str, &'r Detectors)> {
    let with = rules.iter().filter(|rule| !rule.values.is_empty());
    with.map(|rule| (rule.name.as_str(), &rule.values)).collect()
}

/// How much of a path is behind us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    path: usize,
    done: usize,
}

impl State {
    fn advanced(self) -> Self {
        Self { done: self.done + 1, ..self }
    }
}

/// Collects the edits for an object.
pub(super) fn walk<'r, 't>(
    (text, members): (&'t str, &Members<'t>),
    masks: &Masks<'r>,
    values: &Values,
    location: Location,
) -> Result<Vec<Edit<'r>>, MaskError> {
    let scanner = Scanner::new(text, 0);
    let mut walk =
        Walk { text, scanner, masks, values, location, place: Vec::new(), edits: Vec::new() };
    walk.members(&masks.start(), members)?;
    Ok(walk.edits)
}

struct Walk<'a, 'r, 't> {
    text: &'t str,
    scanner: Scanner<'t>,
    masks: &'a Masks<'r>,
    values: &'a Values,
    location: Location,
    place: Vec<Cow<'t, str>>,
    edits: Vec<Edit<'r>>,
}

impl<'t> Walk<'_, '_, 't> {
    /// What was read already is not read again; the rest is, once, if something may be hidden in it:
    /// most of an object is metadata.
    fn members(&mut self, states: &[State], members: &Members<'t>) -> Result<(), MaskError> {
        for member in members.iter() {
            let next = self.masks.step(states, &member.key);
            self.place.push(member.key.clone());
            if let Some(states) = self.of_interest(&next) {
                if let Some(members) = &member.members {
                    self.members(states, members)?;
                } else {
                    self.scanner = Scanner::new(self.text, member.span.start);
                    self.value(states)?;
                }
            }
            self.place.pop();
        }
        Ok(())
    }

    /// The states that count for the current value, none of them if only detectors look at it;
    /// nothing if nothing can be hidden in it.
    fn of_interest<'s>(&self, states: &'s [State]) -> Option<&'s [State]> {
        let is_hidden = !states.is_empty() && !self.is_structure();
        if is_hidden { Some(states) } else { self.is_searched().then_some(&[]) }
    }

    fn value(&mut self, states: &[State]) -> Result<(), MaskError> {
        let Some(states) = self.of_interest(states) else {
            self.scanner.skip()?;
            return Ok(());
        };
        match self.scanner.peek() {
            Some(b'{') => self.object(states),
            Some(b'[') => self.array(states),
            _ => self.scalar(states),
        }
    }

    fn object(&mut self, states: &[State]) -> Result<(), MaskError> {
        let mut keys = Vec::new();
        self.scanner.open(b'{')?;
        while let Some(key) = self.scanner.next_key()? {
            self.child(states, decode(self.scanner.of(&key)), &mut keys)?;
        }
        refuse_duplicates(keys.iter().map(AsRef::as_ref))
    }

    fn array(&mut self, states: &[State]) -> Result<(), MaskError> {
        self.scanner.open(b'[')?;
        let mut index: usize = 0;
        while self.scanner.next_element(b']')? {
            self.child(states, Cow::Owned(index.to_string()), &mut Vec::new())?;
            index += 1;
        }
        Ok(())
    }

    fn scalar(&mut self, states: &[State]) -> Result<(), MaskError> {
        let span = self.scanner.skip()?;
        let key = self.place.last().map(AsRef::as_ref);
        let scalar = self.scanner.of(&span);
        let Some((rule, named)) = self.masks.matched(states, key) else {
            // A path may lead here that ends elsewhere.
            if self.is_searched() {
                let at = (self.values, self.location, self.place.as_slice());
                self.edits.extend(pieces::edits((scalar, span), &self.masks.detectors, at));
            }
            return Ok(());
        };
        let replacement = self.values.replacement(self.location, &self.place, scalar, named);
        self.edits.extend(replacement.map(|replacement| Edit {
            span,
            replacement,
            rule: Some(rule),
        }));
        Ok(())
    }

    /// Whether detectors look at the current value: at everything but what tells which object it is,
    /// and the copy of it all in the annotation, which is looked at as the object that it is.
    fn is_searched(&self) -> bool {
        if self.masks.detectors.is_empty() {
            return false;
        }
        let mut place = self.place.iter().map(AsRef::as_ref);
        match (place.next(), place.next(), place.next()) {
            (Some("apiVersion" | "kind"), ..)
            | (Some("metadata"), Some("annotations"), Some(LAST_APPLIED)) => false,
            (Some("metadata"), Some(field), None) => !IDENTITY.contains(&field),
            _ => true,
        }
    }

    /// Whether the current value makes the object one that clients can read at all.
    fn is_structure(&self) -> bool {
        let mut place = self.place.iter().map(AsRef::as_ref);
        match (place.next(), place.next()) {
            (Some("type" | "immutable"), None) => self.values.secret_type.is_some(),
            (first, second) => is_structure(first, second),
        }
    }
}

impl<'t> Walk<'_, '_, 't> {
    fn child(
        &mut self,
        states: &[State],
        key: Cow<'t, str>,
        keys: &mut Vec<Cow<'t, str>>,
    ) -> Result<(), MaskError> {
        let next = self.masks.step(states, &key);
        self.place.push(key);
        self.value(&next)?;
        keys.extend(self.place.pop());
        Ok(())
    }
}
