"""Secrets in text (private keys, access tokens, card and account numbers) and their masking.

Everything is decided by form and, where there is one, by checksum: a number or a hash that is
merely long stays. Each kind of secret has two patterns, one for the whole and one for the end of
a text that may still become one; the second is what a stream is held back for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_MARKS = {
    "private_key": "[private key removed]",
    "access_key": "[access key removed]",
    "access_token": "[access token removed]",
    "api_key": "[API key removed]",
    "card_number": "[card number removed]",
    "iban": "[IBAN removed]",
}


def _started(literal: str, rest: str = "") -> str:
    """A pattern for the first characters of `literal`, or all of them and `rest`."""
    pattern = rest
    for char in reversed(literal[1:]):
        pattern = f"(?:{re.escape(char)}{pattern})?"
    return re.escape(literal[0]) + pattern


# --- private keys: RFC 7468, and the armour of RFC 4880 with its headers

_LABEL = r"(?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_LABEL_BEGUN = r"[A-Z0-9 ]{0,55}-{0,5}"
_KEY_START = (
    rf"-----BEGIN {_LABEL}(?:\s|\\[rn])*+"  # "\n" in two characters: a key within JSON
    r"(?:[A-Za-z][A-Za-z-]{3,23}:[^\n]{1,100}\n\s*+){0,4}"
)
_KEY_BODY = r"[A-Za-z0-9+/=]{24}(?:[A-Za-z0-9+/=\s]|\\[rn])*+"
_KEY = rf"{_KEY_START}{_KEY_BODY}(?:-----END {_LABEL})?"
_KEY_GROWING = "|".join(
    [
        _started("-----BEGIN ", _LABEL_BEGUN),
        rf"{_KEY_START}(?:[A-Za-z][A-Za-z-]{{0,23}}(?::[^\n]{{0,100}})?|[A-Za-z0-9+/=]{{0,23}}|\\)",
        rf"(?P<open_key>{_KEY_START}{_KEY_BODY}\\?)",
        rf"{_KEY_START}{_KEY_BODY}{_started('-----END ', _LABEL_BEGUN)}",
    ]
)

# --- tokens: their issuers' prefixes, and JSON Web Tokens (RFC 7519)


class _Token(NamedTuple):
    kind: str
    prefix: str
    chars: str
    length: int
    fixed: bool = False

    @property
    def whole(self) -> str:
        size = f"{{{self.length}}}" if self.fixed else f"{{{self.length},}}+"
        return f"{re.escape(self.prefix)}{self.chars}{size}"

    @property
    def growing(self) -> str:
        size = f"{{0,{self.length}}}" if self.fixed else "*"
        return _started(self.prefix, self.chars + size)


_ALNUM, _URL = "[A-Za-z0-9]", "[A-Za-z0-9_-]"
_TOKENS = (
    _Token("api_key", "sk-", _URL, 20),
    *(_Token("api_key", p, _ALNUM, 16) for p in ("sk_live_", "sk_test_", "rk_live_", "rk_test_")),
    _Token("api_key", "AIza", _URL, 35, fixed=True),
    _Token("access_key", "AKIA", "[A-Z0-9]", 16, fixed=True),
    _Token("access_key", "ASIA", "[A-Z0-9]", 16, fixed=True),
    *(_Token("access_token", f"gh{kind}_", _ALNUM, 36) for kind in "opsur"),
    *(_Token("access_token", f"xox{kind}-", "[A-Za-z0-9-]", 10) for kind in "abeoprs"),
    _Token("access_token", "github_pat_", "[A-Za-z0-9_]", 40),
    _Token("access_token", "glpat-", _URL, 20),
    _Token("access_token", "pypi-", _URL, 50),
    _Token("access_token", "npm_", _ALNUM, 36, fixed=True),
    _Token("access_token", "hf_", "[A-Za-z]", 34, fixed=True),
)
_AWS_NAME = "aws_secret_access_key"
_AWS = (
    rf"(?i:{_AWS_NAME})"
    r"""["']?\s{0,4}[:=]\s{0,4}["']?[A-Za-z0-9/+]{40}(?![/+=])"""
)
_AWS_VALUE = r"""["']?\s{0,4}(?:[:=]\s{0,4}["']?[A-Za-z0-9/+]{0,40})?"""
_AWS_GROWING = f"(?i:{_started(_AWS_NAME, _AWS_VALUE)})"
_JWT = rf"eyJ{_URL}{{8,}}+\.eyJ{_URL}{{8,}}+\.{_URL}{{8,}}+"
_JWT_REST = _started("eyJ", f"{_URL}*+(?:[.]{_URL}*)?")
_JWT_GROWING = _started("eyJ", f"{_URL}*+(?:[.](?:{_JWT_REST})?)?")

# --- card numbers: ISO/IEC 7812, unbroken or in the groups that are printed on the card

_GAP = "[ \u00a0-]"
_CARD_NUMBER = (
    r"4\d{12}(?:\d{3}){0,2}"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|35[2-8]\d|62\d\d)\d{12}(?:\d{3})?"  # Discover, JCB, UnionPay
)
_CARD = (
    rf"(?<!\.)(?:{_CARD_NUMBER}|[2-6]\d{{3}}(?P<gap>{_GAP})\d{{4}}(?P=gap)\d{{4}}(?P=gap)\d{{4}}"
    rf"|3\d{{3}}(?P<wide>{_GAP})\d{{6}}(?P=wide)\d{{4,5}})"
)
_CARD_GROWING = (
    rf"[2-6]\d{{0,18}}|[2-6]\d{{3}}{_GAP}(?:\d{{4}}{_GAP}){{0,2}}\d{{0,4}}"
    rf"|3\d{{3}}{_GAP}\d{{0,6}}|3\d{{3}}{_GAP}\d{{6}}{_GAP}\d{{0,5}}"
)

# --- account numbers: ISO 13616, the length by country from the IBAN registry

_IBAN_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK|FO|FI|GL|NL", 19: "MK|SI", 20: "AT|BA|EE|KZ|LT|LU|XK|MN",
    21: "HR|LV|LI|CH", 22: "BG|CR|GE|DE|IE|ME|RS|GB|VA|BH", 23: "AE|GI|IL|IQ|OM|SO|TL",
    24: "AD|CZ|MD|PK|RO|SA|SK|ES|SE|TN|VG|DZ", 25: "LY|PT|ST", 26: "IS|TR",
    27: "FR|GR|IT|MR|MC|SM|BI|DJ", 28: "AL|AZ|BY|CY|DO|SV|GT|HU|LB|PL|HN|NI",
    29: "BR|EG|PS|QA|UA", 30: "JO|KW|MU|YE", 31: "MT|SC", 32: "LC", 33: "RU",
}  # fmt: skip
_IBAN = "|".join(
    rf"(?:{countries})\d\d(?:[ -]?[A-Z0-9]{{4}}){{{(length - 4) // 4}}}"
    + (rf"[ -]?[A-Z0-9]{{{length % 4}}}" if length % 4 else "")
    for length, countries in _IBAN_LENGTHS.items()
)
_IBAN_GROWING = r"[A-Z](?:[A-Z](?:\d(?:\d(?:[ -]?[A-Z0-9]{4}){0,7}(?:[ -]?[A-Z0-9]{0,4}))?)?)?"


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


def _tokens(kind: str) -> list[str]:
    return [token.whole for token in _TOKENS if token.kind == kind]


_SECRET = re.compile(
    f"(?P<private_key>{_KEY})|(?<!\\w)(?:(?P<api_key>{_any(*_tokens('api_key'))})"
    f"|(?P<access_key>{_any(_AWS, *_tokens('access_key'))})"
    f"|(?P<access_token>{_any(_JWT, *_tokens('access_token'))})"
    f"|(?P<card_number>{_CARD})|(?P<iban>{_any(_IBAN)}))(?!\\w)",
    re.ASCII,
)
_OPEN = _any(_JWT_GROWING, *(token.growing for token in _TOKENS if not token.fixed))
_CLOSED = _any(
    _CARD_GROWING,
    _IBAN_GROWING,
    _AWS_GROWING,
    *(token.growing for token in _TOKENS if token.fixed),
)
_GROWING = re.compile(
    f"(?:{_KEY_GROWING}|(?<!\\w)(?:{_CLOSED}|(?P<open_token>{_OPEN})))\\Z", re.ASCII
)
_SHORTEST = 13
_LONG = 64
_CONTEXT = 1  # the characters before a secret that its pattern looks at


class Masked(NamedTuple):
    """A text without its secrets, and what kinds were found, in order ("card number", ...)."""

    text: str
    found: tuple[str, ...]


def mask(text: str) -> Masked:
    """Replace every secret by its mark, such as `[card number removed]`. Idempotent."""
    masker = Masker()
    masker.push(text)
    return Masked(masker.finish(), tuple(masker.found))


class Masker:
    """Masks a text that arrives in pieces: what it gives, joined, is the whole text masked.

    `found` names the kinds of secrets given as marks so far. The cost is linear in the text.
    """

    __slots__ = ("_done", "_open", "_start", "_text", "found")

    def __init__(self) -> None:
        self.found: list[str] = []
        self._text = ""  # what is kept back, behind a little of what was given
        self._start = 0  # the offset of the first character of _text in the whole
        self._done = 0  # how much of _text was given
        self._open: int | None = None  # where in _text a long secret began that may go on for ever

    def push(self, text: str) -> None:
        """Go on with the next piece of the text."""
        self._text += text
        # Letters and digits can only prolong an open secret; to look at all of it again for
        # each of them would cost the square of its length.
        if self._open is not None and not (text.isascii() and text.isalnum()):
            self._open = None

    def take(self, limit: int) -> str:
        """What can be given now of the first `limit` characters of the whole text."""
        end = min(limit - self._start, len(self._text))
        if end > self._done:
            end = min(end, self._growing())
        return self._give(end)

    def finish(self) -> str:
        """The rest, the text being complete."""
        return self._give(len(self._text))

    def _growing(self) -> int:
        if self._open is None:
            growing = _GROWING.search(self._text, self._done)
            if growing is None:
                return len(self._text)
            start = growing.start()
            kept = len(self._text) - start
            if kept < _LONG or growing.lastgroup not in {"open_key", "open_token"}:
                return start
            self._open = start
        return self._open

    def _give(self, end: int) -> str:
        text, at = self._text, self._done
        if end <= at:
            return ""
        pieces: list[str] = []
        if len(text) - at >= _SHORTEST:
            for start, stop, kind in _candidates(text, at):
                if start >= end:
                    break
                if stop > end:
                    end = start
                    break
                if kind is not None:
                    pieces += text[at:start], _MARKS[kind]
                    self.found.append(_MARKS[kind][1:-9])
                    at = stop
        pieces.append(text[at:end])
        kept = max(end - _CONTEXT, 0)
        self._text = text[kept:]
        self._start += kept
        self._done = end - kept
        if self._open is not None:
            self._open -= kept
        return "".join(pieces)


def _candidates(text: str, at: int) -> Iterator[tuple[int, int, str | None]]:
    """What looks like a secret, in order: start, end, and its kind, or None if it is not one."""
    while found := _SECRET.search(text, at):
        start, at = found.span()
        kind = str(found.lastgroup)
        if _is_genuine(kind, found.group()):
            yield start, at, kind
        else:
            yield start, at, None
            if kind in {"card_number", "iban"}:  # a longer number may hide one
                at = start + 1


def _is_genuine(kind: str, text: str) -> bool:
    if kind == "card_number":
        digits = re.sub(_GAP, "", text)
        return re.fullmatch(_CARD_NUMBER, digits) is not None and _luhn(digits)
    if kind == "iban":
        return _mod_97(re.sub("[ -]", "", text))
    # Tokens are random; a placeholder such as sk-your-api-key-goes-here is not.
    return kind == "private_key" or (
        len(set(text)) > 9
        and (any(map(str.isdigit, text)) or not (text.islower() or text.isupper()))
    )


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _mod_97(iban: str) -> bool:
    """ISO 7064 MOD 97-10 over the number with its first four characters moved to the end."""
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1
