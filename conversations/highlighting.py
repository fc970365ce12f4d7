"""Source code to safe HTML with Pygments' CSS classes, cheap enough to repeat as code grows."""

import re
from functools import lru_cache
from html import escape

import nh3
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import find_lexer_class_by_name, get_all_lexers
from pygments.token import STANDARD_TYPES

_CLEANER = nh3.Cleaner(
    tags={"span"},
    attributes={},
    allowed_classes={"span": set(STANDARD_TYPES.values())},
    generic_attribute_prefixes=set(),
)

_LONGEST = 20_000
_PIECE = 800
_PIECE_END = re.compile(r"\n(?=\S)")

_LANGUAGES = frozenset(
    alias for _, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases
)
_lexer_class = lru_cache(maxsize=64)(find_lexer_class_by_name)
_FORMATTER = HtmlFormatter(nowrap=True)


def highlighted(code: str, language: str, *, is_open: bool) -> str:
    """Return the code escaped and marked up; plain if very long or the language is not known.

    Code still being written is lexed in pieces, cut where a line begins unindented, so that an
    update costs one piece; once complete it is lexed as a whole, which is exact.
    """
    if not code or language not in _LANGUAGES or len(code) > _LONGEST:
        return escape(code, quote=False)
    if not is_open:
        return _lexed(code, language)
    written: list[str] = []
    while len(code) > _PIECE:
        ends = [match.end() for match in _PIECE_END.finditer(code, 0, _PIECE)]
        end = ends[-1] if ends else code.rfind("\n", 0, _PIECE) + 1 or _PIECE
        written.append(_lexed(code[:end], language))
        code = code[end:]
    written.append(_lexed.__wrapped__(code, language))
    return "".join(written)


@lru_cache(maxsize=128)
def _lexed(code: str, language: str) -> str:
    lexer = _lexer_class(language)(stripnl=False, ensurenl=False)
    html = highlight(code, lexer, _FORMATTER)
    # The formatter ends the last line even where the code does not.
    return _CLEANER.clean(html if code.endswith("\n") else html.removesuffix("\n"))
