use serde_json::Value;

use super::{Fault, MAX_MEMBERS, read_object};
use crate::token::json_values::Values;
use crate::token::refusal::Refusal;

fn read(text: impl AsRef<[u8]>) -> Result<Value, Fault> {
    read_object(text.as_ref(), 16, &mut Values).map_err(|refusal| match refusal {
        Refusal::Payload(fault) => fault,
        other => panic!("{other}"),
    })
}

/// As [`read`], of `{"a": ...}`.
fn member(text: &str) -> Result<Value, Fault> {
    read(format!("{{\"a\":{text}}}")).map(|mut object| object["a"].take())
}

#[test]
fn test_equal_to_serde_json_on_everything_it_accepts() {
    for text in [
        "{}",
        " \t\r\n{ } \n",
        r#"{"a":1,"b":[1,2,[],{}],"c":{"d":null,"e":true,"f":false},"":"empty"}"#,
        r#"{"text":"é\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t😀"}"#,
        r#"{"n":[0,-0,-1,18446744073709551615,-9223372036854775808,1.5,-2.25e-3,1E+2,1e0,0.1]}"#,
        r#"{"__proto__":{"__class__":1}}"#,
        "{\"del\":\"\u{7f}\u{feff}\"}",
    ] {
        let expected: Value = serde_json::from_str(text).unwrap();
        // serde_json reads -0 as the float -0.0; here it is the integer 0, as in Python.
        let expected = serde_json::to_string(&expected).unwrap().replace("-0.0,", "0,");
        assert_eq!(serde_json::to_string(&read(text).unwrap()).unwrap(), expected, "{text}");
    }
}

#[test]
fn test_J47_J48_duplicate_names_at_any_depth_and_through_escapes() {
    for text in [
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"sub":1,"\u0073ub":2}"#,
        r#"{"a":{"b":1,"b":1}}"#,
        r#"{"a":[{"b":1,"c":2,"b":3}]}"#,
        r#"{"":1,"":2}"#,
    ] {
        assert_eq!(read(text), Err(Fault::Duplicate), "{text}");
    }
    assert!(read(r#"{"a":{"a":{"a":1}},"b":{"a":1}}"#).is_ok());
}

#[test]
fn test_J49_trailing_bytes_and_lenient_dialects() {
    for text in [r#"{}{}"#, "{} x", "{}\0", "{}//"] {
        assert_eq!(read(text), Err(Fault::Trailing), "{text}");
    }
    for text in [
        r#"{"a":1,}"#,
        "{'a':1}",
        "{a:1}",
        r#"{"a":1 /* */}"#,
        r#"{"a":[1,]}"#,
        r#"{,}"#,
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a" 1}"#,
        r#"{"a":1 "b":2}"#,
        "{",
        r#"{"a"#,
        r#"{"a":"b"#,
        r#"{"a":1"#,
        r#"{"a":[1"#,
        r#"{"a":tru}"#,
        r#"{"a":True}"#,
        "{\"a\":\u{b}1}",
        "{\u{a0}}",
    ] {
        assert_eq!(read(text), Err(Fault::Syntax), "{text}");
    }
}

#[test]
fn test_J50_J51_byte_order_mark_and_wide_encodings() {
    assert_eq!(read(b"\xef\xbb\xbf{}"), Err(Fault::NotObject));
    assert_eq!(read(b"{\0}\0"), Err(Fault::Syntax));
    assert_eq!(read(b"\xff\xfe{\0}\0"), Err(Fault::Utf8));
    assert_eq!(read(b"\0{\0}"), Err(Fault::NotObject));
    assert_eq!(read(b"{\0\0\0}\0\0\0"), Err(Fault::Syntax));
}

#[test]
fn test_J52_invalid_utf8() {
    for bytes in
        [&b"{\"a\":\"\xff\"}"[..], b"{\"a\":\"\xc0\xaf\"}", b"{\"a\":\"\xed\xa0\x80\"}", b"{\"a\":\"\xe2\x82\"}"]
    {
        assert_eq!(read(bytes), Err(Fault::Utf8));
    }
}

#[test]
fn test_J53_lone_surrogates() {
    for text in
        [r#""\ud800""#, r#""\udc00""#, r#""\ud800\ud800""#, r#""\ud800x""#, r#""\ud800\n""#, r#""\udc00\ud800""#]
    {
        assert_eq!(member(text), Err(Fault::Surrogate), "{text}");
    }
}

#[test]
fn test_J54_nul_and_other_control_characters() {
    assert_eq!(member(r#""a\u0000""#), Err(Fault::Nul));
    assert_eq!(read(r#"{"\u0000":1}"#), Err(Fault::Nul));
    assert_eq!(member("\"\0\""), Err(Fault::Syntax));
    assert_eq!(member("\"\n\""), Err(Fault::Syntax));
    assert_eq!(member("\"\u{1f}\""), Err(Fault::Syntax));
    for text in [r#""\x00""#, r#""\u12""#, r#""\u12g4""#, r#""\U0041""#, r#""\"#] {
        assert_eq!(member(text), Err(Fault::Syntax), "{text}");
    }
}

#[test]
fn test_J55_depth() {
    let nested = |depth: usize| member(&format!("{}{}", "[".repeat(depth - 1), "]".repeat(depth - 1)));
    assert!(nested(16).is_ok());
    assert_eq!(nested(17), Err(Fault::Depth));
    assert_eq!(member(&"[".repeat(100_000)), Err(Fault::Depth));
    assert_eq!(read("{\"a\":".repeat(100_000)), Err(Fault::Depth));
    // A sibling's depth does not count.
    assert!(member(&format!("[{}1]", "[[[[]]]],".repeat(20))).is_ok());
}

#[test]
fn test_J56_J57_numbers() {
    for text in [
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "-01",
        "00",
        "0x10",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "-",
        "--1",
        "1_000",
        "1+-2",
        "1e+-2",
        "\u{661}",
    ] {
        assert_eq!(member(text), Err(Fault::Syntax), "{text}");
    }
    for text in [
        "1e400",
        "-1e400",
        "18446744073709551616",
        "-9223372036854775809",
        &"9".repeat(5_000),
        &format!("0.{}", "1".repeat(5_000)),
    ] {
        assert_eq!(member(text), Err(Fault::Number), "{text}");
    }
    assert_eq!(member("-0"), Ok(Value::from(0)));
    assert_eq!(member("1E+2"), Ok(Value::from(100.0)));
}

#[test]
fn test_J58_not_an_object() {
    for text in ["", " ", "[]", "[{}]", "\"a\"", "1", "null", "true"] {
        assert_eq!(read(text), Err(Fault::NotObject), "{text}");
    }
}

#[test]
fn test_J62_members() {
    let object = |count: usize| {
        let members: Vec<String> = (0..count).map(|n| format!("\"{n}\":{n}")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(read(object(MAX_MEMBERS)).is_ok());
    assert_eq!(read(object(MAX_MEMBERS + 1)), Err(Fault::Members));
    assert_eq!(member(&object(MAX_MEMBERS + 1)), Err(Fault::Members));
    assert_eq!(read(object(100_000)), Err(Fault::Members));
}

#[test]
fn test_every_byte_at_every_place_of_a_string() {
    for length in 0..20 {
        for at in 0..=length {
            for byte in (1..0x80_u8).map(char::from) {
                let text = format!("{}{byte}{}", "a".repeat(at), "b".repeat(length - at));
                let expected: Option<Value> = serde_json::from_str(&format!("{{\"a\":\"{text}\"}}")).ok();
                assert_eq!(
                    member(&format!("\"{text}\"")).ok(),
                    expected.map(|object| object["a"].clone()),
                    "{text:?}"
                );
            }
        }
    }
}
