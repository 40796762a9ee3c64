use super::super::decode::read_claims;
use super::super::json::{Fault, Sink};
use super::super::refusal::Refusal;
use super::super::rules::{Checks, MAX_LEEWAY, Own, Rules};

/// Builds nothing: the verdict is all that is asked for.
struct Nothing;

#[rustfmt::skip]
impl Sink for Nothing {
    type Value = ();
    type Array = ();
    type Object = ();
    type Name = ();
    type Error = Refusal;

    fn null(&mut self) -> Result<(), Refusal> { Ok(()) }
    fn boolean(&mut self, _: bool) -> Result<(), Refusal> { Ok(()) }
    fn integer(&mut self, _: i128) -> Result<(), Refusal> { Ok(()) }
    fn float(&mut self, _: f64) -> Result<(), Refusal> { Ok(()) }
    fn string(&mut self, _: &str) -> Result<(), Refusal> { Ok(()) }
    fn array(&mut self) -> Result<(), Refusal> { Ok(()) }
    fn element(&mut self, (): &mut (), (): ()) -> Result<(), Refusal> { Ok(()) }
    fn end_array(&mut self, (): ()) -> Result<(), Refusal> { Ok(()) }
    fn object(&mut self) -> Result<(), Refusal> { Ok(()) }
    fn name(&mut self, _: &str) -> Result<(), Refusal> { Ok(()) }
    fn member(&mut self, (): &mut (), (): (), (): ()) -> Result<(), Refusal> { Ok(()) }
    fn end_object(&mut self, (): ()) -> Result<(), Refusal> { Ok(()) }
}

const NOW: u64 = 1_800_000_000;

fn judge(payload: &str, rules: &Rules) -> Result<(), Refusal> {
    read_claims(payload.as_bytes(), rules, NOW, Nothing)
}

/// Judges one claim by the default rules.
fn claim(name: &str, value: impl ToString) -> Result<(), Refusal> {
    judge(&format!("{{\"{name}\":{}}}", value.to_string()), &Rules::default())
}

fn own() -> Rules {
    Rules {
        required: ["token_type", "sub", "jti", "iat", "exp"].map(str::to_owned).to_vec(),
        own: Some(Own { token_type: "access".to_owned(), max_lifetime: 300 }),
        ..Rules::default()
    }
}

/// Own claims, with some put in the place of others; `null` takes a claim out.
fn own_claims(changes: &[(&str, &str)]) -> String {
    let mut claims = vec![
        ("token_type", "\"access\"".to_owned()),
        ("sub", "\"1\"".to_owned()),
        ("jti", "\"AAAAAAAAAAAAAAAAAAAAAA\"".to_owned()),
        ("iat", NOW.to_string()),
        ("exp", (NOW + 300).to_string()),
    ];
    for (name, value) in changes {
        claims.retain(|(other, _)| other != name);
        if *value != "absent" {
            claims.push((name, (*value).to_owned()));
        }
    }
    let members: Vec<String> = claims.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn test_J63_J64_J71_exp_is_the_first_second_that_is_too_late() {
    assert_eq!(claim("exp", NOW + 1), Ok(()));
    for exp in ["1800000000", "1799999999", "0", "-1", "-9223372036854775808"] {
        assert_eq!(claim("exp", exp), Err(Refusal::Expired), "{exp}");
    }
}

#[test]
fn test_J66_J67_dates_are_numbers() {
    for value in ["\"1900000000\"", "true", "false", "null", "[]", "[1900000000]", "{}", "\"\""] {
        assert_eq!(claim("exp", value), Err(Refusal::Date("exp")), "{value}");
        assert_eq!(claim("nbf", value), Err(Refusal::Date("nbf")), "{value}");
        assert_eq!(claim("iat", value), Err(Refusal::IssuedAt), "{value}");
    }
}

#[test]
fn test_J68_a_fraction_never_lengthens_a_life() {
    assert_eq!(claim("exp", "1800000000.9"), Err(Refusal::Expired));
    assert_eq!(claim("exp", "1800000001.5"), Ok(()));
    assert_eq!(claim("nbf", "1800000000.1"), Err(Refusal::Immature("nbf")));
    assert_eq!(claim("nbf", "1800000000.0"), Ok(()));
    assert_eq!(claim("iat", "1800000000.1"), Err(Refusal::Immature("iat")));
    assert_eq!(judge(&own_claims(&[("exp", "1800000060.5")]), &own()), Err(Refusal::Date("exp")));
}

#[test]
fn test_J69_J70_dates_beyond_the_year_9999() {
    assert_eq!(claim("exp", 253_402_300_799_u64), Ok(()));
    for exp in ["253402300800", "9223372036854775807", "18446744073709551615", "1e30", "253402300800.0"] {
        assert_eq!(claim("exp", exp), Err(Refusal::Date("exp")), "{exp}");
    }
    for exp in ["1000000000000000000000000000000", "1e400"] {
        assert_eq!(claim("exp", exp), Err(Refusal::Payload(Fault::Number)), "{exp}");
    }
}

#[test]
fn test_J72_lifetime() {
    assert_eq!(judge(&own_claims(&[]), &own()), Ok(()));
    assert_eq!(judge(&own_claims(&[("exp", "1800000301")]), &own()), Err(Refusal::Lifetime));
    assert_eq!(judge(&own_claims(&[("iat", "1799999999")]), &own()), Err(Refusal::Lifetime));
    // An end before the beginning: both dates pass on their own only within the leeway.
    let rules = Rules { leeway: 60, ..own() };
    assert_eq!(
        judge(&own_claims(&[("exp", "1799999990"), ("iat", "1800000000")]), &rules),
        Err(Refusal::Lifetime)
    );
}

#[test]
fn test_J73_J74_not_yet() {
    assert_eq!(claim("nbf", NOW), Ok(()));
    assert_eq!(claim("nbf", NOW + 1), Err(Refusal::Immature("nbf")));
    assert_eq!(claim("iat", NOW), Ok(()));
    assert_eq!(claim("iat", NOW + 1), Err(Refusal::Immature("iat")));
    assert_eq!(claim("iat", -1), Err(Refusal::IssuedAt));
}

#[test]
fn test_J75_leeway_holds_for_all_three_dates() {
    let rules = Rules { leeway: MAX_LEEWAY, ..Rules::default() };
    assert_eq!(judge(r#"{"exp":1799999881,"nbf":1800000120,"iat":1800000120}"#, &rules), Ok(()));
    assert_eq!(judge(r#"{"exp":1799999880}"#, &rules), Err(Refusal::Expired));
    assert_eq!(judge(r#"{"nbf":1800000121}"#, &rules), Err(Refusal::Immature("nbf")));
    assert_eq!(judge(r#"{"iat":1800000121}"#, &rules), Err(Refusal::Immature("iat")));
}

#[test]
fn test_J77_J78_audience() {
    let expecting = |audiences: &[&str]| Rules {
        audiences: Some(audiences.iter().map(|&audience| audience.to_owned()).collect()),
        ..Rules::default()
    };
    let rules = expecting(&["api", "web"]);
    for aud in [r#""api""#, r#""web""#, r#"["other","api"]"#, r#"["web"]"#] {
        assert_eq!(judge(&format!("{{\"aud\":{aud}}}"), &rules), Ok(()), "{aud}");
    }
    for aud in [
        "[]",
        r#""""#,
        r#""ap""#,
        r#""apis""#,
        r#""API""#,
        r#"["other"]"#,
        r#"["api",1]"#,
        r#"[1,"api"]"#,
        r#"["api",["api"]]"#,
        r#"[["api"]]"#,
        r#"[{"api":"api"}]"#,
        r#"{"api":"api"}"#,
        "null",
        "1",
        "true",
    ] {
        assert_eq!(judge(&format!("{{\"aud\":{aud}}}"), &rules), Err(Refusal::Audience), "{aud}");
        // For a verifier that has no name, a token for someone in particular is not for it.
        assert_eq!(claim("aud", aud), Err(Refusal::Audience), "{aud}");
    }
    assert_eq!(judge("{}", &rules), Err(Refusal::Missing("aud".to_owned())));
    assert_eq!(judge("{}", &Rules::default()), Ok(()));
    let strict = Rules { strict_audience: true, ..expecting(&["api"]) };
    assert_eq!(judge(r#"{"aud":"api"}"#, &strict), Ok(()));
    assert_eq!(judge(r#"{"aud":["api"]}"#, &strict), Err(Refusal::Audience));
    // A nested "aud", or an element that only looks like one, decides nothing.
    assert_eq!(judge(r#"{"x":{"aud":"api"},"aud":"no"}"#, &rules), Err(Refusal::Audience));
    assert_eq!(judge(r#"{"aud":["no"],"x":["api"]}"#, &rules), Err(Refusal::Audience));
}

#[test]
fn test_J79_issuer() {
    let rules = Rules { issuers: Some(vec!["https://a.example".to_owned(), "b".to_owned()]), ..Rules::default() };
    assert_eq!(judge(r#"{"iss":"https://a.example"}"#, &rules), Ok(()));
    assert_eq!(judge(r#"{"iss":"b"}"#, &rules), Ok(()));
    for iss in [r#""https://a.exampl""#, r#""""#, r#"["b"]"#, r#"{"b":1}"#, "null", "1", r#""B""#] {
        assert_eq!(judge(&format!("{{\"iss\":{iss}}}"), &rules), Err(Refusal::Issuer), "{iss}");
    }
    assert_eq!(judge("{}", &rules), Err(Refusal::Missing("iss".to_owned())));
}

#[test]
fn test_J80_subject_is_a_string() {
    for sub in ["1", "1.0", "[]", r#"["1"]"#, "{}", "null", "true"] {
        assert_eq!(claim("sub", sub), Err(Refusal::Subject), "{sub}");
    }
    let rules = Rules { subject: Some("1".to_owned()), ..Rules::default() };
    for sub in [r#""01""#, r#""１""#, r#"" 1""#, r#""1 ""#, r#""""#] {
        assert_eq!(judge(&format!("{{\"sub\":{sub}}}"), &rules), Err(Refusal::Subject), "{sub}");
    }
    assert_eq!(judge(&own_claims(&[("sub", "\"\"")]), &own()), Err(Refusal::Subject));
}

#[test]
fn test_J81_token_id_is_128_bits_in_one_form() {
    for jti in ["1", "[]", r#"["AAAAAAAAAAAAAAAAAAAAAA"]"#, "null"] {
        assert_eq!(claim("jti", jti), Err(Refusal::TokenId), "{jti}");
    }
    for jti in [
        r#""""#,
        r#""AAAAAAAAAAAAAAAAAAAAA""#,
        r#""AAAAAAAAAAAAAAAAAAAAAAA""#,
        r#""AAAAAAAAAAAAAAAAAAAAAB""#,
        r#""AAAAAAAAAAAAAAAAAAAA==""#,
    ] {
        assert_eq!(judge(&own_claims(&[("jti", jti)]), &own()), Err(Refusal::TokenId), "{jti}");
    }
}

#[test]
fn test_J59_J61_J65_J82_required_claims_of_our_own_tokens() {
    assert_eq!(judge("{}", &own()), Err(Refusal::Missing("token_type".to_owned())));
    for name in ["token_type", "sub", "jti", "iat", "exp"] {
        for value in ["absent", "null"] {
            assert!(judge(&own_claims(&[(name, value)]), &own()).is_err());
        }
        let missing = Err(Refusal::Missing(name.to_owned()));
        assert_eq!(judge(&own_claims(&[(name, "absent")]), &own()), missing);
        assert_eq!(judge(&own_claims(&[(name, "absent"), (&name.to_uppercase(), "1900000000")]), &own()), missing);
    }
    assert_eq!(
        judge(&own_claims(&[("exp", "absent"), ("verify", "false"), ("verify_exp", "false")]), &own()),
        Err(Refusal::Missing("exp".to_owned()))
    );
}

#[test]
fn test_required_claims_that_nobody_registered() {
    let rules = Rules { required: vec!["tenant".to_owned(), "exp".to_owned()], ..Rules::default() };
    assert_eq!(judge(r#"{"tenant":0,"exp":1900000000}"#, &rules), Ok(()));
    for payload in
        [r#"{"exp":1900000000}"#, r#"{"tenant":null,"exp":1900000000}"#, r#"{"x":{"tenant":1},"exp":1900000000}"#]
    {
        assert_eq!(judge(payload, &rules), Err(Refusal::Missing("tenant".to_owned())), "{payload}");
    }
    assert_eq!(judge(r#"{"tenant":[]}"#, &rules), Err(Refusal::Missing("exp".to_owned())));
}

#[test]
fn test_J90_token_type() {
    for value in ["\"refresh\"", "\"Access\"", "[\"access\"]", "1"] {
        assert_eq!(judge(&own_claims(&[("token_type", value)]), &own()), Err(Refusal::TokenType), "{value}");
    }
}

#[test]
fn test_sessions_are_whole() {
    assert_eq!(judge(&own_claims(&[("sid", "\"s\""), ("gen", "0")]), &own()), Ok(()));
    for changes in [
        [("sid", "\"s\""), ("gen", "absent")],
        [("sid", "absent"), ("gen", "0")],
        [("sid", "\"\""), ("gen", "0")],
        [("sid", "1"), ("gen", "0")],
        [("sid", "\"s\""), ("gen", "-1")],
        [("sid", "\"s\""), ("gen", "1.0")],
        [("sid", "\"s\""), ("gen", "\"0\"")],
        [("sid", "\"s\""), ("gen", "9007199254740992")],
    ] {
        assert_eq!(judge(&own_claims(&changes), &own()), Err(Refusal::Session), "{changes:?}");
    }
}

#[test]
fn test_checks_that_are_switched_off() {
    let off = Checks { exp: false, nbf: false, iat: false, iss: false, aud: false, sub: false, jti: false };
    let rules = Rules { checks: off, issuers: Some(vec!["a".to_owned()]), ..Rules::default() };
    assert_eq!(judge(r#"{"exp":1,"nbf":"x","iat":[],"iss":"b","aud":"c","sub":1,"jti":2}"#, &rules), Ok(()));
}
