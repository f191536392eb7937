//! Data policies of Power Platform: which hosts a custom connector may call, as rules with patterns.
//!
//! A policy for many environments classifies custom connectors by the address that they call: an ordered list of
//! patterns, of which the last is `*` (power-platform 6.9; MicrosoftDocs `power-platform`,
//! `admin/dlp-custom-connector-parity.md`).

use super::rights::fits;

/// One data policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataPolicy {
    /// Display name, cleaned.
    pub name: String,
    /// Where it holds.
    pub reach: Reach,
    /// Its rules for custom connectors, in order; `None` where they could not be read or understood.
    pub rules: Option<Vec<UrlRule>>,
    /// Whether connectors that it does not name are blocked (`defaultConnectorsClassification`). In a policy for single
    /// environments that is what a new custom connector gets.
    pub blocks_others: bool,
}

/// Where a policy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// In every environment.
    Everywhere,
    /// In some environments, or in those that are not excepted; also where that was not understood.
    Somewhere,
}

/// One rule: what connectors that call a fitting address are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlRule {
    /// The pattern, in which a star stands for anything.
    pub pattern: String,
    /// What fits it is.
    pub class: UrlClass,
}

/// What a rule makes of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlClass {
    /// It may be used (`Confidential`, which is business, or `General`).
    Grouped,
    /// It may not be used.
    Blocked,
    /// The policy says nothing of it (`Ignore`).
    Ignored,
    /// A word that is not known here.
    Unknown,
}

/// What a policy says of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Connectors may call it.
    Free,
    /// Connectors may not call it.
    Blocked,
    /// That hangs on more than is known here: a path, or a rule that could not be read.
    Unclear,
}

impl DataPolicy {
    /// What it says of connectors that call this host over HTTPS. The first rule that fits decides.
    pub fn on(&self, host: &str) -> Word {
        let Some(rules) = &self.rules else { return Word::Unclear };
        let mut possible = Vec::new();
        for rule in rules {
            match covers(&rule.pattern, host) {
                Cover::Nothing => {}
                Cover::SomePaths => possible.push(rule.class),
                Cover::Everything => {
                    possible.push(rule.class);
                    break;
                }
            }
        }
        let blocked = possible.iter().filter(|class| **class == UrlClass::Blocked).count();
        let unknown = possible.contains(&UrlClass::Unknown);
        let grouped = possible.contains(&UrlClass::Grouped);
        // Who grouped it has spoken; else what a policy for single environments does not name has its default.
        let by_default = self.blocks_others && self.reach == Reach::Somewhere && !grouped;
        match blocked {
            0 if unknown || by_default => Word::Unclear,
            0 => Word::Free,
            _ if blocked == possible.len() => Word::Blocked,
            _ => Word::Unclear,
        }
    }
}

enum Cover {
    Nothing,
    SomePaths,
    Everything,
}

/// Whether a pattern fits the address of a host: all of it, or only below some path.
fn covers(pattern: &str, host: &str) -> Cover {
    let pattern = pattern.trim();
    let address = format!("https://{host}");
    // With its scheme, as administrators are told to write it; without, as they may.
    let whole = |pattern: &str| fits(pattern, &address) || fits(pattern, host);
    if whole(pattern) || fits(pattern, &format!("{address}/")) || fits(pattern, &format!("{host}/")) {
        return Cover::Everything;
    }
    let path = pattern.match_indices('/').any(|(at, _)| whole(&pattern[..at]));
    if path { Cover::SomePaths } else { Cover::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "contoso-hello.azurewebsites.net";

    fn policy(reach: Reach, blocks_others: bool, rules: &[(&str, UrlClass)]) -> DataPolicy {
        let rules = rules
            .iter()
            .map(|(pattern, class)| UrlRule { pattern: (*pattern).into(), class: *class })
            .collect();
        DataPolicy { name: "Contoso".into(), reach, rules: Some(rules), blocks_others }
    }

    #[test]
    fn the_first_rule_that_fits_the_host_decides() {
        use UrlClass::{Blocked, Grouped, Ignored, Unknown};
        for (rules, expected) in [
            (&[("*", Ignored)][..], Word::Free),
            (&[("*", Blocked)][..], Word::Blocked),
            (&[("*", Unknown)][..], Word::Unclear),
            (&[][..], Word::Free),
            (&[("https://contoso-hello.azurewebsites.net*", Grouped), ("*", Blocked)][..], Word::Free),
            (&[("https://CONTOSO-hello.azurewebsites.net", Blocked), ("*", Grouped)][..], Word::Blocked),
            (&[("https://contoso-hello.azurewebsites.net/", Blocked), ("*", Ignored)][..], Word::Blocked),
            (&[("https://contoso-hello.azurewebsites.net/*", Blocked), ("*", Ignored)][..], Word::Blocked),
            (&[("contoso-hello.azurewebsites.net", Blocked), ("*", Ignored)][..], Word::Blocked),
            (&[("*.azurewebsites.net*", Blocked), ("*", Ignored)][..], Word::Blocked),
            (&[("https://*.azurewebsites.net", Blocked), ("*", Ignored)][..], Word::Blocked),
            (&[("http://contoso-hello.azurewebsites.net*", Blocked), ("*", Ignored)][..], Word::Free),
            (&[("https://contoso-hello.azurewebsites", Blocked), ("*", Ignored)][..], Word::Free),
            (&[("https://www.bing.com*", Blocked), ("*", Ignored)][..], Word::Free),
            // Below a path: who knows which one the connector will call.
            (
                &[("https://contoso-hello.azurewebsites.net/api/*", Blocked), ("*", Ignored)][..],
                Word::Unclear,
            ),
            (&[("https://contoso-hello.azurewebsites.net/api*", Grouped), ("*", Blocked)][..], Word::Unclear),
            (&[("https://*/api*", Blocked), ("*", Blocked)][..], Word::Blocked),
            (&[("https://*/api*", Grouped), ("*", Ignored)][..], Word::Free),
            (&[("https://*/api*", Unknown), ("*", Ignored)][..], Word::Unclear),
        ] {
            assert_eq!(policy(Reach::Everywhere, false, rules).on(HOST), expected, "{rules:?}");
        }
        let unread = DataPolicy { rules: None, ..policy(Reach::Everywhere, false, &[]) };
        assert_eq!(unread.on(HOST), Word::Unclear);
    }

    #[test]
    fn a_policy_for_some_environments_may_block_what_it_does_not_name() {
        let ignore = [("*", UrlClass::Ignored)];
        assert_eq!(policy(Reach::Somewhere, true, &ignore).on(HOST), Word::Unclear);
        assert_eq!(policy(Reach::Somewhere, false, &ignore).on(HOST), Word::Free);
        assert_eq!(policy(Reach::Somewhere, true, &[("*", UrlClass::Grouped)]).on(HOST), Word::Free);
        assert_eq!(
            policy(Reach::Everywhere, true, &ignore).on(HOST),
            Word::Free,
            "Ignore leaves it to others"
        );
    }
}
