//! Lists: `$filter`, `$search`, `$count`, `$top`, `$orderby`, `$select` and paging (microsoft-cloud 4.1, 4.3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::answer::{Refusal, body, context};
use super::filter::Filter;
use crate::practice::wire::{Reply, Request};

/// Largest `$top` of directory objects.
const MAX_TOP: usize = 999;

/// What a list is made of.
pub struct Set<'a> {
    /// Tail of the context, such as `applications`.
    pub name: &'a str,
    /// Type name, such as `application`.
    pub type_name: &'a str,
    /// Members that may be selected.
    pub members: &'a [&'a str],
    /// Members that may be filtered by; every one of `members` when empty.
    pub filterable: &'a [&'a str],
    /// Whether it is of directory objects, for which advanced queries need the header.
    pub directory: bool,
}

/// The query options that Graph has; another one with its dollar sign is refused.
const OPTIONS: &[&str] = &[
    "count",
    "deltatoken",
    "expand",
    "filter",
    "format",
    "orderby",
    "search",
    "select",
    "skip",
    "skiptoken",
    "top",
];

fn eventual(request: &Request) -> bool {
    request.header("consistencylevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"))
}

fn counted(request: &Request) -> bool {
    option(request, "count").is_some_and(|wanted| wanted.eq_ignore_ascii_case("true"))
}

/// Refuses a request that is an advanced query and does not say so: without the header and `$count=true`
/// (microsoft-cloud 4.1, 4.3).
pub fn advanced(request: &Request) -> Result<(), Refusal> {
    if eventual(request) && counted(request) {
        return Ok(());
    }
    Err(Refusal::unsupported(
        "The specified cast is only supported with the header 'ConsistencyLevel: eventual' and $count=true.",
    ))
}

/// Refuses options that Graph does not have.
pub fn known_options(request: &Request) -> Result<(), Refusal> {
    let unknown = request
        .query
        .iter()
        .filter_map(|(name, _)| name.strip_prefix('$'))
        .find(|name| !OPTIONS.iter().any(|known| known.eq_ignore_ascii_case(name)));
    match unknown {
        None => Ok(()),
        Some(name) => Err(Refusal::new(
            400,
            "BadRequest",
            format!(
                "The query specified in the URI is not valid. The query parameter '${name}' is not supported."
            ),
        )),
    }
}

/// Answers a list request from all items that the caller may see.
pub fn list(request: &Request, set: &Set<'_>, items: Vec<Value>, page_size: usize) -> Result<Reply, Refusal> {
    let (eventual, counted) = (eventual(request), counted(request));
    let mut items = items;
    if set.directory && option(request, "skip").is_some() {
        return Err(Refusal::unsupported("'$skip' is not supported by the service."));
    }

    if let Some(text) = option(request, "filter") {
        let filter = Filter::parse(text).ok_or_else(|| {
            Refusal::new(400, "BadRequest", format!("Invalid filter clause: Syntax error in '{text}'."))
        })?;
        for member in filter.members() {
            let allowed = if set.filterable.is_empty() { set.members } else { set.filterable };
            if !allowed.contains(&member) {
                let mut name = set.type_name.to_owned();
                name.get_mut(..1).map(str::make_ascii_uppercase);
                return Err(Refusal::unsupported(format!(
                    "Unsupported or invalid query filter clause specified for property '{member}' of resource '{name}'."
                )));
            }
        }
        if set.directory && filter.is_advanced() && !(eventual && counted) {
            return Err(Refusal::unsupported(
                "The specified filter to the reference property query is currently not supported without the header \
                 'ConsistencyLevel: eventual' and $count=true.",
            ));
        }
        items.retain(|item| filter.fits(item));
    }
    if let Some(text) = option(request, "search") {
        if !eventual {
            return Err(Refusal::unsupported(
                "Request with $search query parameter only works through MSGraph with a special request header: \
                 'ConsistencyLevel: eventual'",
            ));
        }
        let (member, words) = search(text)?;
        items.retain(|item| search_fits(item, &member, &words));
    }
    if let Some(order) = option(request, "orderby") {
        let (member, direction) = order.trim().split_once(' ').unwrap_or((order.trim(), "asc"));
        if !set.members.contains(&member) {
            return Err(Refusal::unsupported(format!("Sorting by '{member}' is not supported.")));
        }
        let key = |item: &Value| item[member].as_str().unwrap_or_default().to_lowercase();
        items.sort_by_key(key);
        if direction.trim().eq_ignore_ascii_case("desc") {
            items.reverse();
        }
    }

    let total = items.len();
    let top = top(request)?;
    let size = top.unwrap_or(page_size).max(1);
    let start = match option(request, "skiptoken") {
        Some(token) => after(token, &items).ok_or_else(|| {
            Refusal::new(400, "Directory_ExpiredPageToken", "The specified page token value has expired.")
        })?,
        None => 0,
    };
    let selected = selected(request, set)?;
    let page: Vec<&Value> = items.iter().skip(start).take(size).collect();
    let mut members = Map::new();
    let tail = match &selected {
        Some(names) => format!("{}({})", set.name, names.join(",")),
        None => set.name.to_owned(),
    };
    members.insert("@odata.context".to_owned(), context(request, &tail).into());
    if counted && (eventual || !set.directory) {
        members.insert("@odata.count".to_owned(), total.into());
    }
    let last = page.last().and_then(|item| item["id"].as_str());
    if let Some(last) = last.filter(|_| start + page.len() < total) {
        members.insert("@odata.nextLink".to_owned(), next_link(request, last).into());
    }
    let value: Vec<Value> = page.into_iter().map(|item| project(item, selected.as_deref())).collect();
    members.insert("value".to_owned(), value.into());
    Ok(body(200, &Value::Object(members)))
}

/// The selected members of one entity, or all of it.
pub fn select(request: &Request, set: &Set<'_>, item: &Value) -> Result<Value, Refusal> {
    Ok(project(item, selected(request, set)?.as_deref()))
}

/// A query option by its name without the dollar sign, which Graph lets clients leave out.
pub fn option<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query.iter().find_map(|(key, value)| {
        key.strip_prefix('$').unwrap_or(key).eq_ignore_ascii_case(name).then_some(value.as_str())
    })
}

fn top(request: &Request) -> Result<Option<usize>, Refusal> {
    let Some(text) = option(request, "top") else { return Ok(None) };
    match text.parse::<usize>() {
        Ok(number) if (1..=MAX_TOP).contains(&number) => Ok(Some(number)),
        _ => Err(Refusal::unsupported(format!(
            "Invalid page size specified: '{text}'. Must be between 1 and {MAX_TOP} inclusive."
        ))),
    }
}

fn selected(request: &Request, set: &Set<'_>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(text) = option(request, "select").filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    if names.contains(&"*") {
        return Ok(None);
    }
    names
        .into_iter()
        .map(|name| {
            let known = set.members.iter().find(|member| member.eq_ignore_ascii_case(name));
            known.map(|name| (*name).to_owned()).ok_or_else(|| {
                let message = format!(
                    "Could not find a property named '{name}' on type 'microsoft.graph.{}'.",
                    set.type_name
                );
                Refusal::new(400, "BadRequest", message)
            })
        })
        .collect::<Result<Vec<_>, _>>()
        .map(Some)
}

fn project(item: &Value, selected: Option<&[String]>) -> Value {
    let (Some(names), Some(members)) = (selected, item.as_object()) else { return item.clone() };
    let kept = members.iter().filter(|(name, _)| name.starts_with('@') || names.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn search(text: &str) -> Result<(String, Vec<String>), Refusal> {
    let clause = text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let parts = clause.and_then(|clause| clause.split_once(':'));
    let Some((member, words)) = parts else {
        return Err(Refusal::new(
            400,
            "BadRequest",
            format!(
                "Syntax error: character ':' is not valid at position 0 in '{text}'. \
                 Each clause has to be quoted, such as \"displayName:word\"."
            ),
        ));
    };
    Ok((member.to_owned(), words.split_whitespace().map(str::to_lowercase).collect()))
}

/// Every word searched for begins some word of the text.
fn search_fits(item: &Value, member: &str, words: &[String]) -> bool {
    let text = item[member].as_str().unwrap_or_default().to_lowercase();
    let have: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    words
        .iter()
        .all(|word| text.starts_with(word.as_str()) || have.iter().any(|h| h.starts_with(word.as_str())))
}

fn next_link(request: &Request, last: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &request.query {
        if !name.trim_start_matches('$').eq_ignore_ascii_case("skiptoken") {
            query.append_pair(name, value);
        }
    }
    query.append_pair("$skiptoken", &URL_SAFE_NO_PAD.encode(last));
    format!("{}{}?{}", request.address_of("graph.microsoft.com"), request.path, query.finish())
}

fn after(token: &str, items: &[Value]) -> Option<usize> {
    let last = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let at = items.iter().position(|item| item["id"].as_str() == Some(&last))?;
    Some(at + 1)
}
