//! Which function the rehearsal calls, and how: one that can be called without knowing anything of it.

use super::facts::{AuthLevel, Function};

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
}
