//! Reads what a page with a file field sends (`multipart/form-data`).

use crate::practice::wire::Request;

/// The parts of a body by name; `None` where it is no such body.
pub fn parts(request: &Request) -> Option<Vec<(String, Vec<u8>)>> {
    let kind = request.header("content-type")?;
    let boundary = kind.strip_prefix("multipart/form-data")?.split("boundary=").nth(1)?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    let mark = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut rest = after(&request.body, &mark)?;
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, &[b"\r\n".as_slice(), &mark].concat())?;
        let (part, behind) = part.split_at_checked(end)?;
        let head = find(part, b"\r\n\r\n")?;
        let (head, body) = part.split_at_checked(head)?;
        let head = String::from_utf8_lossy(head);
        let name = head.split(" name=\"").nth(1).and_then(|rest| rest.split('"').next());
        parts.push((name.unwrap_or_default().to_owned(), body.get(4..)?.to_vec()));
        rest = behind.get(2 + mark.len()..)?;
    }
    Some(parts)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn after<'a>(text: &'a [u8], what: &[u8]) -> Option<&'a [u8]> {
    text.get(find(text, what)? + what.len()..)
}
