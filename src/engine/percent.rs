//! Percent-encoding of one part of an address.

/// The text with everything but letters, digits, `-._~` and the characters in `keep` percent-encoded.
pub fn percent_encoded(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || keep.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend(
                [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])),
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_characters_and_those_to_keep_stay() {
        assert_eq!(percent_encoded("a-b._~9", ""), "a-b._~9");
        assert_eq!(percent_encoded("/a b/é?", "/"), "/a%20b/%C3%A9%3F");
        assert_eq!(percent_encoded("%20 ", "%"), "%20%20");
    }
}
