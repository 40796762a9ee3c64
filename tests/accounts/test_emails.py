"""E-mail addresses: what is one, and which are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ferrauth.accounts.emails import MAX_EMAIL, canonical_email, parse_email
from ferrauth.accounts.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "address", "canonical"),
    [
        ("Bob@Example.ORG", "Bob@example.org", "bob@example.org"),
        ("  bob@example.org ", "bob@example.org", "bob@example.org"),
        ("BOB＠example.org", "BOB@example.org", "bob@example.org"),
        ("𝓫ob@example.org", "bob@example.org", "bob@example.org"),
        ("\u212aate@example.org", "Kate@example.org", "kate@example.org"),
        ("straße@example.org", "straße@example.org", "strasse@example.org"),
        ("a@münchen.de", "a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de"),
        ("a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de"),
        ("a@example。com", "a@example.com", "a@example.com"),
        ("用户@例え.jp", "用户@xn--r8jz45g.jp", "用户@xn--r8jz45g.jp"),
        ("o'neil+tag@example.co.uk", "o'neil+tag@example.co.uk", "o'neil+tag@example.co.uk"),
    ],
)
def test_E04_T15_one_canonical_form(text: str, address: str, canonical: str) -> None:
    assert parse_email(text) == (address, canonical)


def test_CVE_2019_19844_a_look_alike_that_is_another_letter_is_another_address() -> None:
    assert canonical_email("m\u0131ke@example.org") != canonical_email("mike@example.org")


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "a", "a@", "@example.com", "a@b", "a@@example.com", "a@b@example.com", "a b@example.com"),
        *("a@exa mple.com", "a..b@example.com", ".a@example.com", "a.@example.com", "a@-example.com", "a@example-.com"),
        *("a@.example.com", "a@example.com.", "a@1.2.3.4", "a@[1.2.3.4]", '"a b"@example.com', "a,b@example.com"),
        *(
            "a\x00@example.com",
            "a\r\nBcc:b@example.com",
            "a\u200b@example.com",
            "a\u202eb@example.com",
            "\ud800@example.com",
        ),
        *("Bob <bob@example.com>", "a@" + "x" * 64 + ".com", "x" * 65 + "@example.com", "é" * 33 + "@example.com"),
        *("x" * 10_000, "ﷺ" * 10 + "@example.com", "a@example.com\n", "a\t@example.com"),
    ],
)
def test_E10_T16_what_is_no_address(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_email(text)
    assert refused.value.errors == (("email", "invalid"),)
    assert canonical_email(text) is None


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    canonical = canonical_email(text)
    assert canonical is None or len(canonical) <= MAX_EMAIL


@given(st.from_regex(r"[^@\s]{1,30}@[a-zA-Z0-9é]{1,10}\.(com|de)", fullmatch=True))
def test_canonical_is_canonical_and_the_address_leads_to_it(text: str) -> None:
    try:
        address, canonical = parse_email(text)
    except InvalidInput:
        return
    assert canonical_email(canonical) == canonical
    assert canonical_email(address) == canonical
    assert canonical.isprintable()
