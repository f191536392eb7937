//! Whether a path that is excluded from the sign-in lets a function's own path through.
//!
//! How Easy Auth compares is not in the fact sheet (microsoft-cloud 5.5 has the setting alone). Taken for certain is the path
//! itself, what is below it, and what a final `*` stands for; what another way of comparing would cover may be open.

/// Whether calls of a function go through, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Covered {
    /// None of them.
    No,
    /// It cannot be told, or only for some of them.
    Perhaps,
    /// All of them.
    Yes,
}

/// The path of an address as ARM gives it, where parameters stand in braces.
pub(super) fn route(invoke_url: &str) -> Option<String> {
    let (_, rest) = invoke_url.split_once("://")?;
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    Some(format!("/{path}"))
}

/// Whether an excluded path covers a route.
pub(super) fn covers(excluded: &str, route: &str) -> Covered {
    let (excluded, route) = (excluded.trim().to_ascii_lowercase(), route.to_ascii_lowercase());
    let route = if route.len() > 1 { route.trim_end_matches('/') } else { &route };
    // What stands before the first parameter is the same in every call.
    let fixed = route.split('{').next().unwrap_or(route);
    let some_calls = |stem: &str| fixed.len() < route.len() && stem.starts_with(fixed);
    let start = excluded.strip_suffix('*');
    let stem = start.unwrap_or(excluded.trim_end_matches('/'));
    if stem.contains('*') {
        return Covered::Perhaps;
    }
    let begins = fixed.starts_with(stem);
    let whole = match start {
        Some(_) => begins,
        // An empty stem is the site's root, and whether that stands for all below it is anybody's guess.
        None if stem.is_empty() => route == "/",
        None => begins && (route == stem || route[stem.len()..].starts_with('/')),
    };
    if whole {
        Covered::Yes
    } else if begins || some_calls(stem) {
        Covered::Perhaps
    } else {
        Covered::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_path_covers_itself_what_is_below_it_and_what_its_star_stands_for() {
        use Covered::{No, Perhaps, Yes};
        for (excluded, route, expected) in [
            ("/api/Hello", "/api/Hello", Yes),
            ("/API/hello/", "/api/Hello", Yes),
            ("/api", "/api/Hello", Yes),
            ("/api/", "/api/Hello", Yes),
            ("/api/Hello/live", "/api/Hello", No),
            // Without a star a path ends where it ends, most likely.
            ("/api/H", "/api/Hello", Perhaps),
            ("/api/Hello", "/api/HelloAgain", Perhaps),
            ("/api/healthy", "/api/Hello", No),
            ("/health", "/api/Hello", No),
            ("/api/H*", "/api/Hello", Yes),
            ("/api/*", "/api/Hello", Yes),
            ("/api/Hello*", "/api/Hello", Yes),
            ("/api/Hello/*", "/api/Hello", No),
            ("/api/x*", "/api/Hello", No),
            ("/*", "/api/Hello", Yes),
            ("*", "/api/Hello", Yes),
            ("/*/Hello", "/api/Hello", Perhaps),
            ("/", "/api/Hello", Perhaps),
            ("", "/api/Hello", Perhaps),
            ("/", "/", Yes),
            ("/api/items", "/api/items/{id}", Yes),
            ("/api/items/7", "/api/items/{id}", Perhaps),
            ("/api/items/7*", "/api/items/{id}", Perhaps),
            ("/api/other/7", "/api/items/{id}", No),
        ] {
            assert_eq!(covers(excluded, route), expected, "{excluded} {route}");
        }
    }

    #[test]
    fn the_route_is_the_path_of_the_address() {
        for (url, expected) in [
            ("https://x.example/api/Hello", Some("/api/Hello")),
            ("https://x.example/api/items/{id}?code=x", Some("/api/items/{id}")),
            ("https://x.example", Some("/")),
            ("nowhere", None),
        ] {
            assert_eq!(route(url).as_deref(), expected, "{url}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_every_path_covers_itself(path in "(/[a-zé{}]{0,4}){0,3}/?\\*?", other in ".{0,12}") {
            let _ = (covers(&path, &other), covers(&other, &path), route(&other));
            if !path.contains(['*', '{']) && path.len() > 1 && !path.trim_end_matches('/').is_empty() {
                prop_assert_eq!(covers(&path, &path), Covered::Yes);
            }
        }
    }
}
