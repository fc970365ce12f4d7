from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsite.backend.moderation import Masked, mask
from chatsite.backend.moderation.secrets import Masker

KEY = """-----BEGIN RSA PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF

MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn+ygWyF0PbnGy0AHB7MhgHcTz6sE2I2yPB
aFDrBz9vFqU4yfWq0bZl7Kp3oRkTn1sVw2x=
-----END RSA PRIVATE KEY-----"""
PLAIN_KEY = """-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj
-----END PRIVATE KEY-----"""
PGP_KEY = """-----BEGIN PGP PRIVATE KEY BLOCK-----
Version: GnuPG v2

lQOYBFrXn8sBCADRg2Xk0Vqj3m1kq8Gm0Z5rZpX6
=aBcD
-----END PGP PRIVATE KEY BLOCK-----"""
JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"
    ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)
AWS = 'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

SECRETS = [
    (KEY, "private key"),
    (PLAIN_KEY, "private key"),
    (PLAIN_KEY.replace("\n", "\\n"), "private key"),
    (PLAIN_KEY[:70], "private key"),  # broken off
    (PGP_KEY, "private key"),
    ("AKIAIOSFODNN7EXAMPLE", "access key"),
    (AWS, "access key"),
    ("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "access token"),
    ("github_pat_11ABCDEFG0abcdefghijkl_MNOPQRSTUVWXYZ0123456789abcdefgh", "access token"),
    ("glpat-aBcD1234eFgH5678iJkL", "access token"),
    ("xoxb-123456789012-AbCdEfGhIjKl", "access token"),
    ("hf_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh", "access token"),
    (JWT, "access token"),
    ("sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7", "API key"),
    ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "API key"),
    ("AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "API key"),
    ("4111111111111111", "card number"),
    ("4111 1111 1111 1111", "card number"),
    ("5555-5555-5555-4444", "card number"),
    ("2223003122003222", "card number"),
    ("378282246310005", "card number"),
    ("3782 822463 10005", "card number"),
    ("30569309025904", "card number"),
    ("6011111111111117", "card number"),
    ("3530111333300000", "card number"),
    ("4222222222222", "card number"),
    ("GB29 NWBK 6016 1331 9268 19", "IBAN"),
    ("DE89370400440532013000", "IBAN"),
    ("NO93 8601 1117 947", "IBAN"),
    ("MT84 MALT 0110 0001 2345 MTLC AST0 01S", "IBAN"),
    ("ES91 2100 0418 4502 0005 1332", "IBAN"),
]


@pytest.mark.parametrize(("secret", "kind"), SECRETS)
def test_secrets_are_masked(secret, kind):
    mark = f"[{kind} removed]"

    assert mask(secret) == Masked(mark, (kind,))
    assert mask(f"Use \u4e2d{secret}, then go on.") == Masked(
        f"Use \u4e2d{mark}, then go on.", (kind,)
    )
    assert mask(mask(secret).text) == Masked(mark, ())


def test_all_are_found_in_order():
    text = "Card 4111 1111 1111 1111 (exp. 12/27), IBAN DE89 3704 0044 0532 0130 00 EUR, key " + KEY

    assert mask(text) == Masked(
        "Card [card number removed] (exp. 12/27), IBAN [IBAN removed] EUR, key"
        " [private key removed]",
        ("card number", "IBAN", "private key"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # fails Luhn
        "1234567812345670",  # passes Luhn, but no issuer's
        "4111 1111-1111 1111",
        "7111 1111 1111 1111",
        "41111111111111111111111",
        "0.4111111111111111",
        "a4111111111111111",
        "4111111111111111ab",
        "GB29 NWBK 6016 1331 9268 18",  # fails the checksum
        "ZZ29 NWBK 6016 1331 9268 19",
        "123e4567-e89b-12d3-a456-426614174000",
        "550e8400-e29b-41d4-a716-446655440000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "1700000000, 1700000000000, 2024-01-01 10:00:00, +49 170 1234567",
        "3.141592653589793 and 2.718281828459045",
        "sk-your-api-key-goes-here-please",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "A file begins with `-----BEGIN PRIVATE KEY-----` and so on",
        "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa\n",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0Z3V\n",
        "eyJhbGciOiJIUzI1NiJ9 alone",
        "task-aB3dE6gH9jK2mN5pQ8sT1vW4yZ7",
    ],
)
def test_what_only_looks_like_a_secret_stays(text):
    assert mask(text) == Masked(text, ())


def test_a_card_number_behind_other_digits():
    assert mask("5555 4111 1111 1111 1111").text == "5555 [card number removed]"


FRAGMENTS = st.one_of(
    st.sampled_from([secret for secret, _ in SECRETS]),
    st.sampled_from([KEY[:60], JWT[:40], AWS[:30], "4111 1111 ", "sk-", "-----BEGIN ", "GB29 NW"]),
    st.sampled_from(
        [" ", "\n", "-", ".", "_", "a", "1", ", ", "\\n", "=", "eyJ", "the end", "5555 "]
    ),
    st.text(max_size=5),
)
TEXTS = st.lists(FRAGMENTS, max_size=8).map("".join)


@st.composite
def pieces(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> list[str]:
    text = draw(texts)
    size = draw(st.sampled_from([1, 2, 4, 9, 40]))
    cuts = draw(st.lists(st.integers(1, size), min_size=len(text) // size, max_size=len(text)))
    result = []
    for cut in cuts:
        result.append(text[:cut])
        text = text[cut:]
    return [*result, text]


@settings(max_examples=120, deadline=None)
@given(pieces(), st.integers(0, 12))
def test_a_text_in_pieces_is_masked_as_a_whole(parts, lag):
    masker = Masker()
    given_out = []
    seen = 0
    for part in parts:
        masker.push(part)
        seen += len(part)
        given_out.append(masker.take(seen - lag))

    given_out.append(masker.finish())

    assert Masked("".join(given_out), tuple(masker.found)) == mask("".join(parts))


@settings(max_examples=120, deadline=None)
@given(TEXTS)
def test_masking_twice_changes_nothing(text):
    masked = mask(text).text

    assert mask(masked) == Masked(masked, ())


@pytest.mark.parametrize(("secret", "kind"), SECRETS)
def test_no_part_of_a_secret_is_given_early(secret, kind):
    masker = Masker()
    given_out = []
    for char in f"It is: {secret}":
        masker.push(char)
        given_out.append(masker.take(10_000))

    assert "".join(given_out) == "It is: "
    assert masker.finish() == f"[{kind} removed]"


@pytest.mark.parametrize(
    ("text", "given_out"),
    [
        ("Hello", "Hello"),
        ("In 1984, 2024 ", "In 1984, "),
        ("In 1984, 2024 b", "In 1984, 2024 b"),
        ("1 2 3 4 5 6 7 ", "1 2 3 4 5 6 7 "),
        ("a table: |----", "a table: |"),
        ("a table: |----|", "a table: |----|"),
        ("the s", "the "),
        ("the sk", "the "),
        ("the ski", "the ski"),
    ],
)
def test_what_is_kept_back_is_little(text, given_out):
    masker = Masker()
    masker.push(text)

    assert masker.take(len(text)) == given_out
