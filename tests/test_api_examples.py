"""docs/api.md: it has every endpoint, and each of its examples prints what stands under it."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from chatsite.api import document
from chatsite.api_manual import LANGUAGES, MANUAL, Call, Example, call_of, sections
from tests.clients.test_clients import CLIENTS
from tests.servers.site import ROOT, Site, clean_environment
from tests.servers.upstream import Upstream
from tests.test_operations import sources as product_modules

SECTIONS = sections()
EXAMPLES = [
    pytest.param(example, id=f"{section.title} {example.language} {example.line}".replace("/", "|"))
    for section in SECTIONS
    for example in section.examples
]
RUNNERS = Path(__file__).parent / "clients"
REST = "…"
"""In the manual: any text, and of objects and lists whatever else there is."""


# --- what is documented


def operations() -> dict[tuple[str, str], str]:
    """Method and path of each endpoint in the OpenAPI document, with its tag."""
    return {
        (method.upper(), path): operation["tags"][0]
        for path, methods in orjson.loads(document())["paths"].items()
        for method, operation in methods.items()
    }


def test_every_endpoint_has_its_section_and_every_section_its_endpoint() -> None:
    documented = {s.operation: s.group for s in SECTIONS if s.operation is not None}
    assert documented == operations()
    assert [s.title for s in SECTIONS if s.operation is None and s.group != "In general"] == []


def test_every_endpoint_has_an_example_in_each_language() -> None:
    lacking = {
        section.title: missing
        for section in SECTIONS
        if section.operation is not None
        and (missing := set(LANGUAGES) - {example.language for example in section.examples})
    }
    assert lacking == {}


def test_the_curl_example_calls_its_endpoint() -> None:
    for section in SECTIONS:
        if section.operation is None:
            continue
        method, path = section.operation
        call = call_of(section)
        assert call is not None, section.title
        template = re.sub(r"\\\{\w+\\\}", r"[^/?]+", re.escape(path.removeprefix("/v1")))
        assert re.fullmatch(rf"{template}(\?.*)?", call.path), section.title
        assert call.body is None or method in ("POST", "PUT", "PATCH"), section.title


def test_an_example_without_an_output_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="in line 5 of the manual has no output"):
        sections("## Chat\n\n### GET /v1/x\n\n```sh\ncurl x\n```\n")


def test_a_call_is_read_from_its_curl_example() -> None:
    manual = """
### POST /v1/files

```sh
curl -s x | head -n 1

curl "$OPENAI_BASE_URL/files" -H "Authorization: Bearer $OPENAI_API_KEY" \\
  -F purpose=fine-tune -F 'file=@two words.jsonl'
```

```python
pass
```

```text
…
```
"""
    [section] = sections(manual)
    form = (("purpose", "fine-tune"), ("file", "@two words.jsonl"))
    assert call_of(section) == Call("/files", None, form)
    assert [(each.language, each.line) for each in section.examples] == [("sh", 4), ("python", 11)]


PAGES_ALONE = {"conversation_busy", "email_taken", "improvement_active", "nothing_to_learn"}
"""Codes of errors that no endpoint answers with."""


def test_every_code_of_an_error_is_in_the_manual() -> None:
    codes: set[object] = set()
    for path in product_modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.keyword(arg="code", value=ast.Constant(value=str() as code)):
                    codes.add(code)
                case ast.Assign(
                    targets=[ast.Name(id="code")], value=ast.Constant(value=str() as code)
                ):
                    codes.add(code)
    assert "rate_limit_exceeded" in codes
    told = set(re.findall(r"`(\w+)`", MANUAL.read_text("utf-8")))
    assert codes - told == PAGES_ALONE


# --- what the examples print


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, _upstream: Upstream) -> Iterator[Site]:
    """A site with the models that the manual speaks of; its examples are more than a person may
    ask in a minute."""
    site = Site(
        tmp_path_factory.mktemp("site"),
        CHATSITE_BACKENDS="ollama",
        CHATSITE_BACKEND_OLLAMA_URL=_upstream.url,
        CHATSITE_BACKEND_OLLAMA_MODELS="nomic-embed-text",
        CHATSITE_REQUESTS_PER_MINUTE="10000",
        CHATSITE_PICTURES_PER_MINUTE="0",
    )
    site.start()
    yield site
    assert site.stop() == 0, site.output


Printed = Callable[[Example], str]


@pytest.fixture(scope="module")
def printed(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Printed:
    """What an example printed; all of its language are run in order, the first time one is asked
    for. It fails the test where the example failed."""
    environment = clean_environment(
        OPENAI_BASE_URL=f"{site.url}/v1",
        OPENAI_API_KEY=site.person("alice").api_key,
        PYTHONDONTWRITEBYTECODE="",
    )

    @cache
    def all_of(language: str) -> dict[Example, tuple[str, str | None]]:
        examples = [e for s in SECTIONS for e in s.examples if e.language == language]
        folder = tmp_path_factory.mktemp(language)
        ran = RUN[language](examples, folder, environment)
        return dict(zip(examples, ran, strict=True))

    def printed(example: Example) -> str:
        text, failure = all_of(example.language)[example]
        assert failure is None, failure
        return text

    return printed


Ran = list[tuple[str, str | None]]


def run_curl(examples: Sequence[Example], folder: Path, environment: dict[str, str]) -> Ran:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    return [run_shell(example.code, folder, environment) for example in examples]


def run_shell(code: str, folder: Path, environment: dict[str, str]) -> tuple[str, str | None]:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout, f"{done.stdout}\n{done.stderr}" if done.returncode else None


def run_python(examples: Sequence[Example], folder: Path, environment: dict[str, str]) -> Ran:
    runner = [sys.executable, str(RUNNERS / "run_examples.py")]
    return run_batch(runner, examples, folder, ".py", environment)


def run_node(examples: Sequence[Example], folder: Path, environment: dict[str, str]) -> Ran:
    node, modules = shutil.which("node"), CLIENTS / "node_modules"
    if node is None:
        pytest.skip("node is not installed")
    if not (modules / "openai").exists():
        pytest.skip("openai for node is not installed: make clients")
    # Modules are looked for beside the program.
    (folder / "node_modules").symlink_to(modules)
    runner = [node, str(RUNNERS / "run_examples.mjs")]
    return run_batch(runner, examples, folder, ".mjs", environment)


def run_batch(
    runner: Sequence[str],
    examples: Sequence[Example],
    folder: Path,
    suffix: str,
    environment: dict[str, str],
) -> Ran:
    paths = [folder / f"line-{example.line}{suffix}" for example in examples]
    for path, example in zip(paths, examples, strict=True):
        path.write_text(example.code, "utf-8")
    done = subprocess.run(
        [*runner, *map(str, paths)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return [(text, failure) for text, failure in map(json.loads, done.stdout.splitlines())]


RUN = {"sh": run_curl, "python": run_python, "js": run_node}


@pytest.mark.engine
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_prints_what_stands_under_it(example: Example, printed: Printed) -> None:
    text = printed(example)
    if example.kind == "json":
        assert differences(expected_of(example.prints), json.loads(text)) == []
    else:
        assert fits(example.prints.strip(), text.strip()), text


def expected_of(shown: str) -> Any:
    """The JSON of the manual, in which a bare REST stands for what else is there."""
    around: list[str] = []

    def written(token: re.Match[str]) -> str:
        match token[0]:
            case "{" | "[":
                around.append(token[0])
            case "}" | "]":
                around.pop()
            case text if text == REST:
                return f'"{REST}": null' if around[-1] == "{" else f'"{REST}"'
        return token[0]

    return json.loads(re.sub(r'"(?:[^"\\]|\\.)*"|[][{}…]', written, shown))


def fits(pattern: str, text: str) -> bool:
    """Whether a text is what the pattern says, in which each REST stands for some characters."""
    return (
        re.fullmatch(".+?".join(map(re.escape, pattern.split(REST))), text, re.DOTALL) is not None
    )


def differences(expected: Any, given: Any, place: str = "reply") -> list[str]:
    """Where a value is not of the expected form.

    Texts are patterns, numbers are any number, and true, false and null are themselves. Of an
    object or a list that has REST in it, more may be there than is expected.
    """
    match expected:
        case dict() if isinstance(given, dict):
            wanted = expected.keys() - {REST}
            found = [f"{place} lacks {name}" for name in sorted(wanted - given.keys())]
            if REST not in expected:
                found += [f"{place} has {name}, too" for name in sorted(given.keys() - wanted)]
            for name in sorted(wanted & given.keys()):
                found += differences(expected[name], given[name], f"{place}.{name}")
            return found
        case list() if isinstance(given, list):
            wanted_items = [item for item in expected if item != REST]
            if len(given) < len(wanted_items) or (len(given) > len(wanted_items) == len(expected)):
                return [f"{place} has {len(given)} items"]
            pairs = enumerate(zip(wanted_items, given, strict=False))
            return [
                each
                for number, (item, value) in pairs
                for each in differences(item, value, f"{place}[{number}]")
            ]
        case str() if isinstance(given, str):
            same = expected == given or fits(expected, given)
        case bool() | None:
            same = expected is given
        case int() | float():
            same = isinstance(given, int | float) and not isinstance(given, bool)
        case _:
            same = False
    return [] if same else [f"{place} is {given!r}, not {expected!r}"]


def test_what_is_not_of_the_expected_form_is_told() -> None:
    expected = {
        "id": "a-…",
        "n": 1,
        "list": ["x", REST],
        "null": None,
        "deep": {"a": 1, REST: REST},
    }
    given = {"id": "a-7", "n": 2.5, "list": ["x", 3], "null": None, "deep": {"a": 0, "b": 0}}
    assert differences(expected, given) == []
    wrong = {"id": "b-7", "n": True, "list": [], "null": 0, "deep": {"b": 0}, "more": 1}
    assert differences(expected, wrong) == [
        "reply has more, too",
        "reply.deep lacks a",
        "reply.id is 'b-7', not 'a-…'",
        "reply.list has 0 items",
        "reply.n is True, not 1",
        "reply.null is 0, not None",
    ]
    assert differences([1], [1, 2]) == ["reply has 2 items"]
    assert (fits("a…c", "abc"), fits("a…c", "ac"), fits("a…", "b")) == (True, False, False)


def test_the_front_page_has_examples_of_the_manual() -> None:
    front = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"^```(?:sh|python)\n(.*?)^```$", front, re.MULTILINE | re.DOTALL)
    known = {example.code for section in SECTIONS for example in section.examples}
    assert (len(shown), set(shown) - known) == (2, set())
    assert "(docs/api.md)" in front
