//! Short names that nobody can guess.

use uuid::Uuid;

/// A name of 32 lower-case letters and digits with 122 random bits, from the operating system's generator.
///
/// It survives being put into a URL path, a file name or a host name unchanged.
pub fn unguessable() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_differ_and_need_no_escaping() {
        let names: HashSet<String> = (0..500).map(|_| unguessable()).collect();
        assert_eq!(names.len(), 500);
        for name in names {
            assert_eq!(name.len(), 32);
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{name}");
        }
    }
}
