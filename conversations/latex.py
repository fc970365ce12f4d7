"""Formulas in an answer: finding them between their delimiters, and LaTeX to safe MathML."""

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import cast
from xml.etree.ElementTree import Element, SubElement, tostring

import nh3
from latex2mathml.converter import Converter

_TAGS = """
    math semantics annotation mrow mi mn mo mtext mspace mstyle mpadded mphantom menclose mfrac
    msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd
"""
_ATTRIBUTES = """
    display encoding mathvariant displaystyle scriptlevel stretchy fence form accent movablelimits
    minsize maxsize largeop lspace rspace width height depth voffset linethickness columnalign
    columnlines rowlines columnspacing rowspacing notation
"""
_CLEANER = nh3.Cleaner(
    tags={*_TAGS.split(), "span", "code"},
    attributes={tag: set(_ATTRIBUTES.split()) for tag in _TAGS.split()}
    | {"span": {"tabindex", "aria-label"}},
    tag_attribute_values={"span": {"role": {"group"}}},
    allowed_classes={"span": {"math-display"}, "code": {"math"}},
    generic_attribute_prefixes=set(),
)

_LONGEST = 4000
_CLOSING = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
_DISPLAY = frozenset({"$$", r"\["})

# An escaped character is a token of its own, so that `\$` and `\\(` open nothing. A blank line
# is one too: it ends the paragraph, and with it whatever was left open.
_TOKEN = re.compile(r"\\[^\n]|\$\$?|\n(?=[ \t>]*\n)")
_LINE_PREFIX = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?")
_QUOTE_MARKS = re.compile(r"(?m)^(?:[ \t]*>)+")

_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)

# What latex2mathml lacks of amsmath, as what it has.
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([a-z]+)\*?\}")
_EQUIVALENT = {
    "align": "align*",
    "aligned": "align*",
    "gather": "matrix",
    "gathered": "matrix",
    "dcases": "cases",
    "equation": "",
}
_LABEL = re.compile(r"\\label\{[^{}]*\}")
_OPERATOR_NAME = re.compile(r"\\operatorname\*?\{([^{}]*)\}")

_LIMITS = frozenset(
    {"lim", "max", "min", "sup", "inf", "arg\u2009max", "arg\u2009min"}
    | {"lim\u2006sup", "lim\u2006inf"}
)
_ROWS = frozenset({"math", "mrow", "mstyle", "mtd"})
_SCRIPTED = frozenset({"msub", "msup", "msubsup", "munder"})
_ROMAN_LETTER = re.compile(r"&#x0*[4-7][0-9A-F];")
_LENGTHS = ("width", "height", "depth", "voffset", "lspace", "minsize", "maxsize", "linethickness")
_MODEST_LENGTH = re.compile(r"(?:\+?\d{0,2}|-\d?)(?:\.\d*)?[a-z]*")


@dataclass(frozen=True)
class Formula:
    """A formula at `start:end` of a text; one without its closing delimiter is `unfinished`."""

    start: int = field(compare=False)
    end: int = field(compare=False)
    source: str
    latex: str
    display: bool
    unfinished: bool = False


def find_formulas(text: str, *, final: bool) -> Iterator[Formula]:
    r"""Yield the formulas of a stretch without code: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`.

    None spans a blank line. A single dollar opens only before a non-space and not after a letter
    or digit, and closes only after a non-space and not before a letter or digit, so that prices
    stay prices. When `final`, a display formula that begins a line and is not yet closed runs to
    the end of the text, unfinished. Linear in the length of the text.
    """
    tokens = list(_TOKEN.finditer(text))
    closers, last_paragraph = _closers(tokens)
    index = 0
    while index < len(tokens):
        opener = tokens[index]
        closer = tokens[closers[index]] if index in closers else None
        if closer is not None and _encloses(text, opener, closer):
            yield _formula(text, opener, closer.start(), closer.end())
            index = closers[index]
        elif final and closer is None and index >= last_paragraph and _begins_line(text, opener):
            yield _formula(text, opener, None, len(text.rstrip()))
            return
        index += 1


def _closers(tokens: list[re.Match[str]]) -> tuple[dict[int, int], int]:
    """Map each opening token to the token that may close it; also where the last paragraph is."""
    nearest: dict[str, int] = {}
    closers: dict[int, int] = {}
    last_paragraph = 0
    for index in reversed(range(len(tokens))):
        mark = tokens[index].group()
        if mark == "\n":
            nearest.clear()
            last_paragraph = last_paragraph or index + 1
        if (closing := _CLOSING.get(mark)) in nearest:
            closers[index] = nearest[closing]
        nearest[mark] = index
    return closers, last_paragraph


def _encloses(text: str, opener: re.Match[str], closer: re.Match[str]) -> bool:
    inside = text[opener.end() : closer.start()]
    if opener.group() != "$":
        return bool(inside.strip())
    outside = text[max(opener.start() - 1, 0) : opener.start()] + text[closer.end() :][:1]
    return inside == inside.strip() != "" and not any(map(str.isalnum, outside))


def _begins_line(text: str, opener: re.Match[str]) -> bool:
    line_start = text.rfind("\n", 0, opener.start()) + 1
    return opener.group() in _DISPLAY and bool(
        _LINE_PREFIX.fullmatch(text, line_start, opener.start())
    )


def _formula(text: str, opener: re.Match[str], latex_end: int | None, end: int) -> Formula:
    latex = text[opener.end() : end if latex_end is None else latex_end]
    line_start = text.rfind("\n", 0, opener.start()) + 1
    if text[line_start : opener.start()].lstrip().startswith(">"):
        latex = _QUOTE_MARKS.sub("", latex)
    return Formula(
        start=opener.start(),
        end=end,
        source=text[opener.start() : end],
        latex=latex.strip(),
        display=opener.group() in _DISPLAY,
        unfinished=latex_end is None,
    )


@lru_cache(maxsize=512)
def formula_html(formula: Formula) -> str:
    """Return the formula as sanitised MathML; as code, if it is unfinished or cannot be read."""
    math = None if formula.unfinished else mathml(formula.latex, display=formula.display)
    if math is None:
        math = f'<code class="math">{html.escape(formula.source)}</code>'
    elif formula.display:
        attributes = 'class="math-display" tabindex="0" role="group" aria-label="Formula"'
        math = f"<span {attributes}>{math}</span>"
    return _CLEANER.clean(math)


def mathml(latex: str, *, display: bool) -> str | None:
    """Return the formula as a `<math>` element with its source in an annotation.

    None means that it is not LaTeX we can read: malformed, too long, with an unknown command or
    with a macro definition (which could expand without end).
    """
    if len(latex) > _LONGEST or not _is_balanced(latex):
        return None
    converter = Converter(display="block" if display else "inline")
    converter.macros = cast("dict[str, tuple[list[str], int]]", MappingProxyType({}))
    try:
        math = converter.convert_to_element(_spelled_for_converter(latex))
        if not all(map(_tidy_token, math.iter())):
            return None
        for element in list(math.iter()):
            _tidy_layout(element, display=display)
        return _serialised(math, latex)
    except Exception:  # noqa: BLE001 - malformed input surfaces as StopIteration, IndexError ...
        return None


def _is_balanced(latex: str) -> bool:
    depth = 0
    for brace in _BRACE.findall(latex):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            return False
    return depth == 0


def _spelled_for_converter(latex: str) -> str:
    def environment(match: re.Match[str]) -> str:
        name = _EQUIVALENT.get(match[2])
        if name is None:
            return match[0]
        return rf"\{match[1]}{{{name}}}" if name else ""

    def operator_name(match: re.Match[str]) -> str:
        return "\\operatorname{" + match[1].replace(r"\,", "\N{THIN SPACE}") + "}"

    latex = _ENVIRONMENT.sub(environment, _LABEL.sub("", latex))
    return _OPERATOR_NAME.sub(operator_name, latex)


def _tidy_token(element: Element) -> bool:
    """Mend text and attributes of one element; false where the command was not known."""
    text = element.text or ""
    if element.tag == "mi" and _ROMAN_LETTER.fullmatch(text):
        # The letter of \mathrm{d}, which browsers would slope.
        element.set("mathvariant", "normal")
    # latex2mathml writes characters as references, meant to be serialised unescaped.
    element.text = text = html.unescape(text)
    for name in _LENGTHS:
        if not _MODEST_LENGTH.fullmatch(element.get(name, "")):
            del element.attrib[name]
    return element.tag != "mi" or not (text == "&" or text[:1] == "\\")


def _tidy_layout(element: Element, *, display: bool) -> None:
    """Say what browsers cannot guess: operators, stretching bars, limits, spaces around `sin`."""
    text = element.text or ""
    if element.tag == "mi" and len(text) == 1:
        category = unicodedata.category(text)
        if category in {"Sm", "Ps", "Pe"}:
            element.tag = "mo"
        if category in {"Ps", "Pe"}:
            element.set("stretchy", "false")
    elif element.tag == "mo" and len(element):
        element.tag = "mrow"
    elif text == "\N{HORIZONTAL BAR}":
        element.text = "\N{MACRON}"
        element.set("stretchy", "true")
    elif element.tag == "msub" and display and element[0].text in _LIMITS:
        element.tag = "munder"
    if element.tag in _ROWS:
        for index in reversed(range(1, len(element))):
            left, right = element[index - 1], element[index]
            if "mo" not in {left.tag, right.tag} and (_is_function(left) or _is_function(right)):
                element.insert(index, Element("mspace", width="0.167em"))


def _is_function(element: Element) -> bool:
    if element.tag in _SCRIPTED:
        element = element[0]
    return element.tag == "mi" and len(element.text or "") > 1


def _serialised(math: Element, latex: str) -> str:
    element = Element("math", display=math.attrib["display"])
    semantics = SubElement(element, "semantics")
    semantics.extend(math)
    SubElement(semantics, "annotation", encoding="application/x-tex").text = latex
    return tostring(element, encoding="unicode", short_empty_elements=False)
