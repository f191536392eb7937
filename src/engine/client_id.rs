//! The client IDs of a set-up: which one is the connector's and which the API's, as far as either is known; and which
//! one a person means who pastes something where the connector's is asked for.

use uuid::Uuid;

use super::choices::Choices;
use super::error_codes;
use super::facts::{Fact, Facts};
use super::pasted::readings;

/// What stands before an application's own client ID: in the portal's addresses and on its pages, in what `az` prints,
/// in the address of a sign-in.
const LABELS: [&str; 6] = ["appid", "client_id", "clientid", "client id", "(client) id", "application id"];

/// Why a text gives no client ID for the connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNot {
    /// There is nothing in it.
    Empty,
    /// There is no client ID in it.
    NotOne,
    /// There are several, and nothing says which is meant.
    Several,
    /// It is an error message that names no application.
    Nameless,
    /// It is the API's own, and the connector must have its own (AADSTS90009, power-platform 1.5).
    Api,
    /// It is the tenant's ID.
    Tenant,
}

/// The connector's client ID: its registration's, or, where that cannot be seen, the one that the person gave. One that
/// is known not to be there is none.
pub fn of_connector<'a>(facts: &'a Facts, choices: &'a Choices) -> Option<&'a str> {
    match &facts.client_app.fact {
        Fact::Is(app) => Some(&app.app_id),
        Fact::Absent => None,
        Fact::NotLooked | Fact::CouldNot(_) => choices.client_app_id.as_deref(),
    }
}

/// The API's client ID: its registration's, or, where that cannot be seen, the one that Easy Auth is known to be
/// configured with, which it accepts as the audience whatever else is set (power-platform 1.5, microsoft-cloud 6.2).
pub fn of_api<'a>(facts: &'a Facts, choices: &'a Choices) -> Option<&'a str> {
    match &facts.api_app.fact {
        Fact::Is(app) => Some(&app.app_id),
        Fact::Absent => None,
        Fact::NotLooked | Fact::CouldNot(_) => {
            choices.api_app_id.as_deref().or_else(|| named_by_easy_auth(facts).next())
        }
    }
}

/// What Easy Auth's settings say, and what it tells anybody.
pub(super) fn named_by_easy_auth(facts: &Facts) -> impl Iterator<Item = &str> {
    let settings = facts.auth.value().and_then(|auth| auth.client_id.as_deref());
    let probes = [&facts.probes.program, &facts.probes.login, &facts.probes.browser];
    settings.into_iter().chain(probes.into_iter().filter_map(|probe| probe.value()?.client_id.as_deref()))
}

/// The connector's client ID in what a person typed or pasted: the ID itself, whatever stands around it; `api://` and
/// the ID; an address, a page's text or a command's output in which exactly one is called so; or the message of a failed
/// sign-in.
///
/// # Errors
/// When there is none in it, or one that cannot be the connector's.
pub fn recognise(text: &str, facts: &Facts, choices: &Choices) -> Result<String, WhyNot> {
    let id = find(text)?;
    let is = |known: &str| known.eq_ignore_ascii_case(&id);
    if of_api(facts, choices).is_some_and(is) || named_by_easy_auth(facts).any(is) {
        Err(WhyNot::Api)
    } else if facts.tenant.value().is_some_and(|tenant| is(&tenant.id)) {
        Err(WhyNot::Tenant)
    } else {
        Ok(id)
    }
}

fn find(text: &str) -> Result<String, WhyNot> {
    let around = |c: char| !c.is_ascii_alphanumeric();
    let bare = text.trim_matches(around);
    if bare.is_empty() {
        return Err(WhyNot::Empty);
    }
    let unbroken: String = bare.split_whitespace().collect();
    let scheme = unbroken.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case("api://"));
    if let Some(id) = guid(&unbroken[scheme.map_or(0, str::len)..]) {
        return Ok(id);
    }
    let told = error_codes::explain(text);
    let is_error = !told.codes.is_empty();
    if let Some(id) = told.client_app_id.filter(|_| is_error) {
        return Ok(id);
    }
    let found = called_so(text);
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] if is_error => Err(WhyNot::Nameless),
        [] => Err(WhyNot::NotOne),
        _ => Err(WhyNot::Several),
    }
}

/// Every client ID behind one of the labels, each once.
fn called_so(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for reading in readings(text) {
        let lower = reading.to_ascii_lowercase();
        for label in LABELS {
            for (at, _) in lower.match_indices(label) {
                // `resourceAppId` is another application's.
                if lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
                    continue;
                }
                let rest = lower[at + label.len()..].trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
                let id = rest.get(..36).and_then(guid);
                found.extend(id.filter(|id| !found.contains(id)));
            }
        }
    }
    found
}

/// A GUID in the form in which client IDs are shown everywhere; not the one of zeros, which is nobody's.
fn guid(text: &str) -> Option<String> {
    let id = Uuid::try_parse(text).ok().filter(|id| text.len() == 36 && !id.is_nil())?;
    Some(id.hyphenated().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::facts::Seen;
    use crate::engine::fixtures::{API, CLIENT, CLIENT_OBJECT, TENANT, choices, finished, fresh, gone, now};
    use crate::engine::trouble::{Class, Trouble};
    use proptest::prelude::*;

    /// What is known without a sign-in.
    fn public() -> Facts {
        Facts { tenant: finished().tenant, probes: finished().probes, ..Facts::default() }
    }

    fn hidden<T>() -> Seen<T> {
        Seen::could_not(Trouble::new(Class::NotAllowed, "Hidden.", "Ask."), now(), "GET /applications")
    }

    #[test]
    fn a_client_id_is_taken_in_every_form_a_person_has_it_in() {
        let json = format!(
            "{{\"appId\": \"{CLIENT}\", \"id\": \"{CLIENT_OBJECT}\", \"requiredResourceAccess\": [{{\"resourceAppId\": \"{API}\"}}]}}"
        );
        let portal =
            "https://portal.azure.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Overview";
        for text in [
            CLIENT.to_owned(),
            format!("  \u{201c}{}\u{201d}. ", CLIENT.to_uppercase()),
            format!("{{{CLIENT}}}"),
            CLIENT.replace('-', "- "),
            format!("api://{CLIENT}"),
            format!("API://{CLIENT}/"),
            format!("{portal}/appId/{CLIENT}/isMSAApp~/false"),
            format!("{portal}/objectId/{CLIENT_OBJECT}/appId/{CLIENT}"),
            format!("{portal}%2FappId%2F{CLIENT}"),
            format!(
                "Object ID {CLIENT_OBJECT} Application (client) ID{CLIENT}Directory (tenant) ID {TENANT}"
            ),
            format!(
                "https://login.example/{TENANT}/oauth2/authorize?response_type=code&client_id={CLIENT}&resource={API}"
            ),
            json,
            format!(
                "AADSTS700016: Application with identifier '{CLIENT}' was not found in the directory '{TENANT}'."
            ),
            format!(
                "AADSTS7000215: Invalid client secret provided, for a secret added to app '{CLIENT}'. Trace ID: {CLIENT_OBJECT}"
            ),
            format!(
                "AADSTS65001: Nobody has consented to use the application with ID '{CLIENT}' named 'Hello'."
            ),
        ] {
            assert_eq!(recognise(&text, &public(), &choices()).as_deref(), Ok(CLIENT), "{text}");
        }
    }

    #[test]
    fn what_is_none_or_not_the_connectors_is_refused_with_its_reason() {
        for (text, why) in [
            (String::new(), WhyNot::Empty),
            (" '' ".to_owned(), WhyNot::Empty),
            ("contoso-hello connector".to_owned(), WhyNot::NotOne),
            ("8Qx8Q~not-a-real-secret-only-for-tests-0".to_owned(), WhyNot::NotOne),
            (CLIENT[..35].to_owned(), WhyNot::NotOne),
            ("00000000-0000-0000-0000-000000000000".to_owned(), WhyNot::NotOne),
            // Which of an object's IDs this is, nothing says.
            (format!("https://portal.azure.com/#view/x/objectId/{CLIENT_OBJECT}"), WhyNot::NotOne),
            (format!("{CLIENT} {CLIENT_OBJECT}"), WhyNot::NotOne),
            (format!("https://x.example/appId/{CLIENT}/appId/{CLIENT_OBJECT}"), WhyNot::Several),
            ("AADSTS50076: You must use multi-factor authentication.".to_owned(), WhyNot::Nameless),
            (API.to_owned(), WhyNot::Api),
            (format!("api://{}", API.to_uppercase()), WhyNot::Api),
            (TENANT.to_owned(), WhyNot::Tenant),
        ] {
            assert_eq!(recognise(&text, &public(), &choices()), Err(why), "{text}");
        }
        // Whatever names the API, it is not the connector.
        let only_settings = Facts { auth: finished().auth, api_app: hidden(), ..Facts::default() };
        let elsewhere = Facts { api_app: gone(), ..only_settings.clone() };
        for facts in [only_settings, elsewhere, finished()] {
            assert_eq!(recognise(API, &facts, &choices()), Err(WhyNot::Api));
        }
    }

    #[test]
    fn the_persons_word_counts_only_where_the_registration_cannot_be_seen() {
        let said = Choices { client_app_id: Some(CLIENT_OBJECT.into()), ..choices() };
        let forbidden = || Facts { client_app: hidden(), api_app: hidden(), ..finished() };
        let removed = || Facts { client_app: gone(), api_app: gone(), ..finished() };
        let cases: [(fn() -> Facts, _, _); 6] = [
            (public, Some(CLIENT_OBJECT), Some(API)),
            (forbidden, Some(CLIENT_OBJECT), Some(API)),
            (finished, Some(CLIENT), Some(API)),
            (removed, None, None),
            (fresh, None, None),
            (Facts::default, Some(CLIENT_OBJECT), None),
        ];
        for (facts, connector, api) in cases {
            let facts = facts();
            assert_eq!((of_connector(&facts, &said), of_api(&facts, &said)), (connector, api));
            let unsaid = facts.client_app.value().map(|app| app.app_id.as_str());
            assert_eq!(of_connector(&facts, &choices()), unsaid);
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_pasted(text in "(?s).{0,120}|(appId|client_id|AADSTS|[/=:%\" é-]|[0-9a-f-]{0,36}){0,12}") {
            if let Ok(id) = recognise(&text, &Facts::default(), &Choices::default()) {
                prop_assert_eq!(guid(&id), Some(id));
            }
        }
    }
}
