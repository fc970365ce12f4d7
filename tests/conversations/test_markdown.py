"""A streamed answer is the whole answer, whatever its chunks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.markdown import Patch, StreamRenderer, render

SAMPLES = (
    (
        "# Title\nText right below\n\n## Next\n\n"
        "A *paragraph* over\ntwo lines  \nwith a break.\n\nEnd."
    ),
    (
        "Here:\n- one\n- two\n\n  more of two\n\n- three\n"
        "\n\n1. first\n2. second\n   - in it\n\nAfter."
    ),
    (
        "```python\ndef f():\n\n    return 1\n\n\nx = f()\n"
        "```\nText\n\n~~~\n```\n\nstill code\n~~~\n\nEnd"
    ),
    "Unclosed:\n\n```js\nlet a = 1;\n\nlet b = `x`;\n",
    "| a | b |\n|---|--:|\n| 1 | `|` |\n| $x|y$ |\n\nno | table\n\n| c |\n|---|\ntail",
    (
        "> quote\n> - list\n>\n> ```\n> code\n\nlazy\n> again\n"
        "lazy\n\n---\n\nTitle\n===\n\nSub\n---\n- x\n---\n"
    ),
    "<div>\n*raw*\n\n</div>\n\n<!-- open\n\nstill *open*\n-->\n\n<script>\n\nx\n</script>\n\nafter",
    (
        "[a]: http://a.b 'title\nover lines'\n\nUse [a] and [b].\n"
        "\n[b]:\n/late\n\n[b] [c\n\nd]: /x\n\n[c\nd]: /y\n"
    ),
    "Note[^a] and [^b_c].\n\nMore[^a].\n\n[^a]: The note\n\nText [^d].\n\n[^b_c]: Other.\n\nText.",
    "Note[^1] and [^2].\n\n[^1]: The note\n\n    goes on.\n\n[^2]: Other.\n\nText.",
    (
        "Inline $a_1$, \\(b_2\\), price $5 and $10.\n\n"
        "\\[\na\n- b\n= c\n\\]\n\n$$\nx\n$$\n\n\\[ open\n= x"
    ),
    "- a\n  $$\n  x = 1\n  $$\n- b\n\n> \\[\n> y\n> \\]\n\n    indented\n\n    code $z$\n\nend",
    (
        "naïve café 😀 *dé*\n\n日本語 $x$ 。\n\n\tTab\n\n \n"
        "\n- [ ] to do\n- [x] done\r\n\r\nCRLF\r\n\r\nend"
    ),
    (
        "A <b>bold</b><br>line https://a.b/c_(d). ![p](https://p.q/r.png)\n"
        "\n* * *\n\n*\n\n+\n\n-\n\n1.\n\n#\n"
    ),
)
FRAGMENTS = (
    *("# h", "para", "*a* **b**", "- x", "- [ ] t", "1. n", "2) m", "   cont", "    code", "\ttab"),
    *("```", "```py", "~~~", "````", "> q", ">", "| a | b |", "|---|:-:|", "---", "===", "-", "="),
    *("<div>", "</div>", "<!--", "-->", "<script>", "</script>", "<b>", "[a]: /u", "[a]", "[b]:"),
    *(
        "[a]: http://u 't",
        "t'",
        "/url",
        "'title'",
        "[c\\",
        "d]: /x",
        "[^1]",
        "[^1]: n",
        "[^n]",
        "[^n]: m",
        "$x$",
        "$$",
    ),
    *(
        "\\[",
        "\\]",
        "\\(y\\)",
        "$5",
        "`a",
        "b`",
        "\\",
        "+",
        "*",
        "_",
        "> - q",
        "- ```",
        "  ```",
        "é",
    ),
    *(
        "http://e.f/g",
        "![i](http://p)",
        "\ufdd00\ufdd1",
        "\ud800",
        "\x0c",
        "\u2028",
        "&amp;",
        "  \n  ",
    ),
)
TEXTS = st.lists(
    st.tuples(
        st.sampled_from(FRAGMENTS), st.sampled_from(("\n", "\n\n", " ", "", "\n \n", "\r\n"))
    ).map("".join),
    max_size=16,
).map("".join)


def stream(text: str, sizes: list[int]) -> tuple[str, ...]:
    """Feed the text in chunks of the given sizes, over and over, and apply every patch."""
    renderer = StreamRenderer()
    blocks: list[str] = []
    end = turn = 0
    while end < len(text):
        end += sizes[turn % len(sizes)]
        turn += 1
        before = blocks.copy()
        if patch := renderer.update(text[:end]):
            blocks[patch.first :] = patch.blocks
            assert blocks != before
        assert tuple(blocks) == renderer.blocks == render(text[:end])
    return tuple(blocks)


@pytest.mark.parametrize("text", SAMPLES)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8))
@settings(max_examples=6, deadline=None, database=None)
def test_any_chunking_of_an_answer_gives_the_blocks_of_the_whole(
    text: str, sizes: list[int]
) -> None:
    assert stream(text, sizes) == render(text)


@given(text=TEXTS, sizes=st.lists(st.integers(1, 12), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None, database=None)
def test_any_chunking_of_any_markdown_gives_the_blocks_of_the_whole(
    text: str, sizes: list[int]
) -> None:
    assert stream(text, sizes) == render(text)


def test_a_text_is_rendered_one_string_per_top_level_block() -> None:
    assert render("# A\ntext\n\n- x\n- y\n\n---\n") == (
        '<h3 class="level-1">A</h3>',
        "<p>text</p>",
        "<ul><li>x</li><li>y</li></ul>",
        "<hr>",
    )
    assert render("") == render("\n \n") == ()


def test_only_the_open_block_is_sent_again() -> None:
    renderer = StreamRenderer()
    assert renderer.update("One") == Patch(0, ("<p>One</p>",))
    assert renderer.update("One\n\n") is None
    assert renderer.update("One\n\nTw") == Patch(1, ("<p>Tw</p>",))
    assert renderer.update("One\n\nTwo\n\nThree") == Patch(1, ("<p>Two</p>", "<p>Three</p>"))
    assert renderer.update("One\n\nTwo\n\nThree.") == Patch(2, ("<p>Three.</p>",))
    assert renderer.update("One\n\nTwo\n\nThree.") is None


def test_every_closed_block_is_rendered_once() -> None:
    text = "".join(f"Paragraph {number} of many.\n\n" for number in range(200))
    renderer = StreamRenderer()
    patches = [renderer.update(text[:end]) for end in range(0, len(text) + 1, 7)]
    firsts = [patch.first for patch in patches if patch]
    assert firsts == sorted(firsts)
    assert max(firsts.count(first) for first in set(firsts)) <= 5
    assert max(len(patch.blocks) for patch in patches if patch) == 2


def test_a_named_footnote_raises_its_mark_when_it_comes() -> None:
    renderer = StreamRenderer()
    renderer.update("Zero.\n\nOne[^a].\n\nTwo.\n\n[^a]")
    assert renderer.blocks[1] == "<p>One[^a].</p>"
    patch = renderer.update("Zero.\n\nOne[^a].\n\nTwo.\n\n[^a]: Said.")
    assert patch is not None
    assert (patch.first, patch.blocks[0]) == (1, "<p>One<sup>[a]</sup>.</p>")
    renderer.update("One[^a].\n\nTwo.")
    assert renderer.blocks == ("<p>One[^a].</p>", "<p>Two.</p>")


def test_a_changed_text_is_rendered_from_the_first_changed_block() -> None:
    renderer = StreamRenderer()
    renderer.update("One\n\nTwo\n\nThree")
    assert renderer.update("One\n\n2\n\nThree") == Patch(1, ("<p>2</p>", "<p>Three</p>"))
    assert renderer.update("One\n\n2") == Patch(2, ())
    assert renderer.update("") == Patch(0, ())
    assert renderer.blocks == ()


def test_a_list_goes_on_after_a_blank_line() -> None:
    renderer = StreamRenderer()
    renderer.update("- a\n")
    renderer.update("- a\n\n")
    assert renderer.update("- a\n\n- b\n") == Patch(
        0, ("<ul><li><p>a</p></li><li><p>b</p></li></ul>",)
    )
    assert renderer.update("- a\n\n- b\n\n  c") == Patch(
        0, ("<ul><li><p>a</p></li><li><p>b</p><p>c</p></li></ul>",)
    )


def test_letters_of_several_bytes_move_no_boundary() -> None:
    for length in range(40):
        text = "e" * length + "\n\n```\na\n\nb\n\nc\n```\n\n- d\n\n- f\n"
        for letter in "é漢😀":
            assert render(text.replace("e", letter)) == tuple(
                block.replace("e" * length, letter * length) if number == 0 else block
                for number, block in enumerate(render(text))
            )


def test_code_stays_one_block_across_its_blank_lines() -> None:
    (block,) = render("```\na\n\nb\n\n# c\n")
    assert "<code>a\n\nb\n\n# c\n</code>" in block


@pytest.mark.parametrize("marker", ["-", "--", "="])
def test_the_beginning_of_a_list_makes_no_heading(marker: str) -> None:
    assert render(f"Here are:\n{marker}") == ("<p>Here are:</p>",)
    assert render(f"> Here are:\n> {marker}") == ("<blockquote><p>Here are:</p></blockquote>",)
    assert render(f"Here are:\n{marker}\n") == (
        f'<h3 class="level-{1 if marker == "=" else 2}">Here are:</h3>',
    )
    assert f"\n{marker}</code>" in render(f"```\ncode\n{marker}")[0]


def test_references_hold_in_their_segment_and_definitions_are_shown() -> None:
    link = 'target="_blank" rel="noopener noreferrer nofollow"'
    shown = f'<p class="definition">[a]: <a href="https://a.b" {link}>https://a.b</a> t</p>'
    assert render("[a]\n\n[a]: https://a.b 't'\n\nSee [a].\n") == (
        f'<p><a href="https://a.b" title="t" {link}>a</a></p>',
        shown,
        "<p>See [a].</p>",
    )


def test_a_text_with_half_an_emoji_or_a_nul_is_rendered() -> None:
    assert render("a\ud83d b\0 c\r\n") == ("<p>a\ufffd b\ufffd c</p>",)
