"""One stretch of Markdown to safe HTML blocks, in the markup that static/css/prose.css dresses.

Raw HTML is shown as typed, `<br>` excepted. Pictures become links, so that a page loads nothing
from elsewhere. Every heading is an h3 with its level as a class, there are no ids and no inline
styles, and whatever is written passes an allow-list in the end.
"""

import re
from collections.abc import Callable, Container, Iterator
from html import escape
from itertools import islice
from typing import Any, cast

import nh3
import pyromark

from conversations.highlighting import highlighted
from conversations.latex import Formula, find_formulas, formula_html

OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_FOOTNOTES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
)

# A number between two characters that no text holds stands for what Markdown must not read
# (a formula) and for what is sanitised and kept elsewhere (a formula, a code block).
_MARK, _MARK_END = "\ufdd0", "\ufdd1"
_MARKED = re.compile(f"{_MARK}(\\d+){_MARK_END}")
_UNFIT = re.compile(f"[\0\ud800-\udfff{_MARK}{_MARK_END}]")

_CLOSING_FENCE = re.compile(r"\n[ \t>]*(?:`{3,}|~{3,})\s*\Z")
_LINE_BREAK = re.compile(r"&lt;br\s*/?&gt;\n?", re.IGNORECASE)
_SAFE_URL = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]+", re.IGNORECASE)
_INFO = re.compile(r"\s*\{?\.?([\w+#.-]{1,32})")
_TEXT = re.compile(
    r"(?<![\w:/])https?://[!#-;=?-_a-z{|}~]{1,2000}|\[\^([\w-]{1,32})\]",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,3}")

_FAINT_UNDERLINE = re.compile(r"\n[ \t>]*(?:--?|=)\Z")

_Event = str | dict[str, Any]

_DEEPEST = 64
_MOST_FORMULAS = 256

_ALLOWED_TAGS = """
    p h3 ul ol li blockquote hr br em strong del sup code pre a input div span
    table thead tbody tr th td figure figcaption button
"""
_CLEANER = nh3.Cleaner(
    tags=set(_ALLOWED_TAGS.split()),
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
        "input": {"checked", "disabled", "aria-label"},
        "pre": {"tabindex"},
        "div": {"tabindex", "aria-label"},
        "figure": {"data-language"},
        "button": {"data-copy"},
        "th": {"scope"},
    },
    tag_attribute_values={
        "input": {"type": {"checkbox"}},
        "button": {"type": {"button"}},
        "div": {"role": {"group"}},
    },
    allowed_classes={
        "h3": {"level-1", "level-2", "level-3", "level-4"},
        "a": {"image"},
        "div": {"table-wrap", "footnote"},
        "figure": {"code"},
        "button": {"code-copy"},
        "p": {"raw", "definition"},
        "span": {"code-language", "image-mark"},
        "td": {"align-left", "align-center", "align-right"},
        "th": {"align-left", "align-center", "align-right"},
    },
    set_tag_attribute_values={"a": {"target": "_blank"}},
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    generic_attribute_prefixes=set(),
)


def readable(text: str) -> str:
    """Return the text without what neither parser nor page can hold: U+FFFD stands in for it."""
    return _UNFIT.sub("\ufffd", text.replace("\r", ""))


def html_blocks(source: str, notes: Container[str] = ()) -> list[str]:
    """Return one sanitised HTML string per top-level block of a `readable` Markdown source.

    Reference definitions hold within `source` and are shown after its blocks. `notes` are the
    names, casefolded, of footnotes that are defined elsewhere; a number needs no definition.
    """
    formulas: list[Formula] = []
    if "$" in source or r"\(" in source or r"\[" in source:
        source, formulas = _set_aside_formulas(source)
    inserts = [formula_html(formula) for formula in formulas]
    writer = _Writer(formulas, inserts, notes)
    blocks = list(writer.blocks(source))
    if "]:" in source:
        blocks += writer.definitions(source)
    return [
        _MARKED.sub(lambda match: inserts[int(match[1])], _CLEANER.clean(block)) for block in blocks
    ]


def _set_aside_formulas(source: str) -> tuple[str, list[Formula]]:
    """Put a mark in the place of each formula outside code: Markdown must not read inside it."""
    encoded = source.encode()
    formulas: list[Formula] = []
    written: list[str] = []

    def mark_formulas(stretch: str, *, final: bool) -> None:
        end = 0
        room = _MOST_FORMULAS - len(formulas)
        for formula in islice(find_formulas(stretch, final=final), room):
            written.append(stretch[end : formula.start])
            written.append(f"{_MARK}{len(formulas)}{_MARK_END}")
            formulas.append(formula)
            end = formula.end
        written.append(stretch[end:])

    done = 0
    for event, span in pyromark.events_with_range(source, options=OPTIONS):
        if isinstance(event, dict) and ("Code" in event or _is_code_block(event.get("Start"))):
            mark_formulas(encoded[done : span["start"]].decode(), final=False)
            written.append(encoded[span["start"] : span["end"]].decode())
            done = span["end"]
    mark_formulas(encoded[done:].decode(), final=True)
    return "".join(written), formulas


def _is_code_block(tag: object) -> bool:
    return isinstance(tag, dict) and "CodeBlock" in tag


class _Writer:
    """Writes the parser's events as HTML; what it writes is still to be sanitised."""

    def __init__(self, formulas: list[Formula], inserts: list[str], notes: Container[str]) -> None:
        self._formulas = formulas
        self._inserts = inserts
        self._notes = notes
        self._out: list[str] = []
        self._closings: list[str] = []
        self._in_anchor = False
        self._language = ""
        self._code: list[str] | None = None
        self._code_is_open = False
        self._in_head = False
        self._alignments: tuple[str, ...] = ()
        self._column = 0

    def blocks(self, source: str) -> Iterator[str]:
        """Yield the HTML of each top-level block."""
        events = _parsed(source)
        unclosed = -1 if _CLOSING_FENCE.search(source) else _innermost_end(events)
        for index, event in enumerate(events):
            self._code_is_open = index == unclosed
            kind, value = _named(event)
            _WRITE[kind](self, value)
            if not self._closings:
                yield "".join(self._out)
                self._out.clear()

    def definitions(self, source: str) -> Iterator[str]:
        """Yield the reference definitions, which the parser itself leaves out."""
        for label, definition in pyromark.reference_definitions(source, options=OPTIONS).items():
            text = f"[{label}]: {definition['dest']} {definition['title'] or ''}".rstrip()
            yield f'<p class="definition">{self._linked(self._restored(text))}</p>'

    def start(self, tag: _Event) -> None:
        name, value = _named(tag)
        opening, closing = _TAGS[name] if name in _TAGS else _OPEN[name](self, value)
        if len(self._closings) >= _DEEPEST:
            opening = closing = ""
        self._in_anchor = self._in_anchor or closing == "</a>"
        self._out.append(opening)
        self._closings.append(closing)

    def end(self, tag: _Event) -> None:
        if tag == "CodeBlock":
            self._write_code()
        closing = self._closings.pop()
        self._in_anchor = self._in_anchor and closing != "</a>"
        self._out.append(closing)

    def text(self, text: str) -> None:
        if self._code is None:
            self._out.append(self._linked(text))
        else:
            self._code.append(self._restored(text))

    def code(self, text: str) -> None:
        self._out.append(f"<code>{escape(self._restored(text))}</code>")

    def html(self, text: str) -> None:
        self._out.append(_LINE_BREAK.sub("<br>", escape(self._restored(text))))

    def soft_break(self, _: None) -> None:
        # The page breaks lines at both; after a <br> it would show an empty one.
        if not (self._out and self._out[-1].endswith("<br>")):
            self._out.append("\n")

    def hard_break(self, _: None) -> None:
        self._out.append("<br>")

    def rule(self, _: None) -> None:
        self._out.append("<hr>")

    def task(self, done: bool) -> None:
        state = 'aria-label="Done" checked' if done else 'aria-label="To do"'
        self._out.append(f'<input type="checkbox" disabled {state}>')

    def footnote_reference(self, name: str) -> None:
        self._out.append(f"<sup>[{escape(self._restored(name))}]</sup>")

    def open_heading(self, heading: dict[str, Any]) -> tuple[str, str]:
        # All h3, whatever the model skips: the page's outline has no holes.
        level = _LEVELS.get(heading["level"], "level-4")
        return f'<h3 class="{level}">', "</h3>"

    def open_list(self, start: int | None) -> tuple[str, str]:
        if start is None:
            return "<ul>", "</ul>"
        return (f'<ol start="{start}">' if start != 1 else "<ol>"), "</ol>"

    def open_footnote(self, name: str) -> tuple[str, str]:
        return f'<div class="footnote"><sup>{escape(self._restored(name))}</sup>', "</div>"

    def open_link(self, link: dict[str, Any]) -> tuple[str, str]:
        url = self._restored(link["dest_url"])
        if link["link_type"] == "Email":
            url = f"mailto:{url}"
        return self._anchor(url, self._restored(link["title"]), "")

    def open_image(self, image: dict[str, Any]) -> tuple[str, str]:
        url, title = self._restored(image["dest_url"]), self._restored(image["title"])
        opening, closing = self._anchor(url, title, ' class="image"')
        return opening + '<span class="image-mark">Image</span> ', closing

    def open_table(self, alignments: tuple[str, ...]) -> tuple[str, str]:
        self._alignments = alignments
        opening = '<div class="table-wrap" tabindex="0" role="group" aria-label="Table"><table>'
        return opening, "</tbody></table></div>"

    def open_table_head(self, _: None) -> tuple[str, str]:
        self._in_head, self._column = True, 0
        return "<thead><tr>", "</tr></thead><tbody>"

    def open_table_row(self, _: None) -> tuple[str, str]:
        self._in_head, self._column = False, 0
        return "<tr>", "</tr>"

    def open_table_cell(self, _: None) -> tuple[str, str]:
        alignment = self._alignments[self._column].lower()
        self._column += 1
        tag, scope = ("th", ' scope="col"') if self._in_head else ("td", "")
        css_class = "" if alignment == "none" else f' class="align-{alignment}"'
        return f"<{tag}{scope}{css_class}>", f"</{tag}>"

    def open_code(self, kind: str | dict[str, str]) -> tuple[str, str]:
        info = kind["Fenced"] if isinstance(kind, dict) else ""
        match = _INFO.match(self._restored(info))
        self._language = match[1].lower() if match else "text"
        self._code = []
        return "", ""

    def _write_code(self) -> None:
        code = "".join(self._code or ())
        self._code = None
        code_mark = f"{_MARK}{len(self._inserts)}{_MARK_END}"
        self._inserts.append(highlighted(code, self._language, is_open=self._code_is_open))
        language = escape(self._language)
        self._out.append(
            f'<figure class="code" data-language="{language}"><figcaption>'
            f'<span class="code-language">{language}</span>'
            '<button type="button" class="code-copy" data-copy>Copy</button></figcaption>'
            f'<pre tabindex="0"><code>{code_mark}</code></pre></figure>'
        )

    def _anchor(self, url: str, title: str, attributes: str) -> tuple[str, str]:
        if self._in_anchor or not _SAFE_URL.fullmatch(url):
            return "", ""
        if title:
            attributes += f' title="{escape(title)}"'
        return f'<a href="{escape(url)}"{attributes}>', "</a>"

    def _linked(self, text: str) -> str:
        """Escape a text; link its bare URLs and raise its footnote marks."""
        written: list[str] = []
        end = 0
        for match in _TEXT.finditer(text):
            written.append(escape(text[end : match.start()], quote=False))
            end = match.end()
            if name := match[1]:
                raised = _NUMBER.fullmatch(name) or name.casefold() in self._notes
                written.append(f"<sup>[{name}]</sup>" if raised else match[0])
            else:
                url = _without_punctuation(match[0])
                end = match.start() + len(url)
                opening, closing = self._anchor(url, "", "")
                written.append(f"{opening}{escape(url, quote=False)}{closing}")
        written.append(escape(text[end:], quote=False))
        return "".join(written)

    def _restored(self, text: str) -> str:
        """Put the source of formulas back where Markdown turned out to mean something else."""
        return _MARKED.sub(lambda match: self._formulas[int(match[1])].source, text)


_LEVELS = {"H1": "level-1", "H2": "level-2", "H3": "level-3"}
_TAGS = {
    "Paragraph": ("<p>", "</p>"),
    "HtmlBlock": ('<p class="raw">', "</p>"),
    "BlockQuote": ("<blockquote>", "</blockquote>"),
    "Item": ("<li>", "</li>"),
    "Emphasis": ("<em>", "</em>"),
    "Strong": ("<strong>", "</strong>"),
    "Strikethrough": ("<del>", "</del>"),
}
_OPEN: dict[str, Callable[[_Writer, Any], tuple[str, str]]] = {
    "Heading": _Writer.open_heading,
    "List": _Writer.open_list,
    "FootnoteDefinition": _Writer.open_footnote,
    "Link": _Writer.open_link,
    "Image": _Writer.open_image,
    "Table": _Writer.open_table,
    "TableHead": _Writer.open_table_head,
    "TableRow": _Writer.open_table_row,
    "TableCell": _Writer.open_table_cell,
    "CodeBlock": _Writer.open_code,
}
_WRITE: dict[str, Callable[[_Writer, Any], None]] = {
    "Start": _Writer.start,
    "End": _Writer.end,
    "Text": _Writer.text,
    "Code": _Writer.code,
    "Html": _Writer.html,
    "InlineHtml": _Writer.html,
    "SoftBreak": _Writer.soft_break,
    "HardBreak": _Writer.hard_break,
    "Rule": _Writer.rule,
    "TaskListMarker": _Writer.task,
    "FootnoteReference": _Writer.footnote_reference,
}


def _named(event: _Event) -> tuple[str, Any]:
    """Split an event or a tag of the parser into its name and its value."""
    return (event, None) if isinstance(event, str) else next(iter(event.items()))


def _parsed(source: str) -> list[_Event]:
    """Return the parser's events.

    A dash or two under the last paragraph, or a `=`, are mostly the beginning of something else
    and left out: as the underline of a heading they would make the paragraph jump for a moment.
    """
    events = cast("list[_Event]", list(pyromark.events(source, options=OPTIONS)))
    underline = _FAINT_UNDERLINE.search(source)
    if underline and any("Heading" in _named(end)[1] for end in events[_innermost_end(events) :]):
        return _parsed(source[: underline.start()])
    return events


def _innermost_end(events: list[_Event]) -> int:
    """Return the index of the first of the ends that the source ends with."""
    index = len(events)
    while index and "End" in events[index - 1]:
        index -= 1
    return index


def _without_punctuation(url: str) -> str:
    """Drop from the end of a bare URL what belongs to the sentence around it."""
    while True:
        shorter = url.rstrip("?!.,:;*_~'")
        if shorter.endswith(")") and shorter.count(")") > shorter.count("("):
            shorter = shorter[:-1]
        if shorter == url:
            return url
        url = shorter
