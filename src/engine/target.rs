//! Which function the rehearsal calls, where, and how: one that can be called without knowing anything of it.

use super::choices::{AppChoice, Choices};
use super::facts::{AuthLevel, Facts, Function};
use super::words::say;

/// A call that can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The function's name.
    pub function: String,
    /// HTTP method, upper case.
    pub method: String,
    /// Path, with the slash it begins with.
    pub path: String,
}

/// The best function to call: switched on, triggered by HTTP, asking for no key, and with nothing to be
/// filled into its route; optional parts of a route are left out. POST is preferred, as in the tutorial.
pub fn target(functions: &[Function]) -> Option<Target> {
    let mut open: Vec<_> = functions.iter().filter(|f| !f.disabled).filter_map(candidate).collect();
    open.sort_by_key(|(rank, _)| *rank);
    open.into_iter().next().map(|(_, target)| target)
}

/// The function behind a whole address that was typed, for an app that is not seen. Nothing is known of its methods, so it
/// is called with GET: reading runs least. Easy Auth's own pages are no function, and a part in braces waits for a value.
pub fn typed(choices: &Choices) -> Option<Target> {
    let app = choices.app.as_ref().filter(|app| app.is_secure() && !app.has_braces())?;
    let path = app.path()?;
    let first = path.trim_start_matches('/').split('/').next()?;
    if first.eq_ignore_ascii_case(".auth") {
        return None;
    }
    let function = path.rsplit('/').next().unwrap_or_default().to_owned();
    Some(Target { function, method: "GET".to_owned(), path })
}

/// What a rehearsal calls, and the host name that gets its token: the one that ARM reports, or one that was typed, where
/// `confirmed` says that the person agreed to a plan that named it.
///
/// # Errors
/// Why nothing can be called.
pub fn call(
    facts: &Facts,
    choices: &Choices,
    confirmed: Option<&str>,
) -> Result<(String, Target), &'static str> {
    if let Some(site) = facts.site.value() {
        let found = facts.functions.value().and_then(|functions| target(functions));
        return Ok((site.host.clone(), found.ok_or_else(|| say("rehearsing.no_function"))?));
    }
    if !facts.hidden_site(choices) {
        return Err(say("rehearsing.not_known"));
    }
    let found = typed(choices).ok_or_else(|| say("rehearsing.no_function"))?;
    let host = choices.app.as_ref().and_then(AppChoice::host);
    let host = host.filter(|host| confirmed == Some(host.as_str()));
    Ok((host.ok_or_else(|| say("rehearsing.not_confirmed"))?, found))
}

fn candidate(function: &Function) -> Option<(u8, Target)> {
    let url = function.invoke_url.as_deref()?;
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    let mut kept = Vec::new();
    let mut needed = false;
    for segment in path.split('/').skip(1) {
        match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            Some(parameter) if parameter.ends_with('?') || parameter.contains('=') => {}
            Some(_) => needed = true,
            None if segment.contains('{') => needed = true,
            None => kept.push(segment),
        }
    }
    if needed {
        return None;
    }
    let allows = |method: &str| {
        function.methods.is_empty() || function.methods.iter().any(|m| m.eq_ignore_ascii_case(method))
    };
    let method = ["POST", "GET", "PUT", "PATCH"].into_iter().find(|m| allows(m))?;
    let rank = match function.auth_level {
        AuthLevel::Anonymous => 0,
        AuthLevel::Unsaid => 1,
        AuthLevel::Function | AuthLevel::Admin => 2,
    };
    let path = format!("/{}", kept.join("/"));
    Some((rank, Target { function: function.name.clone(), method: method.to_owned(), path }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::facts::Seen;
    use crate::engine::fixtures::{HOST, choices, finished, gone};

    fn function(name: &str, path: &str, methods: &[&str], auth_level: AuthLevel) -> Function {
        Function {
            name: name.into(),
            invoke_url: Some(format!("https://contoso-hello.azurewebsites.net{path}")),
            methods: methods.iter().map(|m| (*m).to_owned()).collect(),
            auth_level,
            disabled: false,
        }
    }

    #[test]
    fn the_tutorials_function_is_called_with_post() {
        let found =
            target(&[function("Hello", "/api/Hello", &["GET", "POST"], AuthLevel::Anonymous)]).unwrap();
        assert_eq!((found.method.as_str(), found.path.as_str()), ("POST", "/api/Hello"));
    }

    #[test]
    fn a_function_without_a_key_comes_first_and_one_with_needed_parameters_never() {
        let list = [
            function("Keyed", "/api/keyed", &["GET"], AuthLevel::Function),
            function("Item", "/api/items/{id}", &["GET"], AuthLevel::Anonymous),
            function("Open", "/api/open/{page?}", &[], AuthLevel::Anonymous),
        ];
        let found = target(&list).unwrap();
        assert_eq!((found.function.as_str(), found.path.as_str()), ("Open", "/api/open"));
        assert_eq!(target(&list[1..2]), None);
    }

    #[test]
    fn what_is_off_or_only_deletes_is_not_called() {
        let mut off = function("Off", "/api/off", &["GET"], AuthLevel::Anonymous);
        off.disabled = true;
        assert_eq!(target(&[off, function("Del", "/api/del", &["DELETE"], AuthLevel::Anonymous)]), None);
    }

    #[test]
    fn an_app_that_is_not_seen_is_called_at_the_path_that_was_typed_by_reading() {
        let at = |address: &str| typed(&Choices { app: Some(AppChoice::at(address)), ..Choices::default() });
        for (address, path) in [
            ("https://contoso-hello.azurewebsites.net/api/Hello", Some("/api/Hello")),
            ("https://contoso-hello.azurewebsites.net/api/Hello/?code=x", Some("/api/Hello")),
            ("https://contoso-hello.azurewebsites.net/api/items/7", Some("/api/items/7")),
            ("https://contoso-hello.azurewebsites.net", None),
            ("https://contoso-hello.azurewebsites.net/", None),
            ("https://contoso-hello.azurewebsites.net/api/items/{id}", None),
            ("https://contoso-hello.azurewebsites.net/.auth/me", None),
            ("https://contoso-hello.azurewebsites.net/.AUTH/login/aad", None),
            ("https://contoso-hello.azurewebsites.net:8443/api/Hello", None),
            ("http://127.0.0.1:7071/api/Hello", None),
        ] {
            let found = at(address);
            assert_eq!(found.as_ref().map(|found| found.path.as_str()), path, "{address}");
            assert!(found.is_none_or(|found| found.method == "GET"), "{address}");
        }
        let named = Choices { app: Some(AppChoice::Name("contoso-hello".into())), ..Choices::default() };
        assert_eq!(typed(&named), None);
    }

    #[test]
    fn a_typed_host_gets_the_token_only_when_it_was_confirmed_and_one_that_is_reported_always() {
        let typed = |path: &str| Choices {
            app: Some(AppChoice::at(&format!("https://{HOST}{path}"))),
            ..Choices::default()
        };
        let hidden = Facts { site: gone(), functions: Seen::default(), ..finished() };
        let whole = typed("/api/Hello");
        let (host, found) = call(&hidden, &whole, Some(HOST)).unwrap();
        assert_eq!((host.as_str(), found.method.as_str(), found.path.as_str()), (HOST, "GET", "/api/Hello"));
        for (facts, choices, confirmed, why) in [
            (&hidden, &whole, None, say("rehearsing.not_confirmed")),
            (&hidden, &whole, Some("evil.example"), say("rehearsing.not_confirmed")),
            (&hidden, &typed(""), Some(HOST), say("rehearsing.no_function")),
            (
                &Facts { host: Seen::default(), ..hidden.clone() },
                &whole,
                Some(HOST),
                say("rehearsing.not_known"),
            ),
            (&Facts::default(), &whole, Some(HOST), say("rehearsing.not_known")),
        ] {
            assert_eq!(call(facts, choices, confirmed), Err(why), "{choices:?} {confirmed:?}");
        }
        let (host, found) = call(&finished(), &choices(), None).unwrap();
        assert_eq!(
            (host.as_str(), found.method.as_str()),
            (HOST, "POST"),
            "what is seen is called as before"
        );
    }
}
