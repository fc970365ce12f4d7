"""Words out of text, and the plain spelling behind a disguised one."""
# ruff: noqa: RUF001 - characters that look like others are the subject

from __future__ import annotations

import re
import unicodedata

# Whitespace and punctuation, but not ' ! @ $, which occur inside (disguised) words, and not the
# invisible characters, which are used to tear words apart.
_SEPARATORS = (
    '\\x00-\\x20"#%&()*+,\\-./:;<=>?\\[\\\\\\]^_`{|}~\x7f-\xac\xae-\xb4\xb6-\xb9\xbb-\xbf\u00d7\u00f7'
    "\u2000-\u200a\u2010-\u2018\u201a-\u2029\u202f-\u205f\u2190-\u23ff\u2500-\u27bf"
    "\u3000-\u303f\uff02-\uff0f\uff1a-\uff1f\uff3b-\uff40\uff5b-\uff65"
)
WORD = re.compile(f"[^{_SEPARATORS}]+")
"""A word, possibly disguised, with the apostrophes and exclamation marks that touch it."""
SEPARATOR = re.compile(f"[{_SEPARATORS}]")

_INVISIBLE = [
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x180E, 0xFEFF,
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10),
]  # fmt: skip
_COMBINING = [
    *range(0x0300, 0x0370), *range(0x0483, 0x048A), *range(0x1AB0, 0x1B00),
    *range(0x1DC0, 0x1E00), *range(0x20D0, 0x2100), *range(0xFE20, 0xFE30),
]  # fmt: skip
# Letters that pass for Latin ones and that Unicode's compatibility forms leave alone.
_LOOKALIKES = {
    # Cyrillic
    "а": "a", "в": "b", "ь": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "ɡ": "g", "һ": "h",
    "н": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m", "п": "n", "о": "o", "р": "p",
    "ԛ": "q", "г": "r", "ѕ": "s", "т": "t", "ѵ": "v", "ԝ": "w", "ш": "w", "х": "x", "у": "y",
    # Greek
    "α": "a", "β": "b", "ϲ": "c", "ε": "e", "η": "n", "ι": "i", "κ": "k", "ν": "v", "ο": "o",
    "ρ": "p", "σ": "o", "τ": "t", "υ": "u", "μ": "u", "χ": "x", "γ": "y", "ω": "w", "ζ": "z",
    # Latin letters with strokes, and small capitals
    "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d",
    "ᴇ": "e", "ꜰ": "f", "ɢ": "g", "ʜ": "h", "ɪ": "i", "ᴊ": "j", "ᴋ": "k", "ʟ": "l", "ᴍ": "m",
    "ɴ": "n", "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ꜱ": "s", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w",
    "ʏ": "y", "ᴢ": "z",
    "\u2019": "'", "\u02bc": "'", "\uff07": "'",
}  # fmt: skip
_PLAIN = str.maketrans(dict.fromkeys(map(chr, [*_INVISIBLE, *_COMBINING]), "") | _LOOKALIKES)

_LEET = {"0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "@": "a", "$": "s", "€": "e"}
_LEET_I = str.maketrans({**_LEET, "1": "i", "!": "i"})
_LEET_L = str.maketrans({**_LEET, "1": "l", "!": "l"})
_LEET_SIGN = re.compile(r"[0134578@$€!]")

_REPEATED = re.compile(r"(.)\1+", re.DOTALL)
_DRAWN_OUT = re.compile(r"(.)\1\1", re.DOTALL)


def spellings(token: str) -> tuple[str, ...]:
    """The plain spellings that a token of WORD may stand for, the likeliest first.

    Undoes case, Unicode compatibility forms, accents, invisible characters, lookalike letters
    and digits standing for letters. Character by character, so that the spelling of the start
    of a token is the start of its spelling.
    """
    if token.isascii():
        plain = token.lower().strip("'!")
    else:
        plain = unicodedata.normalize("NFKD", token).casefold().translate(_PLAIN).strip("'!")
    if not _LEET_SIGN.search(plain):
        return (plain,)
    return plain, plain.translate(_LEET_I), plain.translate(_LEET_L)


def squeeze(word: str) -> str:
    """The word with every repeated letter written once."""
    return _REPEATED.sub(r"\1", word)


def is_drawn_out(word: str) -> bool:
    """Whether some letter stands three times in a row, as in "kiiill"."""
    return _DRAWN_OUT.search(word) is not None
