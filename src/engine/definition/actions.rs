//! From functions and their routes to the connector's actions: names, methods, paths and parameters.

use std::collections::HashSet;

use crate::engine::facts::Function;
use crate::engine::percent::percent_encoded;
use crate::engine::words::{say, say_with};

/// Methods that become actions, in the order in which they are offered.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// What a function that takes every method is offered as.
const USUAL: [&str; 2] = ["GET", "POST"];
/// A parameter must not be called so (power-platform 4.1).
const RESERVED: &str = "connectionId";

/// One action of the connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Unique name in PascalCase.
    pub id: String,
    /// What a maker reads, such as `Get order items`.
    pub summary: String,
    /// The function behind it.
    pub function: String,
    /// HTTP method, upper case.
    pub method: &'static str,
    /// The parts of the path.
    pub path: Vec<Segment>,
    /// Whether it calls the tutorial's greeting: it takes a name, in the body or in the query, and answers with text.
    pub greets: bool,
}

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text, percent-encoded.
    Text(String),
    /// A parameter.
    Parameter {
        /// Its name.
        name: String,
        /// Whether the route takes whole numbers only.
        integer: bool,
    },
}

impl Action {
    /// Whether it carries a body.
    pub fn has_body(&self) -> bool {
        matches!(self.method, "POST" | "PUT" | "PATCH")
    }

    /// The path's parameters.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, bool)> {
        self.path.iter().filter_map(|segment| match segment {
            Segment::Parameter { name, integer } => Some((name.as_str(), *integer)),
            Segment::Text(_) => None,
        })
    }

    /// The path with each parameter written by `parameter`, beginning with a slash.
    pub fn path_with(&self, parameter: impl Fn(&str) -> String) -> String {
        let parts: Vec<String> = self
            .path
            .iter()
            .map(|segment| match segment {
                Segment::Text(text) => text.clone(),
                Segment::Parameter { name, .. } => parameter(name),
            })
            .collect();
        format!("/{}", parts.join("/"))
    }
}

/// All actions of the functions that can be called, in the order of the functions.
pub fn of(functions: &[Function]) -> Vec<Action> {
    let mut actions: Vec<Action> = Vec::new();
    let mut taken = HashSet::new();
    let mut calls = HashSet::new();
    for function in functions.iter().filter(|function| !function.disabled) {
        let Some(route) = function.invoke_url.as_deref().map(Route::parse) else { continue };
        let greets = function.name.eq_ignore_ascii_case("hello")
            && route.parameter_count() == 0
            && (function.methods.is_empty()
                || function.methods.iter().any(|method| method.eq_ignore_ascii_case("POST")));
        let mut methods: Vec<&'static str> = match () {
            () if function.methods.is_empty() => USUAL.to_vec(),
            () => METHODS
                .into_iter()
                .filter(|method| function.methods.iter().any(|one| one.eq_ignore_ascii_case(method)))
                .collect(),
        };
        if greets {
            // The tutorial's own call comes first.
            methods.sort_by_key(|method| *method != "POST");
        }
        for path in route.variants() {
            for method in &methods {
                let tutorials = greets && *method == "POST";
                let greets = greets && matches!(*method, "GET" | "POST");
                // Two routes that differ in a parameter's name only cannot stand in one definition.
                let call = path.iter().map(shape).fold((*method).to_owned(), |call, part| call + "/" + &part);
                if !calls.insert(call) {
                    continue;
                }
                let verb = (methods.len() > 1 && !tutorials).then_some(*method);
                let names = Names { function: &function.name, verb };
                let by: Vec<&str> = if route.has_optional() {
                    path.iter().filter_map(parameter_name).collect()
                } else {
                    Vec::new()
                };
                actions.push(Action {
                    id: unique(&names.id(&by), &mut taken),
                    summary: match verb {
                        _ if !greets => names.summary(&by),
                        None => say("import.hello").to_owned(),
                        Some(verb) => say_with("import.hello_with", &[("verb", verb)]),
                    },
                    function: crate::engine::clean::clean_line(&function.name, 80),
                    method,
                    path: path.clone(),
                    greets,
                });
            }
        }
    }
    actions
}

fn shape(segment: &Segment) -> String {
    match segment {
        Segment::Text(text) => text.to_ascii_lowercase(),
        Segment::Parameter { .. } => "{}".to_owned(),
    }
}

fn parameter_name(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Parameter { name, .. } => Some(name),
        Segment::Text(_) => None,
    }
}

fn unique(id: &str, taken: &mut HashSet<String>) -> String {
    let mut name = id.to_owned();
    let mut number = 2;
    while !taken.insert(name.to_ascii_lowercase()) {
        name = format!("{id}{number}");
        number += 1;
    }
    name
}

/// A route template of the Functions host, such as `api/orders/{id:int?}` (microsoft-cloud 5.7).
struct Route {
    /// The parts, and for each whether it may be left out.
    parts: Vec<(Segment, bool)>,
}

impl Route {
    /// Takes the route from an invoke URL, whatever host it names. Parts that are not understood are taken as text.
    fn parse(invoke_url: &str) -> Self {
        let after_host = invoke_url
            .split_once("://")
            .map_or(invoke_url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
        let mut parts: Vec<(Segment, bool)> = Vec::new();
        for part in without_query(after_host).split('/').filter(|part| !part.is_empty()) {
            let inner = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
            match inner {
                Some(inner) => {
                    let optional = inner.ends_with('?') || inner.contains('=') || inner.starts_with('*');
                    let constraint = inner.split_once(':').map_or("", |(_, constraint)| constraint);
                    let integer =
                        ["int", "long"].iter().any(|kind| constraint.trim_end_matches('?') == *kind);
                    let name =
                        inner.trim_start_matches('*').split([':', '=', '?']).next().unwrap_or_default();
                    let taken = parts.iter().filter_map(|(segment, _)| parameter_name(segment));
                    let name = parameter(name, &taken.collect::<Vec<_>>());
                    parts.push((Segment::Parameter { name, integer }, optional));
                }
                None => parts.push((Segment::Text(percent_encoded(part, "%")), false)),
            }
        }
        Self { parts }
    }

    fn parameter_count(&self) -> usize {
        self.parts.iter().filter(|(segment, _)| parameter_name(segment).is_some()).count()
    }

    /// Only parts at the end of a route can be left out.
    fn without_optional(&self) -> usize {
        self.parts.len() - self.parts.iter().rev().take_while(|(_, optional)| *optional).count()
    }

    fn has_optional(&self) -> bool {
        self.without_optional() < self.parts.len()
    }

    /// The path, and where the end of the route may be left out, the shorter path before it.
    fn variants(&self) -> Vec<Vec<Segment>> {
        let whole = self.parts.len();
        let mut lengths = vec![self.without_optional(), whole];
        lengths.dedup();
        lengths
            .into_iter()
            .map(|length| self.parts[..length].iter().map(|(segment, _)| segment.clone()).collect())
            .collect()
    }
}

/// Cuts a query off; a question mark inside braces belongs to a parameter.
fn without_query(path: &str) -> &str {
    let mut depth = 0_u32;
    for (at, c) in path.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            '?' | '#' if depth == 0 => return &path[..at],
            _ => {}
        }
    }
    path
}

/// A parameter's name with letters, digits and `_` only, different from those taken.
fn parameter(name: &str, taken: &[&str]) -> String {
    let mut clean: String =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
    if clean.is_empty() {
        clean.push_str("value");
    }
    if clean.eq_ignore_ascii_case(RESERVED) {
        clean.push_str("Value");
    }
    while taken.iter().any(|other| other.eq_ignore_ascii_case(&clean)) {
        clean.push('2');
    }
    clean
}

/// How an action is named after its function.
struct Names<'a> {
    function: &'a str,
    verb: Option<&'a str>,
}

impl Names<'_> {
    /// `GetOrdersById`: the method where there are several, the function's name, the parameters where they may be left out.
    fn id(&self, by: &[&str]) -> String {
        let mut id = self.verb.map(|verb| pascal(&verb.to_ascii_lowercase())).unwrap_or_default();
        id.push_str(&pascal(self.function));
        if !by.is_empty() {
            id.push_str("By");
            id.extend(by.iter().map(|name| pascal(name)));
        }
        if id.starts_with(|c: char| c.is_ascii_alphabetic()) { id } else { format!("Call{id}") }
    }

    /// `Get order items by id`: at most 80 characters, no full stop (power-platform 4.1).
    fn summary(&self, by: &[&str]) -> String {
        let mut all: Vec<String> = self.verb.iter().map(|verb| verb.to_ascii_lowercase()).collect();
        all.extend(words(self.function));
        if !by.is_empty() {
            all.push("by".to_owned());
            all.push(by.iter().map(|name| words(name).join(" ")).collect::<Vec<_>>().join(" and "));
        }
        let mut text: String = all.join(" ").chars().take(80).collect();
        text.truncate(text.trim_end().len());
        match text.get(..1) {
            Some(first) => first.to_ascii_uppercase() + &text[1..],
            None => say("import.call").to_owned(),
        }
    }
}

fn pascal(name: &str) -> String {
    words(name)
        .iter()
        .map(|word| word.get(..1).map(|first| first.to_ascii_uppercase() + &word[1..]).unwrap_or_default())
        .collect::<String>()
        .chars()
        .take(100)
        .collect()
}

/// The words of a name in lower case: `getOrderItems` and `get_order-items` both give `get order items`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut lower_before = false;
    let mut new_word = true;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            new_word = true;
            continue;
        }
        if new_word || (c.is_ascii_uppercase() && lower_before) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
        lower_before = c.is_ascii_lowercase() || c.is_ascii_digit();
        new_word = false;
    }
    words
}

/// A name as a title for people, such as `Order Id`.
pub fn heading(name: &str) -> String {
    let parts: Vec<String> = words(name)
        .iter()
        .map(|word| word.get(..1).map(|first| first.to_ascii_uppercase() + &word[1..]).unwrap_or_default())
        .collect();
    if parts.is_empty() { "Value".to_owned() } else { parts.join(" ") }
}
