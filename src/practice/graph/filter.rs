//! The part of OData's `$filter` that clients of this set-up use: parsing and evaluating (microsoft-cloud 4.3).

use std::cmp::Ordering;

use serde_json::Value;

/// A parsed `$filter`.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// One of them holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A member compared with a literal.
    Compare(Path, Operator, Value),
    /// A text function of a member.
    Text(Function, Path, String),
    /// A member is one of some literals.
    In(Path, Vec<Value>),
    /// Some item of a list fits; with no inner filter: the list is not empty.
    Any(Path, String, Option<Box<Filter>>),
    /// The size of a list compared with a number.
    Count(Path, Operator, Value),
}

/// A member path, outermost first.
pub type Path = Vec<String>;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
}

/// A text function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `startswith`.
    Starts,
    /// `endswith`.
    Ends,
}

/// How deeply parentheses and `not` may nest.
const DEPTH: u32 = 20;

impl Filter {
    /// Parses a filter; `None` if it is not one that the practice cloud understands.
    pub fn parse(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0 };
        let filter = parser.either(0)?;
        (parser.at == tokens.len()).then_some(filter)
    }

    /// Whether a document fits.
    pub fn fits(&self, doc: &Value) -> bool {
        self.holds(doc, &[])
    }

    /// Whether Graph wants `ConsistencyLevel: eventual` and `$count=true` for it (microsoft-cloud 4.1).
    pub fn is_advanced(&self) -> bool {
        match self {
            Self::And(a, b) | Self::Or(a, b) => a.is_advanced() || b.is_advanced(),
            Self::Not(_)
            | Self::Count(..)
            | Self::Compare(_, Operator::Ne, _)
            | Self::Text(Function::Ends, ..) => true,
            Self::Any(_, _, inner) => inner.as_ref().is_some_and(|inner| inner.is_advanced()),
            Self::Compare(..) | Self::Text(..) | Self::In(..) => false,
        }
    }

    /// The outermost members that it asks for.
    pub fn members(&self) -> Vec<&str> {
        match self {
            Self::And(a, b) | Self::Or(a, b) => [a.members(), b.members()].concat(),
            Self::Not(inner) => inner.members(),
            Self::Compare(path, ..)
            | Self::Text(_, path, _)
            | Self::In(path, _)
            | Self::Any(path, ..)
            | Self::Count(path, ..) => path.first().map(String::as_str).into_iter().collect(),
        }
    }

    fn holds(&self, doc: &Value, names: &[(&str, &Value)]) -> bool {
        match self {
            Self::And(a, b) => a.holds(doc, names) && b.holds(doc, names),
            Self::Or(a, b) => a.holds(doc, names) || b.holds(doc, names),
            Self::Not(inner) => !inner.holds(doc, names),
            Self::Compare(path, operator, literal) => operator.holds(member(doc, names, path), literal),
            Self::Text(function, path, part) => {
                let text = member(doc, names, path).as_str().unwrap_or_default().to_lowercase();
                match function {
                    Function::Starts => text.starts_with(&part.to_lowercase()),
                    Function::Ends => text.ends_with(&part.to_lowercase()),
                }
            }
            Self::In(path, literals) => {
                let value = member(doc, names, path);
                literals.iter().any(|literal| Operator::Eq.holds(value, literal))
            }
            Self::Any(path, name, inner) => member(doc, names, path).as_array().is_some_and(|items| {
                items.iter().any(|item| {
                    let mut names = names.to_vec();
                    names.push((name, item));
                    inner.as_ref().is_none_or(|inner| inner.holds(doc, &names))
                })
            }),
            Self::Count(path, operator, number) => {
                let size = member(doc, names, path).as_array().map_or(0, Vec::len);
                operator.holds(&Value::from(size), number)
            }
        }
    }
}

impl Operator {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "lt" => Self::Lt,
            "le" => Self::Le,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            _ => return None,
        })
    }

    /// Directory comparisons of text ignore case.
    fn holds(self, value: &Value, literal: &Value) -> bool {
        let order = match (value, literal) {
            (Value::String(a), Value::String(b)) => Some(a.to_lowercase().cmp(&b.to_lowercase())),
            (Value::Number(a), Value::Number(b)) => {
                a.as_f64().zip(b.as_f64()).and_then(|(a, b)| a.partial_cmp(&b))
            }
            (a, b) if a == b => Some(Ordering::Equal),
            _ => None,
        };
        match self {
            Self::Eq => order == Some(Ordering::Equal),
            Self::Ne => order != Some(Ordering::Equal),
            Self::Lt => order == Some(Ordering::Less),
            Self::Le => order.is_some_and(Ordering::is_le),
            Self::Gt => order == Some(Ordering::Greater),
            Self::Ge => order.is_some_and(Ordering::is_ge),
        }
    }
}

fn member<'a>(doc: &'a Value, names: &[(&str, &'a Value)], path: &[String]) -> &'a Value {
    let bound = path
        .first()
        .and_then(|first| names.iter().rev().find(|(name, _)| name == first))
        .map(|(_, item)| *item);
    let (start, rest) = match bound {
        Some(item) => (item, path.get(1..).unwrap_or_default()),
        None => (doc, path),
    };
    rest.iter().fold(start, |value, name| value.get(name).unwrap_or(&Value::Null))
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            ' ' | '\t' => {
                rest.next();
            }
            '(' | ')' | ',' | ':' => {
                rest.next();
                tokens.push(match next {
                    '(' => Token::Open,
                    ')' => Token::Close,
                    ',' => Token::Comma,
                    _ => Token::Colon,
                });
            }
            '\'' => {
                rest.next();
                let mut literal = String::new();
                loop {
                    match rest.next()? {
                        // A quote inside a literal is doubled.
                        '\'' if rest.peek() == Some(&'\'') => {
                            rest.next();
                            literal.push('\'');
                        }
                        '\'' => break,
                        other => literal.push(other),
                    }
                }
                tokens.push(Token::Text(literal));
            }
            _ => {
                let mut word = String::new();
                while let Some(&next) = rest.peek() {
                    // Times are the one kind of bare word with colons; names before a lambda's colon have no digits first.
                    let in_time = next == ':' && word.starts_with(|first: char| first.is_ascii_digit());
                    if !in_time && matches!(next, ' ' | '\t' | '(' | ')' | ',' | ':' | '\'') {
                        break;
                    }
                    word.push(next);
                    rest.next();
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, token: &Token) -> Option<()> {
        (self.next().as_ref() == Some(token)).then_some(())
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self, depth: u32) -> Option<Filter> {
        let mut left = self.both(depth)?;
        while self.takes_word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.both(depth)?));
        }
        Some(left)
    }

    fn both(&mut self, depth: u32) -> Option<Filter> {
        let mut left = self.one(depth)?;
        while self.takes_word("and") {
            left = Filter::And(Box::new(left), Box::new(self.one(depth)?));
        }
        Some(left)
    }

    fn one(&mut self, depth: u32) -> Option<Filter> {
        if depth > DEPTH {
            return None;
        }
        if self.takes_word("not") {
            return Some(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        match self.next()? {
            Token::Open => {
                let inner = self.either(depth + 1)?;
                self.takes(&Token::Close)?;
                Some(inner)
            }
            Token::Word(word) if self.peek() == Some(&Token::Open) => self.call(&word, depth),
            Token::Word(word) => self.comparison(path(&word)),
            _ => None,
        }
    }

    /// A function or a lambda, whose name has been read.
    fn call(&mut self, name: &str, depth: u32) -> Option<Filter> {
        self.takes(&Token::Open)?;
        let function = match name.to_ascii_lowercase().as_str() {
            "startswith" => Function::Starts,
            "endswith" => Function::Ends,
            _ => return self.any(name, depth),
        };
        let Token::Word(member) = self.next()? else { return None };
        self.takes(&Token::Comma)?;
        let Token::Text(part) = self.next()? else { return None };
        self.takes(&Token::Close)?;
        Some(Filter::Text(function, path(&member), part))
    }

    fn any(&mut self, name: &str, depth: u32) -> Option<Filter> {
        let mut list = path(name);
        if list.pop()? != "any" || list.is_empty() {
            return None;
        }
        if self.peek() == Some(&Token::Close) {
            self.at += 1;
            return Some(Filter::Any(list, String::new(), None));
        }
        let Token::Word(variable) = self.next()? else { return None };
        self.takes(&Token::Colon)?;
        let inner = self.either(depth + 1)?;
        self.takes(&Token::Close)?;
        Some(Filter::Any(list, variable, Some(Box::new(inner))))
    }

    fn comparison(&mut self, mut path: Path) -> Option<Filter> {
        let Token::Word(operator) = self.next()? else { return None };
        if operator == "in" {
            self.takes(&Token::Open)?;
            let mut literals = vec![literal(self.next()?)?];
            while self.peek() == Some(&Token::Comma) {
                self.at += 1;
                literals.push(literal(self.next()?)?);
            }
            self.takes(&Token::Close)?;
            return Some(Filter::In(path, literals));
        }
        let operator = Operator::named(&operator)?;
        let literal = literal(self.next()?)?;
        if path.last().is_some_and(|last| last == "$count") {
            path.pop();
            return Some(Filter::Count(path, operator, literal));
        }
        Some(Filter::Compare(path, operator, literal))
    }
}

fn path(word: &str) -> Path {
    word.split('/').map(str::to_owned).collect()
}

fn literal(token: Token) -> Option<Value> {
    Some(match token {
        Token::Text(text) => Value::String(text),
        Token::Word(word) => match word.as_str() {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            // GUIDs and times stand without quotes.
            _ => word.parse::<i64>().map_or(Value::String(word), Value::from),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn filters_that_clients_use_are_understood() {
        let doc = json!({
            "appId": "AB-1", "displayName": "Ada's app", "createdDateTime": "2026-11-21T09:00:00Z", "uniqueName": null,
            "identifierUris": ["api://one", "api://two"], "web": {"redirectUris": ["https://a/x"]}, "accountEnabled": true,
            "passwordCredentials": [{"displayName": "s1", "keyId": "k"}],
        });
        for (filter, fits, advanced) in [
            ("appId eq 'ab-1'", true, false),
            ("appId eq AB-1", true, false),
            ("appId eq 'x' or displayName eq 'Ada''s app'", true, false),
            ("appId eq 'x' and displayName eq 'Ada''s app'", false, false),
            ("appId ne 'x'", true, true),
            ("not(appId eq 'x')", true, true),
            ("not startswith(displayName,'ada')", false, true),
            ("startswith(displayName, 'ADA')", true, false),
            ("endswith(displayName,'APP')", true, true),
            ("appId in ('x', 'AB-1')", true, false),
            ("identifierUris/any(u:u eq 'api://two')", true, false),
            ("identifierUris/any(u: startswith(u,'api://t'))", true, false),
            ("identifierUris/any()", true, false),
            ("identifierUris/$count eq 2", true, true),
            ("web/redirectUris/any(p:p eq 'https://a/x')", true, false),
            ("passwordCredentials/any(c:c/displayName eq 's1' and c/keyId eq 'other')", false, false),
            ("uniqueName eq null", true, false),
            ("accountEnabled eq true and (appId eq 'AB-1')", true, false),
            ("createdDateTime ge 2026-11-21T00:00:00Z", true, false),
            ("createdDateTime lt 2026-11-21T00:00:00Z", false, false),
        ] {
            let parsed = Filter::parse(filter).unwrap_or_else(|| panic!("{filter}"));
            assert_eq!((parsed.fits(&doc), parsed.is_advanced()), (fits, advanced), "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep = format!("{}a eq 1", "not ".repeat(5000));
        for text in
            ["", "appId", "appId eq", "appId eq 'x", "appId eq 'x' and", "(a eq 1", "contains(a,'x')", &deep]
        {
            assert_eq!(Filter::parse(text), None, "{text:.40}");
        }
    }
}
