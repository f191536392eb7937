//! The `api-version` of a request: mandatory, and one that the resource provider has (microsoft-cloud 5.1).

use super::answer::Refusal;
use super::scope::Scope;
use crate::practice::wire::Request;

/// The published versions of `Microsoft.Web/sites`.
const WEB: &[&str] = &[
    "2014-04-01",
    "2014-06-01",
    "2014-11-01",
    "2015-01-01",
    "2015-02-01",
    "2015-04-01",
    "2015-05-01",
    "2015-06-01",
    "2015-07-01",
    "2015-08-01",
    "2015-11-01",
    "2016-03-01",
    "2016-08-01",
    "2016-09-01",
    "2018-02-01",
    "2018-11-01",
    "2019-08-01",
    "2020-06-01",
    "2020-09-01",
    "2020-10-01",
    "2020-12-01",
    "2021-01-01",
    "2021-01-15",
    "2021-02-01",
    "2021-03-01",
    "2022-03-01",
    "2022-09-01",
    "2023-01-01",
    "2023-12-01",
    "2024-04-01",
    "2024-11-01",
    "2025-03-01",
    "2025-05-01",
];

/// Those of subscriptions, tenants, resource groups and lists of resources.
const RESOURCES: &[&str] = &[
    "2014-01-01",
    "2014-04-01",
    "2015-01-01",
    "2015-11-01",
    "2016-02-01",
    "2016-06-01",
    "2016-07-01",
    "2016-09-01",
    "2017-03-01",
    "2017-05-01",
    "2017-05-10",
    "2017-06-01",
    "2017-08-01",
    "2018-01-01",
    "2018-02-01",
    "2018-05-01",
    "2018-06-01",
    "2018-07-01",
    "2018-08-01",
    "2018-09-01",
    "2018-11-01",
    "2019-03-01",
    "2019-04-01",
    "2019-05-01",
    "2019-05-10",
    "2019-06-01",
    "2019-07-01",
    "2019-08-01",
    "2019-09-01",
    "2019-10-01",
    "2019-11-01",
    "2020-01-01",
    "2020-05-01",
    "2020-06-01",
    "2020-08-01",
    "2020-10-01",
    "2021-01-01",
    "2021-04-01",
    "2022-01-01",
    "2022-05-01",
    "2022-06-01",
    "2022-09-01",
    "2022-12-01",
    "2023-07-01",
    "2024-03-01",
    "2024-07-01",
    "2024-08-01",
    "2024-11-01",
    "2025-03-01",
    "2025-04-01",
];

/// Those of Resource Graph (microsoft-cloud 5.3).
const RESOURCE_GRAPH: &[&str] = &[
    "2018-09-01-preview",
    "2019-04-01",
    "2020-04-01-preview",
    "2020-09-01-preview",
    "2021-03-01",
    "2021-06-01-preview",
    "2022-10-01",
    "2024-04-01",
];

/// Those of permissions and role assignments (microsoft-cloud 5.8).
const AUTHORIZATION: &[&str] = &[
    "2014-04-01-preview",
    "2014-07-01-preview",
    "2014-10-01-preview",
    "2015-05-01-preview",
    "2015-06-01",
    "2015-07-01",
    "2016-07-01",
    "2017-05-01",
    "2017-09-01",
    "2017-10-01-preview",
    "2018-01-01-preview",
    "2018-05-01-preview",
    "2018-07-01",
    "2018-07-01-preview",
    "2018-09-01-preview",
    "2018-12-01-preview",
    "2019-04-01-preview",
    "2020-03-01-preview",
    "2020-04-01-preview",
    "2020-08-01-preview",
    "2020-10-01-preview",
    "2022-01-01-preview",
    "2022-04-01",
];

/// Refuses a request without `api-version`, or with one that its provider does not have.
pub fn check(request: &Request, scope: &Scope) -> Result<(), Refusal> {
    let Some(version) = request.query("api-version").filter(|version| !version.is_empty()) else {
        return Err(Refusal::arm(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    let Some((kind, known)) = provider(scope) else { return dated(version) };
    if known.iter().any(|known| known.eq_ignore_ascii_case(version)) {
        return Ok(());
    }
    let list = known.join(",");
    Err(match kind {
        None => Refusal::arm(
            400,
            "InvalidApiVersionParameter",
            format!("The api-version '{version}' is invalid. The supported versions are '{list}'."),
        ),
        Some(kind) => Refusal::arm(
            400,
            "InvalidResourceType",
            format!(
                "The resource type '{kind}' could not be found in the namespace for api version '{version}'. The \
                 supported api-versions are '{list}'."
            ),
        ),
    })
}

/// A version looks like a date with an optional tail.
fn dated(version: &str) -> Result<(), Refusal> {
    let (date, tail) = version.split_at_checked(10).unwrap_or((version, ""));
    if date.parse::<jiff::civil::Date>().is_ok() && (tail.is_empty() || tail.starts_with('-')) {
        return Ok(());
    }
    Err(Refusal::arm(400, "InvalidApiVersionParameter", format!("The api-version '{version}' is invalid.")))
}

/// The versions of what a path names, with its type where it is a provider's; `None` where nothing is known of it.
fn provider(scope: &Scope) -> Option<(Option<&'static str>, &'static [&'static str])> {
    let of = |namespace: &str| match namespace.to_ascii_lowercase().as_str() {
        "microsoft.web" => Some((Some("sites"), WEB)),
        "microsoft.authorization" => Some((Some("permissions"), AUTHORIZATION)),
        _ => None,
    };
    match scope {
        Scope::ResourceGraph => Some((Some("resources"), RESOURCE_GRAPH)),
        Scope::Tenants | Scope::Subscriptions | Scope::Providers { .. } => Some((None, RESOURCES)),
        Scope::Subscription { rest, .. } | Scope::Group { rest, .. } => match rest.as_slice() {
            [providers, namespace, _, ..] if providers.eq_ignore_ascii_case("providers") => of(namespace),
            _ => Some((None, RESOURCES)),
        },
        Scope::Site { rest, .. } => {
            let foreign = rest.iter().position(|part| part.eq_ignore_ascii_case("providers"));
            match foreign.and_then(|at| rest.get(at + 1)) {
                Some(namespace) => of(namespace),
                None => Some((Some("sites"), WEB)),
            }
        }
        Scope::Endpoints | Scope::Unknown => None,
    }
}
