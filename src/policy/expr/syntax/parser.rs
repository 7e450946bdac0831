//! The grammar, by recursive descent. See `parser/gen/CEL.g4` of cel-go.

use super::lexer::{Token, Word, whole};
use super::{Entry, Item, Kind, MAX_HEIGHT, Node, SyntaxError};
use crate::policy::expr::value::Value;

/// How deep brackets may nest: each takes several calls.
const MAX_NESTING: usize = 32;

/// Words that no variable may have as its name.
const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// Operators on two operands that group from the left, from the loosest to the tightest.
const BINARY: [&[(&str, &str)]; 3] = [
    &[
        ("==", "_==_"),
        ("!=", "_!=_"),
        ("<=", "_<=_"),
        (">=", "_>=_"),
        ("<", "_<_"),
        (">", "_>_"),
        ("in", "@in"),
    ],
    &[("+", "_+_"), ("-", "_-_")],
    &[("*", "_*_"), ("/", "_/_"), ("%", "_%_")],
];

type Parsed<T = Node> = Result<T, SyntaxError>;

pub(super) fn parse(tokens: Vec<Token>) -> Parsed {
    let mut parser = Parser { tokens, next: 0, nesting: 0 };
    let tree = parser.expression()?;
    match parser.peek().word {
        Word::End => Ok(tree),
        _ => Err(parser.unexpected()),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    nesting: usize,
}

impl Parser {
    fn expression(&mut self) -> Parsed {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(SyntaxError::new(
                self.peek().at,
                format!("brackets nest deeper than {MAX_NESTING}"),
            ));
        }
        let condition = self.disjunction()?;
        let tree = match self.take_symbol("?") {
            None => condition,
            Some(at) => {
                let yes = self.disjunction()?;
                self.require(":")?;
                let no = self.expression()?;
                let below = height([&condition, &yes, &no]);
                node(at, Kind::Conditional(Box::new([condition, yes, no])), below)?
            }
        };
        self.nesting -= 1;
        Ok(tree)
    }

    fn disjunction(&mut self) -> Parsed {
        self.chain("||", Self::conjunction, Kind::Or)
    }

    fn conjunction(&mut self) -> Parsed {
        self.chain("&&", |parser| parser.binary(0), Kind::And)
    }

    /// One node for `a || b || c`, so that long ones are not high.
    fn chain(
        &mut self,
        symbol: &str,
        term: fn(&mut Self) -> Parsed,
        kind: fn(Vec<Node>) -> Kind,
    ) -> Parsed {
        let first = term(self)?;
        let Some(at) = self.take_symbol(symbol) else { return Ok(first) };
        let mut terms = vec![first, term(self)?];
        while self.take_symbol(symbol).is_some() {
            terms.push(term(self)?);
        }
        let below = height(&terms);
        node(at, kind(terms), below)
    }

    fn binary(&mut self, level: usize) -> Parsed {
        let Some(operators) = BINARY.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        loop {
            let Token { at, word } = self.peek();
            let symbol = match word {
                Word::Symbol(symbol) => symbol,
                Word::Identifier(name) if name == "in" => "in",
                _ => return Ok(left),
            };
            let Some((_, name)) = operators.iter().find(|(known, _)| *known == symbol) else {
                return Ok(left);
            };
            let at = *at;
            self.next += 1;
            let right = self.binary(level + 1)?;
            left = call(at, name, None, vec![left, right])?;
        }
    }

    fn unary(&mut self) -> Parsed {
        let (symbol, name) = match self.peek().word {
            Word::Symbol("!") => ("!", "!_"),
            Word::Symbol("-") if self.is_negative_number() => return self.member(),
            Word::Symbol("-") => ("-", "-_"),
            _ => return self.member(),
        };
        let at = self.peek().at;
        let mut odd = false;
        // An even number of signs is none.
        while !(symbol == "-" && odd && self.is_negative_number())
            && self.take_symbol(symbol).is_some()
        {
            odd = !odd;
        }
        let operand = self.member()?;
        if odd { call(at, name, None, vec![operand]) } else { Ok(operand) }
    }

    fn is_negative_number(&self) -> bool {
        let number = self.tokens.get(self.next + 1).map(|token| &token.word);
        matches!(number, Some(Word::Whole(_) | Word::Literal(Value::Double(_))))
    }

    fn member(&mut self) -> Parsed {
        let mut operand = self.primary()?;
        loop {
            let at = self.peek().at;
            if self.take_symbol(".").is_some() {
                let optional = self.take_symbol("?").is_some();
                let (at, field) = self.name()?;
                if !optional && self.take_symbol("(").is_some() {
                    let arguments = self.nodes(")")?;
                    operand = call(at, &field, Some(operand), arguments)?;
                } else {
                    let below = operand.height;
                    operand =
                        node(at, Kind::Select { operand: operand.into(), field, optional }, below)?;
                }
            } else if self.take_symbol("[").is_some() {
                let optional = self.take_symbol("?").is_some();
                let index = self.expression()?;
                self.require("]")?;
                let below = height([&operand, &index]);
                let kind = Kind::Index { operand: operand.into(), index: index.into(), optional };
                operand = node(at, kind, below)?;
            } else if let Some(name) = self.opens_record(&operand) {
                return self.record(operand.at, name);
            } else {
                return Ok(operand);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let Token { at, word } = self.peek().clone();
        self.next += 1;
        match word {
            Word::Literal(value) => node(at, Kind::Literal(value), 0),
            Word::Whole(digits) => int(at, &digits, ""),
            Word::Symbol("-") => self.negative_number(at),
            Word::Symbol("(") => {
                let inner = self.expression()?;
                self.require(")")?;
                Ok(inner)
            }
            Word::Symbol("[") => self.list(at),
            Word::Symbol("{") => self.map(at),
            Word::Symbol(".") => {
                let (at, name) = self.name()?;
                self.name_or_call(at, name)
            }
            Word::Identifier(name) => self.name_or_call(at, name),
            Word::Symbol(_) | Word::End => {
                self.next -= 1;
                Err(self.unexpected())
            }
        }
    }

    fn negative_number(&mut self, at: usize) -> Parsed {
        let Token { word, .. } = self.peek().clone();
        self.next += 1;
        match word {
            Word::Whole(digits) => int(at, &digits, "-"),
            Word::Literal(Value::Double(number)) => {
                node(at, Kind::Literal(Value::Double(-number)), 0)
            }
            _ => {
                self.next -= 1;
                Err(self.unexpected())
            }
        }
    }

    fn name_or_call(&mut self, at: usize, name: String) -> Parsed {
        let literal = match name.as_str() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            _ => None,
        };
        if let Some(value) = literal {
            return node(at, Kind::Literal(value), 0);
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(SyntaxError::new(at, format!("`{name}` is a reserved word")));
        }
        if self.take_symbol("(").is_some() {
            let arguments = self.nodes(")")?;
            return call(at, &name, None, arguments);
        }
        node(at, Kind::Name(name), 0)
    }

    /// The nodes up to a closing bracket.
    fn nodes(&mut self, close: &str) -> Parsed<Vec<Node>> {
        let mut nodes = Vec::new();
        if self.take_symbol(close).is_some() {
            return Ok(nodes);
        }
        loop {
            nodes.push(self.expression()?);
            if self.take_symbol(",").is_none() {
                self.require(close)?;
                return Ok(nodes);
            }
        }
    }

    fn list(&mut self, at: usize) -> Parsed {
        let mut items = Vec::new();
        while self.take_symbol("]").is_none() {
            let optional = self.take_symbol("?").is_some();
            items.push(Item { value: self.expression()?, optional });
            if self.take_symbol(",").is_none() {
                self.require("]")?;
                break;
            }
        }
        let below = height(items.iter().map(|item| &item.value));
        node(at, Kind::List(items), below)
    }

    fn map(&mut self, at: usize) -> Parsed {
        let mut entries = Vec::new();
        while self.take_symbol("}").is_none() {
            let optional = self.take_symbol("?").is_some();
            let key = self.expression()?;
            self.require(":")?;
            entries.push(Entry { key, value: self.expression()?, optional });
            if self.take_symbol(",").is_none() {
                self.require("}")?;
                break;
            }
        }
        let below = height(entries.iter().flat_map(|entry| [&entry.key, &entry.value]));
        node(at, Kind::Map(entries), below)
    }

    /// The name before a `{`, if that is what the operand is.
    fn opens_record(&self, operand: &Node) -> Option<String> {
        matches!(self.peek().word, Word::Symbol("{")).then(|| dotted(operand)).flatten()
    }

    /// The fields do not matter: there is no type to make.
    fn record(&mut self, at: usize, name: String) -> Parsed {
        self.require("{")?;
        while self.take_symbol("}").is_none() {
            self.take_symbol("?");
            self.name()?;
            self.require(":")?;
            self.expression()?;
            if self.take_symbol(",").is_none() {
                self.require("}")?;
                break;
            }
        }
        node(at, Kind::Record(name), 0)
    }

    fn name(&mut self) -> Parsed<(usize, String)> {
        match self.peek().clone() {
            Token { at, word: Word::Identifier(name) }
                if !["in", "true", "false", "null"].contains(&name.as_str()) =>
            {
                self.next += 1;
                Ok((at, name))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn peek(&self) -> &Token {
        static END: Token = Token { at: 0, word: Word::End };
        // The last token is the end, which nothing goes past.
        self.tokens.get(self.next).unwrap_or(&END)
    }

    /// Where `symbol` stands, if it comes next.
    fn take_symbol(&mut self, symbol: &str) -> Option<usize> {
        let Token { at, word } = self.peek();
        let at = *at;
        let found = matches!(word, Word::Symbol(next) if *next == symbol);
        self.next += usize::from(found);
        found.then_some(at)
    }

    fn require(&mut self, symbol: &str) -> Parsed<()> {
        let Token { at, .. } = *self.peek();
        match self.take_symbol(symbol) {
            Some(_) => Ok(()),
            None => Err(SyntaxError::new(at, format!("`{symbol}` is missing"))),
        }
    }

    fn unexpected(&self) -> SyntaxError {
        let Token { at, word } = self.peek();
        let message = match word {
            Word::End => "it ends too early".to_owned(),
            Word::Identifier(name) => format!("unexpected `{name}`"),
            Word::Symbol(symbol) => format!("unexpected `{symbol}`"),
            Word::Literal(_) | Word::Whole(_) => "unexpected value".to_owned(),
        };
        SyntaxError::new(*at, message)
    }
}

fn int(at: usize, digits: &str, sign: &str) -> Parsed {
    let number =
        whole(digits, sign).ok_or_else(|| SyntaxError::new(at, "a number is too large"))?;
    node(at, Kind::Literal(Value::Int(number)), 0)
}

fn call(at: usize, name: &str, target: Option<Node>, arguments: Vec<Node>) -> Parsed {
    let below = height(target.iter().chain(&arguments));
    let target = target.map(Box::new);
    node(at, Kind::Call { target, name: name.to_owned(), arguments }, below)
}

/// The name that a chain of fields spells: `a.b.c`.
pub(in super::super) fn dotted(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Name(name) => Some(name.clone()),
        Kind::Select { operand, field, optional: false } => {
            Some(format!("{}.{field}", dotted(operand)?))
        }
        _ => None,
    }
}

fn height<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> u16 {
    nodes.into_iter().map(|node| node.height).max().unwrap_or_default()
}

fn node(at: usize, kind: Kind, below: u16) -> Parsed {
    if below >= MAX_HEIGHT {
        return Err(SyntaxError::new(at, format!("it nests deeper than {MAX_HEIGHT}")));
    }
    Ok(Node { at, height: below + 1, kind })
}
