//! Azure Resource Graph: the few query forms that look for function apps (microsoft-cloud 5.3).

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::{rights, site};
use crate::practice::wire::{Caller, Reply, Request};
use crate::practice::world::World;

/// Answers `POST /providers/Microsoft.ResourceGraph/resources`.
pub fn answer(world: &World, request: &Request, caller: &Caller) -> Answer {
    let body = request.json().unwrap_or_default();
    let query = body["query"].as_str().ok_or_else(|| invalid("The query is missing."))?;
    let wanted: Option<Vec<&str>> =
        body["subscriptions"].as_array().map(|list| list.iter().filter_map(Value::as_str).collect());
    let mut rows: Vec<Value> = world
        .sites
        .iter()
        .filter(|site| site.slot.is_none())
        .filter(|site| {
            wanted.as_ref().is_none_or(|ids| ids.iter().any(|id| id.eq_ignore_ascii_case(&site.subscription)))
        })
        .filter(|site| rights::may(world, caller, "Microsoft.Web/sites/read", &site.resource_id()))
        .map(|site| row(world, site))
        .collect();
    for (index, stage) in query.split('|').map(str::trim).enumerate() {
        if index == 0 && stage.eq_ignore_ascii_case("resources") {
            continue;
        }
        rows = apply(stage, rows)?;
    }
    let version = request.query("api-version").unwrap_or_default();
    let table = match body["options"]["resultFormat"].as_str() {
        Some(format) => format.eq_ignore_ascii_case("table"),
        None => version < "2020",
    };
    let count = rows.len();
    let data = if table { as_table(&rows) } else { Value::Array(rows) };
    Ok(Reply::json(
        200,
        &json!({"totalRecords": count, "count": count, "data": data, "facets": [], "resultTruncated": "false"}),
    ))
}

fn row(world: &World, site: &crate::practice::world::Site) -> Value {
    let mut row = site::document(world, site);
    // The index spells types and kinds in lower case and adds where the resource lives.
    row["type"] = "microsoft.web/sites".into();
    row["location"] = site.location.to_ascii_lowercase().replace(' ', "").into();
    row["resourceGroup"] = site.resource_group.to_ascii_lowercase().into();
    row["subscriptionId"] = site.subscription.as_str().into();
    row["tenantId"] = world.tenant_of(&site.subscription).map(|tenant| tenant.id.clone()).into();
    row
}

fn apply(stage: &str, rows: Vec<Value>) -> Result<Vec<Value>, Refusal> {
    let (verb, rest) = stage.split_once(char::is_whitespace).unwrap_or((stage, ""));
    match verb {
        "where" => {
            let conditions = rest
                .split(" and ")
                .map(condition)
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| invalid(stage))?;
            Ok(rows
                .into_iter()
                .filter(|row| conditions.iter().all(|condition| condition.holds(row)))
                .collect())
        }
        "project" => {
            let columns: Vec<(String, &str)> = rest
                .split(',')
                .map(|column| match column.split_once('=') {
                    Some((name, path)) => (name.trim().to_owned(), path.trim()),
                    None => (column.trim().replace('.', "_"), column.trim()),
                })
                .collect();
            Ok(rows
                .into_iter()
                .map(|row| {
                    columns.iter().map(|(name, path)| (name.clone(), at(&row, path).clone())).collect()
                })
                .collect())
        }
        "take" | "limit" => {
            let count: usize = rest.trim().parse().map_err(|_| invalid(stage))?;
            Ok(rows.into_iter().take(count).collect())
        }
        "order" | "sort" => {
            let by = rest.trim().strip_prefix("by ").ok_or_else(|| invalid(stage))?;
            let path = by.split_whitespace().next().unwrap_or_default().to_owned();
            let mut rows = rows;
            rows.sort_by_key(|row| at(row, &path).as_str().unwrap_or_default().to_lowercase());
            if by.ends_with(" desc") {
                rows.reverse();
            }
            Ok(rows)
        }
        _ => Err(invalid(stage)),
    }
}

struct Condition<'a> {
    path: &'a str,
    operator: &'a str,
    literal: String,
}

fn condition(text: &str) -> Option<Condition<'_>> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let (path, rest) = text.split_once(char::is_whitespace)?;
    let (operator, literal) = rest.trim().split_once(char::is_whitespace)?;
    let known = ["=~", "==", "!~", "!=", "contains", "!contains", "has", "startswith", "endswith"];
    let literal = literal.trim();
    let quoted = literal.len() >= 2 && (literal.starts_with('\'') || literal.starts_with('"'));
    (known.contains(&operator) && quoted).then(|| Condition {
        path,
        operator,
        literal: literal.trim_matches(['\'', '"']).to_owned(),
    })
}

impl Condition<'_> {
    fn holds(&self, row: &Value) -> bool {
        let exact = at(row, self.path).as_str().unwrap_or_default();
        let (value, literal) = (exact.to_lowercase(), self.literal.to_lowercase());
        match self.operator {
            "==" => exact == self.literal,
            "!=" => exact != self.literal,
            "=~" => value == literal,
            "!~" => value != literal,
            "contains" | "has" => value.contains(&literal),
            "!contains" => !value.contains(&literal),
            "startswith" => value.starts_with(&literal),
            _ => value.ends_with(&literal),
        }
    }
}

fn at<'a>(row: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(row, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// The old table format that core tools read.
fn as_table(rows: &[Value]) -> Value {
    let names: Vec<&String> =
        rows.first().and_then(Value::as_object).map(|first| first.keys().collect()).unwrap_or_default();
    let columns: Vec<Value> = names.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    let rows: Vec<Vec<Value>> =
        rows.iter().map(|row| names.iter().map(|name| row[name.as_str()].clone()).collect()).collect();
    json!({"columns": columns, "rows": rows})
}

fn invalid(part: &str) -> Refusal {
    Refusal::arm(
        400,
        "BadRequest",
        format!(
            "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the error before retrying. ({part})"
        ),
    )
}
