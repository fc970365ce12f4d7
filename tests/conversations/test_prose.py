"""What an answer may put on the page: the elements of Markdown, and nothing of its own making."""

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.markdown import render

CSS = Path(__file__).parents[2] / "static" / "css"
REL = 'target="_blank" rel="noopener noreferrer nofollow"'


def html(text: str) -> str:
    return "".join(render(text))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# a", '<h3 class="level-1">a</h3>'),
        ("## a", '<h3 class="level-2">a</h3>'),
        ("### a", '<h3 class="level-3">a</h3>'),
        ("#### a", '<h3 class="level-4">a</h3>'),
        ("###### a", '<h3 class="level-4">a</h3>'),
        ("*a* **b**", "<p><em>a</em> <strong>b</strong></p>"),
        ("~~c~~ `<d>`", "<p><del>c</del> <code>&lt;d&gt;</code></p>"),
        ("a  \nb\nc", "<p>a<br>b\nc</p>"),
        ("a\\\nb<br>\nc<br> \nd", "<p>a<br>b<br>c<br>d</p>"),
        ("<br>\na", '<p class="raw"><br>a</p>'),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("1. a", "<ol><li>a</li></ol>"),
        ("a<br>b<BR/>c", "<p>a<br>b<br>c</p>"),
        ("a & b &lt; c", "<p>a &amp; b &lt; c</p>"),
        ("Note[^1].", "<p>Note<sup>[1]</sup>.</p>"),
        ("[^1]: Said.", '<div class="footnote"><sup>1</sup><p>Said.</p></div>'),
        (
            "Note[^my-note].\n\n[^My-Note]: Said.",
            (
                "<p>Note<sup>[my-note]</sup>.</p>"
                '<div class="footnote"><sup>My-Note</sup><p>Said.</p></div>'
            ),
        ),
        (
            "One[^a_b] [^z].\n\nTwo.\n\n[^a_b]: Said.",
            (
                "<p>One<sup>[a_b]</sup> [^z].</p><p>Two.</p>"
                '<div class="footnote"><sup>a_b</sup><p>Said.</p></div>'
            ),
        ),
        ("the class [^a-z]", "<p>the class [^a-z]</p>"),
    ],
)
def test_elements(text: str, written: str) -> None:
    assert html(text) == written


def test_task_lists_say_their_state() -> None:
    assert html("- [x] a\n- [ ] b") == (
        '<ul><li><input type="checkbox" disabled="" aria-label="Done" checked="">a</li>'
        '<li><input type="checkbox" disabled="" aria-label="To do">b</li></ul>'
    )


def test_tables_scroll_by_themselves() -> None:
    assert html("| a | b |\n|---|:-:|\n| 1 |\n| 2 | 3 | 4 |") == (
        '<div class="table-wrap" tabindex="0" role="group" aria-label="Table"><table>'
        '<thead><tr><th scope="col">a</th><th scope="col" class="align-center">b</th></tr></thead>'
        '<tbody><tr><td>1</td><td class="align-center"></td></tr>'
        '<tr><td>2</td><td class="align-center">3</td></tr></tbody></table></div>'
    )


@pytest.mark.parametrize(
    ("fence", "language", "code"),
    [
        ("```python\nx\n```", "python", '<span class="n">x</span>\n'),
        ("```Python title=x.py\nx\n```", "python", '<span class="n">x</span>\n'),
        ("```{.python}\nx\n```", "python", '<span class="n">x</span>\n'),
        ("```\n<x>\n```", "text", "&lt;x&gt;\n"),
        ("```nonsense\n<x>", "nonsense", "&lt;x&gt;"),
        ('```"><script>\nx\n```', "text", "x\n"),
        ("```", "text", ""),
        ("    x", "text", "x"),
    ],
)
def test_code_blocks(fence: str, language: str, code: str) -> None:
    assert html(fence) == (
        f'<figure class="code" data-language="{language}"><figcaption>'
        f'<span class="code-language">{language}</span>'
        '<button type="button" class="code-copy" data-copy="">Copy</button></figcaption>'
        f'<pre tabindex="0"><code>{code}</code></pre></figure>'
    )


def test_code_in_a_list_and_formulas_keep_their_places() -> None:
    written = html("- $a$\n  ```py\n  b\n  ```\n- $c$\n  ```py\n  d\n  ```\n")
    order = re.findall(r'<mi>(\w)</mi>|<span class="n">(\w)</span>', written)
    assert order == [("a", ""), ("", "b"), ("c", ""), ("", "d")]


@pytest.mark.parametrize(
    ("text", "url", "shown", "after"),
    [
        ("[t](https://a.b/c?d=1&e=2)", "https://a.b/c?d=1&amp;e=2", "t", ""),
        ("<https://a.b>", "https://a.b", "https://a.b", ""),
        ("<x@y.z>", "mailto:x@y.z", "x@y.z", ""),
        ("https://a.b/c_(d).", "https://a.b/c_(d)", "https://a.b/c_(d)", "."),
        ("https://a.b/c), so", "https://a.b/c", "https://a.b/c", "), so"),
        ("HTTP://a.b/c, so", "HTTP://a.b/c", "HTTP://a.b/c", ", so"),
        ("https://a.b/c。", "https://a.b/c", "https://a.b/c", "。"),
    ],
)
def test_links_open_elsewhere_and_tell_nothing(text: str, url: str, shown: str, after: str) -> None:
    assert html(text) == f'<p><a href="{url}" {REL}>{shown}</a>{after}</p>'


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#10;script:alert(1)",
        "&#106;avascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://a.b/c",
        "//evil.example",
        "/accounts/logout",
        "#top",
        "?x=1",
        "https:evil.example",
        "about:blank",
        "x:javascript:alert(1)",
    ],
)
def test_other_addresses_are_no_links(url: str) -> None:
    for text in (f"[t](<{url}>)", f"![t](<{url}>)", f"[t]\n\n[t]: <{url}>", f"<{url}>"):
        assert "href" not in html(text)
        assert "src" not in html(text).replace("&lt;script&gt;", "")


def test_pictures_are_links() -> None:
    mark = '<span class="image-mark">Image</span>'
    assert html("![a *cat*](https://a.b/c.png 't')") == (
        f'<p><a href="https://a.b/c.png" class="image" title="t" {REL}>'
        f"{mark} a <em>cat</em></a></p>"
    )
    assert html("[![c](https://a.b/c.png)](https://d.e)") == (
        f'<p><a href="https://d.e" {REL}>{mark} c</a></p>'
    )
    assert html("![a [b](https://c.d) e](https://f.g)") == (
        f'<p><a href="https://f.g" class="image" {REL}>{mark} a b e</a></p>'
    )
    assert html("![c](data:image/png;base64,AAAA)") == f"<p>{mark} c</p>"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<script>alert(1)</script>", '<p class="raw">&lt;script&gt;alert(1)&lt;/script&gt;</p>'),
        ("a <b onclick=x>c</b>", "<p>a &lt;b onclick=x&gt;c&lt;/b&gt;</p>"),
        ("<!-- c -->", '<p class="raw">&lt;!-- c --&gt;</p>'),
        ("&lt;script&gt;", "<p>&lt;script&gt;</p>"),
        ("a <br onload=x> b", "<p>a &lt;br onload=x&gt; b</p>"),
    ],
)
def test_raw_html_is_shown_as_typed(text: str, written: str) -> None:
    assert html(text) == written


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form id=composer action=//evil><input name=csrfmiddlewaretoken>",
    "<p style='position:fixed;inset:0' id=main class=dialog>",
    "<base href=//evil>",
    "<meta http-equiv=refresh content=0>",
    "[a](javascript:alert(1))",
    '[a](https://x.y ""onmouseover=\'alert(1)\'")',
    '[a](https://x.y/"onmouseover=alert(1))',
    '![a" onerror="alert(1)](https://x.y/z.png)',
    "![](data:image/svg+xml,<svg/onload=alert(1)>)",
    '<https://x.y/" onclick="alert(1)>',
    "https://x.y/'onclick='alert(1)",
    '```"onmouseover="alert(1)\nx\n```',
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    r"$\text{<img src=x onerror=alert(1)>}$",
    r"\(\href{javascript:alert(1)}{x}\)",
    r"$$\style{position:fixed}{x}$$",
    r"\[\class{dialog}{x}\]",
    r"$\unicode{x3c}script\unicode{x3e}$",
    r"$\text{&#x3c;script&#x3e;}$",
    r"$\color{red;background:url(//evil)}{x}$",
    r"$\foo<script>alert(1)</script>$",
    "[^<script>]: <script>alert(1)</script>",
    '[<script>]: https://x.y "<script>"',
    "# x {#composer .dialog onclick=alert(1)}",
    "| <script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    "\ufdd00\ufdd1 $x$ \ufdd0999\ufdd1",
    "</div></article><script>alert(1)</script>",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "<scr\0ipt>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?php <img src=x onerror=alert(1)> ?>",
    "<x-y hx-get=/accounts/logout hx-trigger=load data-copy ws-send>",
)
TAGS = """
    p h3 ul ol li blockquote hr br em strong del sup code pre a input div span table
    thead tbody tr th td figure figcaption button math semantics annotation mrow mi mn mo mtext
    mspace mstyle mpadded mphantom menclose mfrac msqrt mroot msub msup msubsup munder mover
    munderover mtable mtr mtd
"""
ATTRIBUTES = {
    "h3": {"class"},
    "a": {"href", "title", "class", "target", "rel"},
    "button": {"type", "class", "data-copy"},
    "figure": {"class", "data-language"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "span": {"class", "tabindex", "role", "aria-label"},
    "input": {"type", "disabled", "checked", "aria-label"},
    "pre": {"tabindex"},
    "ol": {"start"},
    "th": {"scope", "class"},
    "td": {"class"},
    "p": {"class"},
    "code": {"class"},
    "math": {"display"},
    "annotation": {"encoding"},
}
FORMULA = """
    mathvariant displaystyle scriptlevel stretchy fence form accent movablelimits minsize maxsize
    largeop lspace rspace width height depth voffset linethickness columnalign columnlines
    rowlines columnspacing rowspacing notation
"""
VOID = {"br", "hr", "input"}


class Strict(HTMLParser):
    """Raises at whatever an answer must not contain, and at elements left open."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS.split()
        allowed = ATTRIBUTES.get(tag, set(FORMULA.split() if tag.startswith("m") else ()))
        assert {name for name, _ in attrs} <= allowed
        values = dict(attrs)
        if "href" in values:
            assert re.match(r"https?://|mailto:", values["href"] or "", re.IGNORECASE)
            assert values["rel"] == "noopener noreferrer nofollow"
        assert not re.search(r"composer|dialog|position|url\(", values.get("class") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def check(text: str) -> None:
    for block in render(text):
        parser = Strict()
        parser.feed(block)
        parser.close()
        assert parser.open == []
        assert not re.search("[\ufdd0\ufdd1\0]", block)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("frame", ["{}", "- {}", "> {}", "**{}**", "# {}", "a {} b", "[{}](x)"])
def test_nothing_hostile_comes_through(text: str, frame: str) -> None:
    check(frame.format(text))


@given(parts=st.lists(st.sampled_from((*HOSTILE, "\n", "\n\n", " ", "$", "`", "\n- ", "\n> "))))
@settings(max_examples=150, deadline=None, database=None)
def test_nothing_hostile_comes_through_in_any_mixture(parts: list[str]) -> None:
    check("".join(parts))


def test_nesting_has_an_end() -> None:
    for mark in ("> ", "- ", "1. "):
        written = html(mark * 500 + "deep")
        assert "deep" in written
        assert written.count("<p>") + written.count("<li>") + written.count("<blockquote>") <= 64


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    channels = (int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def colours(sheet: str) -> dict[str, tuple[str, str]]:
    """Return the custom properties of a sheet with a light and a dark value."""
    found = re.findall(
        r"(--[\w-]+):\s*light-dark\((#\w+),\s*(#\w+)\)", (CSS / sheet).read_text(encoding="utf-8")
    )
    return {name: (light, dark) for name, light, dark in found}


def test_code_can_be_read_in_both_themes() -> None:
    site = colours("base.css")
    tokens = colours("prose.css") | {name: site[name] for name in ("--text", "--text-muted")}
    assert len(tokens) == 9
    for (name, shades), surface, theme in itertools.product(
        tokens.items(), ("--surface", "--surface-2"), (0, 1)
    ):
        lighter, darker = sorted(
            (luminance(shades[theme]), luminance(site[surface][theme])), reverse=True
        )
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (name, surface, theme)
