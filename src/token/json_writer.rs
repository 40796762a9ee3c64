//! Writes JSON that the strict reader reads back as it was: scalars here, containers by whoever walks them.

use std::fmt::Write;

/// Appends a string. Everything that need not be escaped stays as it is, in UTF-8.
pub fn string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain_from = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain_from..index]);
        plain_from = index + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => push(format_args!("\\u{control:04x}"), out),
        }
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

/// Appends a member's name and the colon; before it a comma, unless it is the first of its object.
pub fn name(name: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    string(name, out);
    out.push(':');
}

/// Appends an integer.
pub fn integer(value: i128, out: &mut String) {
    // Sixty-four bits are written several times faster than a hundred and twenty-eight.
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => push(format_args!("{value}"), out),
        (_, Ok(value)) => push(format_args!("{value}"), out),
        _ => push(format_args!("{value}"), out),
    }
}

/// Appends a finite number: the shortest text that reads back as this double, with a point or an exponent, so that it
/// stays a float.
pub fn float(value: f64, out: &mut String) {
    push(format_args!("{value:?}"), out);
}

fn push(text: std::fmt::Arguments<'_>, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::{float, integer, string};

    #[test]
    fn test_read_back_as_it_was() {
        for text in ["", "plain", "é😀", "a\"b\\c\nd\re\tf\u{1}\u{1f}\u{7f}", "\"", "\\\\", "trailing\n"] {
            let mut out = String::new();
            string(text, &mut out);
            assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
        }
        for value in [0.0, -0.0, 0.1, 1.0, 1e16, 1e300, -2.5e-9, f64::MAX, f64::MIN_POSITIVE, 5e-324] {
            let mut out = String::new();
            float(value, &mut out);
            assert_eq!(out.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{out}");
            assert!(out.contains(['.', 'e']), "{out}");
        }
        let mut out = String::new();
        integer(i128::from(u64::MAX), &mut out);
        out.push(',');
        integer(i128::from(i64::MIN), &mut out);
        assert_eq!(out, "18446744073709551615,-9223372036854775808");
    }
}
