"""What Open WebUI and aider send, which are too large to install for a test, is answered.

Open WebUI's requests are those of its backend/open_webui/routers/openai.py and utils/payload.py;
aider's, which go through LiteLLM, are as its documentation describes them.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx2
import orjson
import pytest

from accounts.keys import issue_key
from accounts.models import User
from tests.gateway import send
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

PICTURE = "data:image/png;base64," + b64encode(b"a picture").decode()


@pytest.fixture
def secret(alice: User, fake_models: Upstream) -> str:
    return issue_key(alice, "tests").secret


def events(response: httpx2.Response) -> list[dict[str, Any]]:
    assert (response.status_code, response.text[-16:]) == (200, "\n\ndata: [DONE]\n\n")
    return [orjson.loads(line[6:]) for line in response.text.split("\n\n")[:-2]]


def text_of(chunks: list[dict[str, Any]]) -> str:
    return "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"])


def ask(secret: str, body: dict[str, Any], **headers: str) -> httpx2.Response:
    return send(secret, "POST", "/chat/completions", body, **headers)


def test_open_webui_lists_the_models(secret: str) -> None:
    # It sends its own cookies, what it knows of its user, and the type of a body that is not there.
    sent = {
        "content-type": "application/json",
        "cookie": "token=another-sites; oauth_session_id=1",
        "x-openwebui-user-name": "Ada Lovelace",
        "x-openwebui-user-role": "admin",
    }
    listed = send(secret, "GET", "/models", None, **sent)
    assert (listed.status_code, listed.json()["object"]) == (200, "list")
    assert "fake/echo" in [model["id"] for model in listed.json()["data"]]
    # A connection that has been saved without a key has no such header at all, or an empty one.
    for given in ({}, {"authorization": "Bearer "}, {"authorization": "Bearer"}):
        refused = send("", "GET", "/models", None, **given)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "invalid_api_key")


def test_open_webui_chats_with_all_that_its_settings_have(secret: str) -> None:
    body = {
        "stream": True,
        "model": "fake/echo",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": ""},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": PICTURE}},
                ],
            },
        ],
        "stream_options": {"include_usage": True},
        "temperature": 0.8,
        "top_p": 0.9,
        "min_p": 0.0,
        "top_k": 40,
        "max_tokens": 128,
        "frequency_penalty": 0,
        "presence_penalty": 0,
        "seed": 0,
        "stop": ["<|end|>"],
        "logit_bias": {"5": -100},
        "reasoning_effort": "low",
    }
    chunks = events(ask(secret, body))
    assert "What is this?" in text_of(chunks)
    assert (chunks[-1]["choices"], chunks[-1]["usage"]["total_tokens"] > 0) == ([], True)


def test_open_webui_asks_for_a_title_and_calls_tools(secret: str) -> None:
    title = {
        "model": "fake/echo",
        "messages": [{"role": "user", "content": "### Task: a title"}],
        "stream": False,
        "max_completion_tokens": 1000,
    }
    assert ask(secret, title).json()["choices"][0]["message"]["content"] == "### Task: a title"

    tool = {
        "type": "function",
        "function": {
            "name": "get_time",
            "description": "The time",
            "parameters": {"type": "object", "properties": {}, "required": []},
        },
    }
    called = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_time", "arguments": "{}"},
    }
    said = [
        {"role": "user", "content": "What time is it?"},
        {"role": "assistant", "content": "", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": ""},
    ]
    body = {"model": "fake/echo", "messages": said, "tools": [tool], "stream": True}
    assert text_of(events(ask(secret, body))) == "What time is it?"


def test_aider_asks_with_its_turns_out_of_order(secret: str) -> None:
    # Reminders and files make turns of one role follow each other; a broken-off answer stands last.
    said = [
        {"role": "system", "content": "Act as an expert software developer."},
        {"role": "user", "content": "These are the files."},
        {"role": "assistant", "content": "Ok."},
        {"role": "user", "content": "Rename it."},
        {"role": "system", "content": "Reply with edit blocks only."},
    ]
    body: dict[str, Any] = {
        "model": "fake/echo",
        "messages": said,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert text_of(events(ask(secret, body))) == "Rename it."
    body["messages"] = [*said[:-1], {"role": "assistant", "content": "<<<<<<< SEARCH"}]
    assert text_of(events(ask(secret, body))) == "Rename it."
