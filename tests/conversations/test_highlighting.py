"""Code is marked up with classes, loses not a character, and costs little as it grows."""

import re
from html import escape, unescape

import pytest

from conversations.highlighting import highlighted
from conversations.markdown import render

PYTHON = (
    '''
def greet(name: str) -> str:
    """Say hello.

Even <oddly> indented.
    """
    return f"Hello, {name}!" if name else "& bye"  # and so on

'''
    * 12
)


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("language", ["python", "js", "html", "bash", "sql", "diff", "c++", "text"])
def test_no_character_is_lost(language: str, is_open: bool) -> None:
    code = "\n\n" + PYTHON + "\tend without newline"
    assert unescape(re.sub(r"<[^>]*>", "", highlighted(code, language, is_open=is_open))) == code


def test_a_known_language_gets_classes_and_nothing_else() -> None:
    assert highlighted("x = '<b>'", "python", is_open=False) == (
        '<span class="n">x</span> <span class="o">=</span> <span class="s1">\'&lt;b&gt;\'</span>'
    )


@pytest.mark.parametrize("language", ["text", "nonsense", "", "python.evil", "../etc"])
def test_an_unknown_language_is_plain(language: str) -> None:
    assert highlighted("x = '<b>'", language, is_open=False) == "x = '&lt;b&gt;'"


def test_very_long_code_is_plain() -> None:
    code = "x = 1\n" * 4000
    assert highlighted(code, "python", is_open=False) == escape(code, quote=False)


def test_growing_code_keeps_what_it_has() -> None:
    code = "def f(x):\n    return x\n\n" * 80
    steady = highlighted(code[:1200], "python", is_open=True)[:2000]
    for end in range(1200, len(code), 97):
        assert highlighted(code[:end], "python", is_open=True)[:2000] == steady


def test_growing_code_is_lexed_in_pieces_and_complete_code_as_a_whole() -> None:
    code = '"""' + "A docstring of many lines.\n" * 60 + '"""\n'
    text = re.compile(r'<span class="s[d2]?">')
    whole = highlighted(code, "python", is_open=False)
    assert len(text.findall(whole)) == 61
    assert len(text.findall(highlighted(code, "python", is_open=True))) < 40
    assert whole in render(f"```python\n{code}```")[0]
    assert whole not in render(f"```python\n{code}")[0]
