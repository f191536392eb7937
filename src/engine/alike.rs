//! Names that come near one that was not found, so that a typing slip is named with what was meant.

/// From this on two names are near: a letter or two in ten differ. Jaro and Winkler's measure, which makes much of how a
/// name begins.
const NEAR: f64 = 0.88;

/// The nearest of these names, the best first, at most `most`; none that differs in more than a slip or two.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(nearness, _)| *nearness >= NEAR)
        .collect();
    near.sort_by(|(a, one), (b, other)| b.total_cmp(a).then(one.cmp(other)));
    near.dedup_by(|(_, a), (_, b)| a.eq_ignore_ascii_case(b));
    near.into_iter().take(most).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_what_was_meant_and_a_stranger_finds_nothing() {
        let names =
            ["contoso-hello", "contoso-orders", "fabrikam-hello", "retail-func-1999", "CONTOSO-HELLO"];
        for slip in ["contoso-helo", "contoso-hello1", "Contoso-Hallo", "contosohello", "cnotoso-hello"] {
            assert_eq!(
                nearest(slip, names, 3).first().map(|name| name.to_lowercase()),
                Some("contoso-hello".to_owned()),
                "{slip}"
            );
        }
        assert_eq!(nearest("contoso-helo", names, 1).len(), 1);
        for stranger in ["billing", "x", ""] {
            assert_eq!(nearest(stranger, names, 3), [""; 0], "{stranger}");
        }
    }
}
