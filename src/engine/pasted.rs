//! Every way to read a pasted text: as it is, percent-decoded, HTML-decoded, JSON-unescaped, base64-decoded.
//!
//! An error page is copied as rendered text, as source, out of an address bar, from a log or from a consent link's
//! `?error=<base64>` (power-platform 6.7). The same search then runs over every reading.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Pastes longer than this are read up to here only: no error page needs more, and a hostile one gets no more time.
const MAX_BYTES: usize = 400_000;
/// How many layers of encoding are taken off.
const MAX_DEPTH: usize = 4;
/// How many readings are made at most.
const MAX_READINGS: usize = 24;
/// A run of base64 letters shorter than this is a word.
const MIN_BASE64: usize = 24;

/// The text itself, first, and every different reading of it.
pub fn readings(text: &str) -> Vec<String> {
    let mut all = vec![beginning(text).to_owned()];
    let mut layer = 0..1;
    for _ in 0..MAX_DEPTH {
        for index in layer.clone() {
            let source = all[index].clone();
            let decoded = [percent(&source), html(&source), json(&source)]
                .into_iter()
                .flatten()
                .chain(base64_runs(&source));
            for reading in decoded {
                if all.len() < MAX_READINGS && !all.contains(&reading) {
                    all.push(reading);
                }
            }
        }
        layer = layer.end..all.len();
    }
    all
}

/// The first part of a long text, cut between two characters.
fn beginning(text: &str) -> &str {
    let mut end = MAX_BYTES.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Percent-decoded, if there is anything to decode. In a text without spaces, as in an address bar, a plus sign is one.
fn percent(text: &str) -> Option<String> {
    let plus = if text.contains(' ') { b'+' } else { b' ' };
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut found = false;
    while let Some((&byte, tail)) = rest.split_first() {
        let value = match tail {
            [high, low, ..] if byte == b'%' => hex(*high).zip(hex(*low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        if let Some(value) = value {
            out.push(value);
            found = true;
            rest = &tail[2..];
        } else {
            out.push(if byte == b'+' { plus } else { byte });
            rest = tail;
        }
    }
    found.then(|| String::from_utf8_lossy(&out).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// With HTML's character references replaced, if there are any: numbered ones and the few named ones of error pages.
fn html(text: &str) -> Option<String> {
    const NAMED: [(&str, char); 8] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("colon", ':'),
        ("sol", '/'),
    ];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(start) = rest.find('&') {
        let (before, reference) = rest.split_at(start);
        out.push_str(before);
        let decoded = reference.get(1..).and_then(|tail| {
            let name = tail.split(';').next().filter(|name| name.len() <= 8 && tail.len() > name.len())?;
            let c = if let Some(code) = name.strip_prefix("#x").or_else(|| name.strip_prefix("#X")) {
                char::from_u32(u32::from_str_radix(code, 16).ok()?)?
            } else if let Some(code) = name.strip_prefix('#') {
                char::from_u32(code.parse().ok()?)?
            } else {
                NAMED.iter().find(|(known, _)| *known == name)?.1
            };
            Some((c, name.len() + 2))
        });
        if let Some((c, length)) = decoded {
            out.push(c);
            rest = &reference[length..];
            found = true;
        } else {
            out.push('&');
            rest = &reference[1..];
        }
    }
    out.push_str(rest);
    found.then_some(out)
}

/// With JSON's backslash escapes replaced, if there are any.
fn json(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut found = false;
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let mut ahead = chars.clone();
        let decoded = match ahead.next() {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some(same @ ('"' | '\\' | '/' | '\'')) => Some(same),
            Some('u') => {
                let digits: String = ahead.by_ref().take(4).collect();
                u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)
            }
            _ => None,
        };
        if let Some(decoded) = decoded {
            out.push(decoded);
            chars = ahead;
            found = true;
        } else {
            out.push('\\');
        }
    }
    found.then_some(out)
}

/// What every long run of base64 letters decodes to, where that is text.
fn base64_runs(text: &str) -> Vec<String> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let standard = GeneralPurpose::new(&alphabet::STANDARD, lenient);
    let for_urls = GeneralPurpose::new(&alphabet::URL_SAFE, lenient);
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_')))
        .filter(|run| run.len() >= MIN_BASE64)
        .filter_map(|run| standard.decode(run).or_else(|_| for_urls.decode(run)).ok())
        .filter_map(|bytes| utf16(&bytes).or_else(|| String::from_utf8(bytes).ok()))
        .filter(|decoded| decoded.chars().all(|c| !c.is_control() || c.is_whitespace()))
        .take(MAX_READINGS)
        .collect()
}

/// Text that was UTF-16 before it was encoded, as Windows programs like it.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (pairs, []) = bytes.as_chunks::<2>() else { return None };
    if !pairs.iter().all(|pair| pair[1] == 0) {
        return None;
    }
    Some(pairs.iter().map(|pair| char::from(pair[0])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INNER: &str = "AADSTS50011: The redirect URI 'https://a.example/redirect/x-5f1' does not match.";

    #[test]
    fn one_layer_of_each_kind_is_taken_off() {
        let encoded = base64::engine::general_purpose::STANDARD.encode(INNER);
        let wide: Vec<u8> = INNER.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for pasted in [
            INNER.to_owned(),
            INNER.replace(' ', "%20").replace('/', "%2F").replace('\'', "%27"),
            format!("?error_description={}", INNER.replace(' ', "+").replace('/', "%2f")),
            INNER.replace('\'', "&#39;").replace('/', "&#x2F;"),
            INNER.replace('/', "\\/").replace('\'', "\\u0027"),
            format!("https://portal.example/?error={encoded}&x=1"),
            format!("error={}", encoded.trim_end_matches('=')),
            base64::engine::general_purpose::STANDARD.encode(&wide),
            format!("error={}", encoded.replace('=', "%3D")),
        ] {
            assert!(readings(&pasted).iter().any(|reading| reading.contains(INNER)), "{pasted}");
        }
    }

    #[test]
    fn layers_on_layers_are_taken_off() {
        let url = INNER.replace(' ', "%20").replace('/', "%2F").replace('\'', "%27");
        let twice = url.replace('%', "%25");
        let in_json = format!("{{\"html\":\"{}\"}}", twice.replace('/', "\\/"));
        assert!(readings(&in_json).iter().any(|reading| reading.contains(INNER)));
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(
            readings("100% sure & \\ a+b &; %zz &#xFFFFFFFF; \\ud800"),
            ["100% sure & \\ a+b &; %zz &#xFFFFFFFF; \\ud800"]
        );
        assert_eq!(percent("a+b%2Bc").as_deref(), Some("a b+c"));
        assert_eq!(percent("a+b c%2Bd").as_deref(), Some("a+b c+d"));
    }

    #[test]
    fn a_huge_paste_is_read_in_bounded_time() {
        let huge = "%2541é&amp;".repeat(100_000);
        let all = readings(&huge);
        assert!(all.len() <= MAX_READINGS);
        assert!(all.iter().all(|reading| reading.len() <= MAX_BYTES * 3));
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text in "(?s).{0,80}|[%&#;x0-9a-fu\\\\+]{0,80}") {
            let all = readings(&text);
            prop_assert_eq!(&all[0], &text);
        }
    }
}
