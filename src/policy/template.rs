//! Messages with placeholders: `Deletes {{ request.name }}.` Expressions in them see the request
//! and the caller alone, so that no value out of an object can reach an error or a log.

use super::expr::{Expression, Flaw, Scope, Vocabulary};

/// What one placeholder may add to a message, in characters.
const MAX_INSERT: usize = 256;

/// A text with expressions in it.
#[derive(Debug)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug)]
enum Part {
    Expression(Expression),
    Text(String),
}

/// What is wrong with a template, and the byte of its text at which the faulty part starts.
#[derive(Debug)]
pub(super) struct TemplateFlaw {
    pub(super) byte: usize,
    pub(super) flaw: Flaw,
}

impl Template {
    pub(super) fn compile(text: &str) -> Result<Self, Vec<TemplateFlaw>> {
        let mut parts = Vec::new();
        let mut flaws = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            parts.push(Part::Text(before.to_owned()));
            let byte = text.len() - after.len();
            let Some((expression, behind)) = after.split_once("}}") else {
                let message = "`{{` without its `}}`".to_owned();
                let flaw = Flaw { line: 1, column: 1, message, hint: None };
                return Err(vec![TemplateFlaw { byte: byte - 2, flaw }]);
            };
            let indent = expression.len() - expression.trim_start().len();
            match Expression::compile(expression.trim(), Vocabulary::RequestOnly) {
                Ok(expression) => parts.push(Part::Expression(expression)),
                Err(found) => {
                    let placed = |flaw| TemplateFlaw { byte: byte + indent, flaw };
                    flaws.extend(found.into_iter().map(placed));
                }
            }
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        if flaws.is_empty() { Ok(Self(parts)) } else { Err(flaws) }
    }

    /// The message. A placeholder that cannot be evaluated reads `?`: a decision does not fail on
    /// its wording.
    pub(super) fn render(&self, scope: &Scope<'_>) -> String {
        let mut message = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => message.push_str(text),
                Part::Expression(expression) => {
                    let text = scope.text(expression).unwrap_or_else(|_| "?".to_owned());
                    message.extend(text.chars().filter(|c| !c.is_control()).take(MAX_INSERT));
                }
            }
        }
        message
    }
}
