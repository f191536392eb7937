//! Which resources to look at, from Azure Resource Graph: one question for all subscriptions instead of one for each
//! (microsoft-cloud 5.3).
//!
//! Its index lags, and which form its answer takes by default is not certain: both are read, what it names is looked at, and
//! where it names nothing every subscription is asked.

use serde_json::{Value, json};

use super::Arm;
use super::parse::site_id_parts;
use crate::cloud::http::{Request, Service};

/// `api-version` of Resource Graph (microsoft-cloud 5.3).
const GRAPH_API: &str = "2021-03-01";

/// How many resources are looked at for one question; more of one name are a puzzle for a person.
const MOST: usize = 5;

/// A condition on a function app, as the index spells it.
pub(super) enum Where<'a> {
    /// Its name.
    Name(&'a str),
    /// The host name that it has by default.
    DefaultHost(&'a str),
}

impl Where<'_> {
    /// The question; none for a value that no app can have, which must not become a part of it.
    fn query(&self) -> Option<String> {
        let (member, value) = match self {
            Self::Name(value) => ("name", value),
            Self::DefaultHost(value) => ("properties.defaultHostName", value),
        };
        let plain =
            !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        plain.then(|| {
            format!(
                "where type =~ 'Microsoft.Web/sites' and kind contains 'functionapp' and {member} =~ '{value}' | project id"
            )
        })
    }
}

impl Arm {
    /// The resource ids of function apps that meet a condition, as far as the index knows them. Empty where it cannot be asked.
    pub(super) async fn indexed(&self, condition: Where<'_>) -> Vec<String> {
        let Some(query) = condition.query() else { return Vec::new() };
        let path = format!("/providers/Microsoft.ResourceGraph/resources?api-version={GRAPH_API}");
        let Ok(url) = self.reader.url(Service::Arm, &path) else { return Vec::new() };
        let request = Request::ask(Service::Arm, url).json(&json!({ "query": query })).repeatable();
        let Ok(answer) = self.reader.ask(request).await else { return Vec::new() };
        let mut found = answer.json().map(|body| ids(&body)).unwrap_or_default();
        found.truncate(MOST);
        found
    }
}

/// The ids in an answer, as objects or as the older table.
fn ids(body: &Value) -> Vec<String> {
    let data = &body["data"];
    let objects = data.as_array().into_iter().flatten().map(|row| &row["id"]);
    let column = data["columns"].as_array().and_then(|all| all.iter().position(|one| one["name"] == "id"));
    let rows = data["rows"].as_array().into_iter().flatten();
    let table = column.into_iter().flat_map(|at| rows.clone().map(move |row| &row[at]));
    objects
        .chain(table)
        .filter_map(Value::as_str)
        .filter(|id| site_id_parts(id).is_some())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "/subscriptions/11112222-3333-4444-8555-666677778888/resourceGroups/rg-hello/providers/Microsoft.Web/sites/contoso-hello";

    #[test]
    fn both_forms_are_read_and_what_is_no_app_is_left_out() {
        let objects = json!({"data": [{"id": ID}, {"id": "/subscriptions/x"}, {"id": 7}, null]});
        assert_eq!(ids(&objects), [ID]);
        let table = json!({"data": {"columns": [{"name": "kind"}, {"name": "id"}], "rows": [["functionapp", ID], [], [1, 2]]}});
        assert_eq!(ids(&table), [ID]);
        for odd in [json!({}), json!({"data": "x"}), json!({"data": {"rows": [[ID]]}}), json!(null)] {
            assert!(ids(&odd).is_empty(), "{odd}");
        }
    }

    #[test]
    fn a_value_never_becomes_a_part_of_the_question() {
        assert!(Where::Name("contoso-hello").query().unwrap().contains("name =~ 'contoso-hello'"));
        for hostile in ["a' or 'a' =~ 'a", "a|take 5", "a b", "a\\", ""] {
            assert_eq!(Where::Name(hostile).query(), None, "{hostile:?}");
            assert_eq!(Where::DefaultHost(hostile).query(), None, "{hostile:?}");
        }
    }
}
