//! Runs checked code. Every node costs a step, and functions pay for what they go through, so that
//! no expression takes longer than its fuel lasts.
//!
//! `&&`, `||` and the loops over truths absorb failures as CEL has it, whichever side they are on:
//! all but one. Who is out of fuel is out of it.

use std::collections::BTreeMap;

use super::code::{Code, Gather, Loop, Variable};
use super::fuel::Fuel;
use super::library::{self, Overload};
use super::value::key::Key;
use super::value::{List, Map, Outcome, Value};
use super::{Failure, Scope};

/// One evaluation.
pub(super) struct Run<'a> {
    scope: &'a Scope<'a>,
    /// The variables of the loops that are running.
    locals: Vec<Value<'a>>,
    pub(super) fuel: Fuel,
}

impl<'a> Run<'a> {
    pub(super) const fn new(scope: &'a Scope<'a>) -> Self {
        Self { scope, locals: Vec::new(), fuel: Fuel::full() }
    }

    pub(super) fn value(&mut self, code: &'a Code) -> Outcome<'a> {
        self.fuel.spend(1)?;
        match code {
            Code::And(terms) => self.decide(terms, false),
            Code::Or(terms) => self.decide(terms, true),
            Code::Call { overloads, arguments } => self.call(overloads, arguments),
            Code::Conditional(parts) => {
                let [condition, yes, no] = &**parts;
                let truth = self.truth(condition)?;
                self.value(if truth { yes } else { no })
            }
            Code::Constant(value) => Ok(value.clone()),
            Code::Has { operand, field } => {
                let operand = self.value(operand)?;
                has(&operand, field)
            }
            Code::Index { operand, index, optional } => {
                let operand = self.value(operand)?;
                let index = self.value(index)?;
                let fuel = &mut self.fuel;
                access(&operand, *optional, |operand| library::index(fuel, operand, &index))
            }
            Code::List(items) => self.list(items),
            Code::Local(place) => self.locals.get(*place).cloned().ok_or(Failure::Other),
            Code::Loop(inner) => self.run_loop(inner),
            Code::Map(entries) => self.map(entries),
            Code::OptionalMap { operand, body, flat } => self.optional_map(operand, body, *flat),
            Code::Select { operand, field, optional } => {
                let operand = self.value(operand)?;
                access(&operand, *optional, |operand| library::select(operand, field))
            }
            Code::Variable(variable) => Ok(self.variable(*variable)),
        }
    }

    fn truth(&mut self, code: &'a Code) -> Result<bool, Failure> {
        match self.value(code)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(Failure::MismatchedTypes),
        }
    }

    /// The first term that settles it, whatever failed before it.
    fn decide(&mut self, terms: &'a [Code], settles: bool) -> Outcome<'a> {
        let mut verdict = Verdict::new(settles);
        for term in terms {
            if verdict.take(self.truth(term))? {
                break;
            }
        }
        verdict.value()
    }

    fn variable(&self, variable: Variable) -> Value<'a> {
        let scope = self.scope;
        match variable {
            Variable::Caller => scope.caller.clone(),
            Variable::Now => scope.now.clone(),
            Variable::Object => scope.object.clone(),
            Variable::OldObject => scope.old_object.clone(),
            Variable::Request => scope.request.clone(),
        }
    }

    fn call(&mut self, overloads: &'a [&'static Overload], arguments: &'a [Code]) -> Outcome<'a> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.value(argument)?);
        }
        match overloads.iter().find(|overload| overload.fits(&values)) {
            Some(overload) => overload.run(&mut self.fuel, &values),
            None => Err(Failure::MismatchedTypes),
        }
    }

    fn list(&mut self, items: &'a [(Code, bool)]) -> Outcome<'a> {
        let mut values = Vec::with_capacity(items.len());
        for (item, optional) in items {
            match self.value(item)? {
                Value::Optional(inner) if *optional => values.extend(inner.as_deref().cloned()),
                _ if *optional => return Err(Failure::MismatchedTypes),
                value => values.push(value),
            }
        }
        Ok(Value::list(values))
    }

    fn map(&mut self, entries: &'a [(Code, Code, bool)]) -> Outcome<'a> {
        let mut map = BTreeMap::new();
        for (key, value, optional) in entries {
            let key = self.value(key)?;
            let value = match self.value(value)? {
                Value::Optional(inner) if *optional => match inner.as_deref() {
                    Some(value) => value.clone(),
                    None => continue,
                },
                _ if *optional => return Err(Failure::MismatchedTypes),
                value => value,
            };
            // The last one counts; only in loops may no key come twice.
            map.remove(&Key::to_store(&key).ok_or(Failure::MismatchedTypes)?);
            self.insert(&mut map, &key, value)?;
        }
        Ok(Value::map(map))
    }

    /// No key comes twice.
    fn insert(
        &mut self,
        map: &mut BTreeMap<Key<'a>, Value<'a>>,
        key: &Value<'a>,
        value: Value<'a>,
    ) -> Result<(), Failure> {
        let key = Key::to_store(key).ok_or(Failure::MismatchedTypes)?;
        self.fuel.spend(2)?;
        self.fuel.spend_bytes(key.len())?;
        match map.insert(key, value) {
            None => Ok(()),
            Some(_) => Err(Failure::Other),
        }
    }

    fn optional_map(&mut self, operand: &'a Code, body: &'a Code, flat: bool) -> Outcome<'a> {
        let Value::Optional(inner) = self.value(operand)? else {
            return Err(Failure::MismatchedTypes);
        };
        let Some(inner) = inner.as_deref() else { return Ok(Value::NONE) };
        let outcome = self.with_locals([inner.clone()], |run| run.value(body))?;
        match outcome {
            Value::Optional(_) if flat => Ok(outcome),
            _ if flat => Err(Failure::MismatchedTypes),
            _ => Ok(Value::some(outcome)),
        }
    }

    fn with_locals<const N: usize, T>(
        &mut self,
        locals: [Value<'a>; N],
        then: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = self.locals.len();
        self.locals.extend(locals);
        let outcome = then(self);
        self.locals.truncate(outer);
        outcome
    }

    fn run_loop(&mut self, inner: &'a Loop) -> Outcome<'a> {
        let rounds = Rounds::over(self.value(&inner.range)?, inner.two_variables)?;
        self.fuel.spend(rounds.key_count())?;
        match inner.gather {
            Gather::All => self.quantify(inner, &rounds, false),
            Gather::Exists => self.quantify(inner, &rounds, true),
            Gather::ExistsOne => self.exists_one(inner, &rounds),
            Gather::Filter | Gather::List => self.gather_list(inner, &rounds),
            Gather::Map | Gather::MapEntries => self.gather_map(inner, &rounds),
            Gather::SortBy => self.sort(inner, &rounds),
        }
    }

    /// Runs a part of a loop for one round.
    fn round(&mut self, code: &'a Code, rounds: &Rounds<'a>, index: usize) -> Outcome<'a> {
        self.fuel.spend(1)?;
        match rounds.variables(index).ok_or(Failure::Other)? {
            (first, Some(second)) => self.with_locals([first, second], |run| run.value(code)),
            (first, None) => self.with_locals([first], |run| run.value(code)),
        }
    }

    fn round_truth(
        &mut self,
        code: &'a Code,
        rounds: &Rounds<'a>,
        index: usize,
    ) -> Result<bool, Failure> {
        match self.round(code, rounds, index)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(Failure::MismatchedTypes),
        }
    }

    fn counts(
        &mut self,
        inner: &'a Loop,
        rounds: &Rounds<'a>,
        index: usize,
    ) -> Result<bool, Failure> {
        inner.filter.as_ref().map_or(Ok(true), |filter| self.round_truth(filter, rounds, index))
    }

    fn quantify(&mut self, inner: &'a Loop, rounds: &Rounds<'a>, settles: bool) -> Outcome<'a> {
        let mut verdict = Verdict::new(settles);
        for index in 0..rounds.len() {
            if verdict.take(self.round_truth(&inner.body, rounds, index))? {
                break;
            }
        }
        verdict.value()
    }

    fn exists_one(&mut self, inner: &'a Loop, rounds: &Rounds<'a>) -> Outcome<'a> {
        let mut count = 0_usize;
        for index in 0..rounds.len() {
            count += usize::from(self.round_truth(&inner.body, rounds, index)?);
        }
        Ok(Value::Bool(count == 1))
    }

    fn gather_list(&mut self, inner: &'a Loop, rounds: &Rounds<'a>) -> Outcome<'a> {
        let mut values = Vec::new();
        for index in 0..rounds.len() {
            if inner.gather == Gather::Filter {
                if self.round_truth(&inner.body, rounds, index)? {
                    values.extend(rounds.variables(index).map(|(item, _)| item));
                }
            } else if self.counts(inner, rounds, index)? {
                values.push(self.round(&inner.body, rounds, index)?);
            }
        }
        Ok(Value::list(values))
    }

    fn gather_map(&mut self, inner: &'a Loop, rounds: &Rounds<'a>) -> Outcome<'a> {
        let mut map = BTreeMap::new();
        for index in 0..rounds.len() {
            if !self.counts(inner, rounds, index)? {
                continue;
            }
            let value = self.round(&inner.body, rounds, index)?;
            if inner.gather == Gather::Map {
                let (key, _) = rounds.variables(index).ok_or(Failure::Other)?;
                self.insert(&mut map, &key, value)?;
                continue;
            }
            let Value::Map(entries) = value else { return Err(Failure::MismatchedTypes) };
            self.fuel.spend(entries.len())?;
            for key in entries.keys() {
                let key = key.into_value();
                let value = entries.find(&key).ok_or(Failure::Other)?;
                self.insert(&mut map, &key, value)?;
            }
        }
        Ok(Value::map(map))
    }

    fn sort(&mut self, inner: &'a Loop, rounds: &Rounds<'a>) -> Outcome<'a> {
        if matches!(rounds.range, Range::Map(..)) {
            return Err(Failure::MismatchedTypes);
        }
        let mut pairs = Vec::new();
        for index in 0..rounds.len() {
            let key = self.round(&inner.body, rounds, index)?;
            pairs.extend(rounds.variables(index).map(|(item, _)| (key, item)));
        }
        library::sort_by(&mut self.fuel, pairs)
    }
}

/// What comes of several truths, one of which may settle it.
struct Verdict {
    settles: bool,
    settled: bool,
    failed: Option<Failure>,
}

impl Verdict {
    const fn new(settles: bool) -> Self {
        Self { settles, settled: false, failed: None }
    }

    /// Whether it is settled now.
    fn take(&mut self, truth: Result<bool, Failure>) -> Result<bool, Failure> {
        match truth {
            Ok(truth) => self.settled = truth == self.settles,
            Err(Failure::OutOfFuel) => return Err(Failure::OutOfFuel),
            Err(failure) => self.failed = self.failed.or(Some(failure)),
        }
        Ok(self.settled)
    }

    fn value<'a>(self) -> Outcome<'a> {
        match self.failed {
            Some(failure) if !self.settled => Err(failure),
            _ => Ok(Value::Bool(self.settled == self.settles)),
        }
    }
}

/// What a loop goes through.
struct Rounds<'a> {
    range: Range<'a>,
    two_variables: bool,
}

enum Range<'a> {
    List(List<'a>),
    Map(Map<'a>, Vec<Key<'a>>),
}

impl<'a> Rounds<'a> {
    fn over(range: Value<'a>, two_variables: bool) -> Result<Self, Failure> {
        let range = match range {
            Value::List(list) => Range::List(list),
            Value::Map(map) => {
                let keys = map.keys();
                Range::Map(map, keys)
            }
            _ => return Err(Failure::MismatchedTypes),
        };
        Ok(Self { range, two_variables })
    }

    fn len(&self) -> usize {
        match &self.range {
            Range::List(list) => list.len(),
            Range::Map(_, keys) => keys.len(),
        }
    }

    /// How many keys were listed.
    fn key_count(&self) -> usize {
        match &self.range {
            Range::List(_) => 0,
            Range::Map(_, keys) => keys.len(),
        }
    }

    /// One variable is the item or the key; two are index and item, or key and value.
    fn variables(&self, index: usize) -> Option<(Value<'a>, Option<Value<'a>>)> {
        match (&self.range, self.two_variables) {
            (Range::List(list), false) => Some((list.at(index)?, None)),
            (Range::List(list), true) => Some((Value::count(index), list.at(index))),
            (Range::Map(_, keys), false) => Some((keys.get(index)?.clone().into_value(), None)),
            (Range::Map(map, keys), true) => {
                let key = keys.get(index)?.clone().into_value();
                let value = map.find(&key)?;
                Some((key, Some(value)))
            }
        }
    }
}

/// Access to a part of a value. On an optional, and if it is asked for optionally, what is not
/// there is none.
fn access<'a>(
    operand: &Value<'a>,
    optional: bool,
    find: impl FnOnce(&Value<'a>) -> Result<Option<Value<'a>>, Failure>,
) -> Outcome<'a> {
    match operand {
        Value::Optional(None) => Ok(Value::NONE),
        Value::Optional(Some(inner)) => access(inner, true, find),
        _ if optional && has_no_parts(operand) => Ok(Value::NONE),
        _ if optional => Ok(find(operand)?.map_or(Value::NONE, Value::some)),
        _ => find(operand)?.ok_or(Failure::NoSuchField),
    }
}

fn has<'a>(operand: &Value<'a>, field: &str) -> Outcome<'a> {
    match operand {
        Value::Optional(Some(inner)) => has(inner, field),
        Value::Optional(None) => Ok(Value::Bool(false)),
        _ if has_no_parts(operand) => Ok(Value::Bool(false)),
        _ => Ok(Value::Bool(library::select(operand, field)?.is_some())),
    }
}

/// What may be asked for parts, and has none.
const fn has_no_parts(value: &Value<'_>) -> bool {
    !matches!(value, Value::List(_) | Value::Map(_))
}
