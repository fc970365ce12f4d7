"""Formulas are found where they are meant, and become MathML or stay readable."""

import re

import pytest

from conversations.latex import find_formulas, mathml
from conversations.markdown import render


def found(text: str) -> list[tuple[str, bool]]:
    return [(formula.latex, formula.display) for formula in find_formulas(text, final=True)]


def inside(latex: str, *, display: bool = False) -> str:
    """Return what stands between the elements every formula has."""
    written = mathml(latex, display=display)
    assert written is not None
    match = re.fullmatch(
        r'<math display="\w+"><semantics><mrow>(.*)</mrow>'
        r'<annotation encoding="application/x-tex">.*</annotation></semantics></math>',
        written,
        re.DOTALL,
    )
    assert match
    return match[1]


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("so $x^2$ is", [("x^2", False)]),
        (r"so \(x^2\) is", [("x^2", False)]),
        (r"so \[x^2\] is", [("x^2", True)]),
        ("so $$x^2$$ is", [("x^2", True)]),
        ("$$\nx\n+ y\n$$", [("x\n+ y", True)]),
        ("($a$, $b$)", [("a", False), ("b", False)]),
        ("**$a$**", [("a", False)]),
        ("$x$元", []),
        ("> $$\n> x\n> $$", [("x", True)]),
        (r"$a\$b$", [(r"a\$b", False)]),
        (r"\(a \\[2pt] b\)", [(r"a \\[2pt] b", False)]),
    ],
)
def test_delimiters(text: str, formulas: list[tuple[str, bool]]) -> None:
    assert found(text) == formulas


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "$5-$10",
        "**$20**/**$30**",
        "US$5 (AU$8)",
        "$5/$10 a month",
        "in $AAPL/$GOOG shares",
        "$HOME and $PATH, or $HOME:$PATH",
        "costs 5$ or 10$",
        r"\$x\$",
        r"\\(x\\)",
        "$a\n\nb$",
        r"\(a" + "\n\n" + r"b\)",
        "$$ $$",
        "$ x $",
        "$$",
    ],
)
def test_what_is_no_formula(text: str) -> None:
    assert list(find_formulas(text, final=False)) == []


def test_code_holds_no_formula() -> None:
    assert render("`$x$` and `a $b`, `c$ d`") == (
        "<p><code>$x$</code> and <code>a $b</code>, <code>c$ d</code></p>",
    )
    assert "<code>cost = $x$\n</code>" in render("```\ncost = $x$\n```")[0]
    assert "<code>\\[ x \\]\n</code>" in render("para\n\n    \\[ x \\]\n")[1]


def test_markdown_does_not_read_inside_a_formula() -> None:
    (block,) = render("\\[\na_1 * b\n- c_2 * d\n= e\n\\]")
    assert block.startswith('<p><span class="math-display" tabindex="0" role="group"')
    assert "<em>" not in block
    assert "<li>" not in block
    (table,) = render("| a |\n|---|\n| $|x|$ |")
    assert table.count("<td>") == 1


def test_a_display_formula_still_open_is_shown_as_code() -> None:
    assert render("So\n\n\\[\na_1\n- b_1\n=") == (
        "<p>So</p>",
        '<p><code class="math">\\[\na_1\n- b_1\n=</code></p>',
    )
    assert render("It costs $$ and\n\nmore.") == ("<p>It costs $$ and</p>", "<p>more.</p>")
    assert render("$$ a\n\nmore.") == ("<p>$$ a</p>", "<p>more.</p>")


def test_a_formula_keeps_its_source_for_copying() -> None:
    assert mathml(r"a < \text{<b>}", display=False) == (
        '<math display="inline"><semantics><mrow><mi>a</mi><mo>&lt;</mo>'
        "<mtext>&lt;b&gt;</mtext></mrow>"
        '<annotation encoding="application/x-tex">a &lt; \\text{&lt;b&gt;}</annotation>'
        "</semantics></math>"
    )


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac",
        r"\frac{1",
        "x}",
        "x_1_2",
        r"\left( x",
        r"\begin{matrix} a",
        r"\unknown{x}",
        r"\begin{unknown} a & b \end{unknown}",
        r"\newcommand{\a}{x}\a",
        r"\def\a{x}\a",
        "{" * 1500 + "}" * 1500,
        "x" * 5000,
        "",
    ],
)
def test_what_cannot_be_read_is_shown_as_code(latex: str) -> None:
    assert mathml(latex, display=False) is None


def test_bad_latex_in_an_answer_is_code_with_its_delimiters() -> None:
    (block,) = render(r"So $\frac{1$ and \(\foo<b>\).")
    assert block == (
        r'<p>So <code class="math">$\frac{1$</code> and '
        r'<code class="math">\(\foo&lt;b&gt;\)</code>.</p>'
    )


def test_what_browsers_cannot_guess_is_said() -> None:
    assert inside(r"2\sin x") == (
        '<mn>2</mn><mspace width="0.167em"></mspace><mi>sin</mi>'
        '<mspace width="0.167em"></mspace><mi>x</mi>'
    )
    assert inside(r"\mathrm{d}x") == '<mi mathvariant="normal">d</mi><mi>x</mi>'
    assert inside(r"a \implies b") == "<mi>a</mi><mo>⟹</mo><mi>b</mi>"
    assert inside(r"\lim_{n} a", display=True) == (
        "<munder><mo>lim</mo><mrow><mi>n</mi></mrow></munder><mi>a</mi>"
    )
    assert inside(r"\lim_{n} a").startswith("<msub>")
    assert inside(r"\operatorname*{arg\,max}_x f", display=True) == (
        "<munder><mo>arg\u2009max</mo><mi>x</mi></munder><mi>f</mi>"
    )


@pytest.mark.parametrize("name", ["align", "align*", "aligned", "gather*", "equation", "dcases"])
def test_amsmath_environments(name: str) -> None:
    written = inside(rf"\begin{{{name}}} a = b \label{{eq}} \end{{{name}}}")
    assert "<mi>a</mi><mo>=</mo><mi>b</mi>" in written.replace(
        '</mtd><mtd columnalign="left"><mi></mi>', ""
    )


def test_lengths_stay_within_the_line() -> None:
    assert inside(r"\hspace{2em}\hspace{9999em}\hspace{-50em}") == (
        '<mspace width="2em"></mspace><mspace></mspace><mspace></mspace>'
    )


def test_a_paragraph_of_formulas_has_a_limit() -> None:
    (block,) = render(" ".join(f"$x_{{{number}}}$" for number in range(300)))
    assert block.count("<math") == 256
    assert "$x_{299}$" in block
