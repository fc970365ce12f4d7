"""Other people's clients against the real site: all that each needs is the base URL and a key.

`make clients` installs those that are no part of the test environment; see requirements.txt.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.servers.answers import words
from tests.servers.site import ROOT, Site, clean_environment

SCENES = Path(__file__).parent / "scenes"
CLIENTS = ROOT / ".venv-clients"
PYTHON = CLIENTS / "bin" / "python"
NODE, CURL = shutil.which("node"), shutil.which("curl")

HEARD = {
    "plain": "Hello there",
    "usage": [2, 2],
    "streamed": [f"{word} " for word in words(99).split()] + [words(100).split()[-1]],
    "streamed usage": [1, 100],
    "tool": ["pick", {"n": 1}],
    "structured": {"n": 1},
    "refused": "invalid_api_key",
}


def run(*command: str | Path, **environment: str) -> str:
    """What a command prints; it fails the test where the command fails."""
    done = subprocess.run(
        command,
        # Python keeps what it has compiled, whatever the environment: some clients are large.
        env=clean_environment(**environment, PYTHONDONTWRITEBYTECODE=""),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def play(site: Site, *command: str | Path, **environment: str) -> dict[str, Any]:
    """What a scene has heard of the site, by alice's key."""
    printed = run(*command, f"{site.url}/v1", site.person("alice").api_key, **environment)
    heard: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return heard


def installed(package: str) -> Path:
    """The interpreter of the other clients; skips the test where it does not have a package."""
    if not any(CLIENTS.glob(f"lib/python*/site-packages/{package}")):
        pytest.skip(f"{package} is not installed: make clients")
    return PYTHON


@pytest.mark.parametrize("scene", ["with_openai.py", "with_async_openai.py"])
def test_the_official_python_client(site: Site, scene: str) -> None:
    heard = play(site, sys.executable, SCENES / scene)
    assert {"fake/echo", "starter"} <= set(heard.pop("models"))
    assert heard == HEARD


def test_langchain(site: Site) -> None:
    heard = play(site, installed("langchain_openai"), SCENES / "with_langchain.py")
    assert heard == HEARD


def test_litellm(site: Site) -> None:
    # Without that it fetches a table of prices from the network.
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    heard = play(site, installed("litellm"), SCENES / "with_litellm.py", **quiet)
    listed = {name.removeprefix("openai/") for name in heard.pop("models")}
    assert {"fake/echo", "starter"} <= listed
    # For any tool this release imports what only its proxy has installed (mcp).
    assert heard == {name: value for name, value in HEARD.items() if name != "tool"}


def test_the_official_node_client(site: Site) -> None:
    if NODE is None:
        pytest.skip("node is not installed")
    if not (CLIENTS / "node_modules" / "openai").exists():
        pytest.skip("openai for node is not installed: make clients")
    modules = str(CLIENTS / "node_modules")
    heard = play(site, NODE, SCENES / "with_node.cjs", NODE_PATH=modules)
    assert {"fake/echo", "starter"} <= set(heard.pop("models"))
    assert heard == HEARD


def test_the_llm_command(site: Site, tmp_path: Path) -> None:
    llm = installed("llm").with_name("llm")
    listed = [
        {
            "model_id": name,
            "model_name": f"fake/{name}",
            "api_base": f"{site.url}/v1",
            "api_key_name": "chatsite",
        }
        for name in ("echo", "words-100")
    ]
    # JSON is YAML, too.
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps(listed))
    keys = {"chatsite": site.person("alice").api_key}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    home = {"LLM_USER_PATH": str(tmp_path)}
    assert run(llm, "-m", "echo", "--no-stream", "Hello there", **home) == "Hello there\n"
    assert run(llm, "-m", "words-100", "Go", **home) == f"{words(100)}\n"
    # Its log has the usage that the site reported.
    logged = json.loads(run(llm, "logs", "list", "--json", "-n", "0", **home))
    assert {
        (entry["model"], entry["input_tokens"], entry["output_tokens"]) for entry in logged
    } == {("echo", 2, 2), ("words-100", 1, 100)}


def curl(site: Site, path: str, body: Any = None, *, key: str | None = None) -> str:
    """What curl prints for a request, with the status in a last line."""
    if CURL is None:
        pytest.skip("curl is not installed")
    key = key or site.person("alice").api_key
    command = [CURL, "-sSN", "--compressed", "-w", "\n%{http_code}"]
    command += ["-H", f"Authorization: Bearer {key}", f"{site.url}/v1{path}"]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return run(*command)


def test_curl(site: Site) -> None:
    hello = [{"role": "user", "content": "Hello there"}]
    *plain, status = curl(
        site, "/chat/completions", {"model": "fake/echo", "messages": hello}
    ).splitlines()
    reply = json.loads("".join(plain))
    assert (status, reply["choices"][0]["message"]["content"]) == ("200", "Hello there")

    body = {"model": "fake/words-100", "messages": hello, "stream": True}
    *events, done, _, _, status = curl(site, "/chat/completions", body).splitlines()
    chunks = [json.loads(line.removeprefix("data: ")) for line in events if line]
    deltas = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert (status, done) == ("200", "data: [DONE]")
    assert [delta for delta in deltas if delta] == HEARD["streamed"]

    *listed, status = curl(site, "/models").splitlines()
    assert {"fake/echo", "starter"} <= {row["id"] for row in json.loads("".join(listed))["data"]}

    *refusal, status = curl(site, "/models", key="sk-wrong").splitlines()
    assert (status, json.loads("".join(refusal))["error"]["code"]) == ("401", "invalid_api_key")
