//! Data policies, out of the JSON of Power Platform's administration side (power-platform 6.9).
//!
//! What is not understood is never taken for "allowed": a rule of an unknown kind stays one, and a list of rules that is no
//! list is not read at all.

use serde_json::Value;

use crate::cloud::json::{at, id, list, name, text};
use crate::engine::facts::{DataPolicy, Reach, UrlClass, UrlRule};

/// Most policies and most rules of one that are kept; a policy with more rules counts as not read.
const MOST_POLICIES: usize = 500;
const MOST_RULES: usize = 2000;

/// The policies of a list, each with its id. `None` where it is none.
pub fn policies(v: &Value) -> Option<Vec<(Option<String>, DataPolicy)>> {
    let items = at(v, &["value"]).as_array()?;
    items.iter().take(MOST_POLICIES).map(policy).collect()
}

/// One policy. `None` where it is not even an object: then nothing can be said of the whole.
pub fn policy(v: &Value) -> Option<(Option<String>, DataPolicy)> {
    v.as_object()?;
    // The definition stands apart from the rules; an older form has it all in one.
    let inner = at(v, &["policyDefinition"]);
    let definition = if inner.is_object() { inner } else { v };
    let key = id(definition, &["name"]);
    let shown = name(definition, &["displayName"]);
    let shown = if shown.is_empty() { name(definition, &["name"]) } else { shown };
    let default = text(definition, &["defaultConnectorsClassification"]).unwrap_or_default();
    let policy = DataPolicy {
        name: if shown.is_empty() { "?".to_owned() } else { shown },
        reach: reach(definition),
        rules: rules(at(v, &["customConnectorUrlPatternsDefinition", "rules"])),
        blocks_others: default.eq_ignore_ascii_case("Blocked"),
    };
    Some((key, policy))
}

fn reach(definition: &Value) -> Reach {
    let kind = text(definition, &["environmentType"]).unwrap_or_default();
    let excepted = at(definition, &["environments"]).as_array();
    let nothing_excepted = excepted.is_some_and(Vec::is_empty);
    match kind.to_ascii_lowercase().as_str() {
        "allenvironments" => Reach::Everywhere,
        "exceptenvironments" if nothing_excepted => Reach::Everywhere,
        _ => Reach::Somewhere,
    }
}

/// The rules in their order; `None` where they are no list, or one of them cannot be used.
fn rules(v: &Value) -> Option<Vec<UrlRule>> {
    let items = v.as_array()?;
    if items.len() > MOST_RULES {
        return None;
    }
    let mut rules = Vec::new();
    for item in list(v, &[]) {
        let pattern = text(item, &["pattern"])?;
        let class = text(item, &["customConnectorRuleClassification"]).unwrap_or_default();
        rules.push((at(item, &["order"]).as_i64()?, UrlRule { pattern, class: class_of(&class) }));
    }
    rules.sort_by_key(|(order, _)| *order);
    Some(rules.into_iter().map(|(_, rule)| rule).collect())
}

fn class_of(word: &str) -> UrlClass {
    match word.to_ascii_lowercase().as_str() {
        "confidential" | "general" => UrlClass::Grouped,
        "blocked" => UrlClass::Blocked,
        "ignore" => UrlClass::Ignored,
        _ => UrlClass::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(order: i64, pattern: &str, class: &str) -> Value {
        json!({"order": order, "pattern": pattern, "customConnectorRuleClassification": class})
    }

    #[test]
    fn a_policy_is_read_with_its_rules_in_their_order() {
        let v = json!({"value": [{
            "policyDefinition": {
                "name": "00000000-0000-0000-0000-000000000001", "displayName": "Contoso\u{1b}[2J\nmain",
                "defaultConnectorsClassification": "Blocked", "environmentType": "AllEnvironments",
                "environments": [],
            },
            "customConnectorUrlPatternsDefinition": {"rules": [
                rule(3, "*", "Ignore"), rule(1, "https://a.example*", "Confidential"),
                rule(2, "https://b.example*", "Strange"),
            ]},
        }]});
        let read = policies(&v).unwrap();
        let (id, policy) = &read[0];
        assert_eq!(id.as_deref(), Some("00000000-0000-0000-0000-000000000001"));
        assert!(!policy.name.contains(['\u{1b}', '\n']) && policy.name.contains("main"), "{policy:?}");
        assert!(policy.blocks_others && policy.reach == Reach::Everywhere);
        let rules: Vec<_> = policy.rules.as_ref().unwrap().iter().map(|rule| rule.class).collect();
        assert_eq!(rules, [UrlClass::Grouped, UrlClass::Unknown, UrlClass::Ignored]);
        assert_eq!(policies(&json!({"value": []})), Some(vec![]));
    }

    #[test]
    fn where_it_holds_is_everywhere_only_if_it_says_so() {
        let of = |kind: Value, environments: Value| {
            policy(&json!({"policyDefinition": {"environmentType": kind, "environments": environments}}))
                .unwrap()
                .1
                .reach
        };
        assert_eq!(of(json!("AllEnvironments"), json!(null)), Reach::Everywhere);
        assert_eq!(of(json!("ExceptEnvironments"), json!([])), Reach::Everywhere);
        for (kind, environments) in [
            (json!("ExceptEnvironments"), json!([{"name": "Default-1"}])),
            (json!("ExceptEnvironments"), json!(null)),
            (json!("OnlyEnvironments"), json!([])),
            (json!("SingleEnvironment"), json!([{"name": "e"}])),
            (json!(7), json!("x")),
        ] {
            assert_eq!(of(kind.clone(), environments), Reach::Somewhere, "{kind}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_taken_for_allowed() {
        for odd in [
            json!(null),
            json!([]),
            json!("x"),
            json!({}),
            json!({"value": {"0": {}}}),
            json!({"value": [7]}),
        ] {
            assert_eq!(policies(&odd), None, "{odd}");
        }
        for rules in [
            json!(null),
            json!("x"),
            json!({"0": {}}),
            json!([7]),
            json!([{"order": 1, "customConnectorRuleClassification": "Ignore"}]),
            json!([{"order": "x", "pattern": "*", "customConnectorRuleClassification": "Ignore"}]),
            json!(vec![rule(1, "*", "Ignore"); MOST_RULES + 1]),
        ] {
            let v = json!({"policyDefinition": {"name": "p"}, "customConnectorUrlPatternsDefinition": {"rules": rules}});
            let (_, policy) = policy(&v).unwrap();
            assert_eq!(policy.rules, None, "{policy:?}");
            assert_eq!(policy.name, "p");
        }
        let (id, nameless) =
            policy(&json!({"policyDefinition": {"name": "../x?y", "displayName": 3}})).unwrap();
        assert_eq!((id, nameless.name.as_str()), (None, "../x?y"));
        assert_eq!(policy(&json!({})).unwrap().1.name, "?");
    }
}
