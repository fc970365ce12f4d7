"""What `/v1/responses` refuses, and that it says where and why."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.types import IssuedKey
from tests.gateway import error, get, post
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}

DEEP: dict[str, Any] = {}
for _ in range(250):
    DEEP = {"a": DEEP}


def item(**fields: Any) -> dict[str, Any]:
    return {"input": [fields]}


def part(**fields: Any) -> dict[str, Any]:
    return item(role="user", content=[fields])


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"x": 1}, "x", "unknown_parameter"),
        ({"model": None}, "model", "invalid_type"),
        ({"input": None}, "input", "invalid_type"),
        ({"input": 5}, "input", "invalid_type"),
        ({"input": []}, "input", "empty_array"),
        ({"input": ["x"]}, "input[0]", "invalid_value"),
        (item(type="web_search_call", id="ws_1"), "input[0]", "invalid_value"),
        (item(role="king", content="x"), "input[0].role", "invalid_value"),
        (item(role="user"), "input[0].content", "missing_required_parameter"),
        (part(type="input_audio"), "input[0].content[0]", "invalid_value"),
        (part(type="input_text"), "input[0].content[0].text", "missing_required_parameter"),
        (
            part(type="input_image", file_id="file-1"),
            "input[0].content[0].file_id",
            "unsupported_parameter",
        ),
        *(
            (
                part(type="input_image", image_url=url),
                "input[0].content[0].image_url",
                "invalid_value",
            )
            # The last three were answered with 500, or passed on to the model's server.
            for url in (
                "cat.png",
                "data:image/png;base64,abcde",
                "file:///etc/passwd",
                "http://169.254.169.254/latest",
            )
        ),
        (
            part(type="input_file", file_url="https://example.org/a.pdf"),
            "input[0].content[0].file_url",
            "unsupported_parameter",
        ),
        (item(role="assistant", content=[IMAGE]), "input[0]", "invalid_value"),
        (item(type="function_call_output", call_id="c", output="x"), "input", "invalid_value"),
        (item(type="reasoning", id="rs_1", summary=[]), "input", "invalid_value"),
        ({"temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"temperature": "1"}, "temperature", "invalid_type"),
        ({"max_output_tokens": 1}, "max_output_tokens", "integer_below_min_value"),
        ({"top_logprobs": 21}, "top_logprobs", "integer_above_max_value"),
        ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
        ({"user": 5}, "user", "invalid_type"),
        ({"include": ["everything"]}, "include[0]", "invalid_value"),
        ({"truncation": "some"}, "truncation", "invalid_value"),
        ({"text": {"format": {"type": "xml"}}}, "text.format", "invalid_value"),
        (
            {"text": {"format": {"type": "json_schema", "name": "a"}}},
            "text.format.schema",
            "missing_required_parameter",
        ),
        ({"reasoning": {"effort": "some"}}, "reasoning.effort", "invalid_value"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "unsupported_parameter"),
        ({"tools": [{"type": "custom", "name": "x"}]}, "tools[0].type", "unsupported_parameter"),
        ({"tools": [{"type": "function"}]}, "tools[0].name", "missing_required_parameter"),
        (
            {"tools": [{"type": "function", "name": "f", "output_schema": DEEP}]},
            "tools[0].output_schema",
            "invalid_value",
        ),
        ({"tool_choice": "sometimes"}, "tool_choice", "invalid_value"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice", "invalid_value"),
        ({"tool_choice": {"type": "function", "name": "f"}}, "tool_choice", "invalid_value"),
        ({"background": True}, "background", "unsupported_parameter"),
        ({"conversation": "conv_1"}, "conversation", "unsupported_parameter"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt", "unsupported_parameter"),
        ({"stream_options": {}}, None, "invalid_value"),
        (
            {"previous_response_id": "resp_\x00"},
            "previous_response_id",
            "previous_response_not_found",
        ),
    ],
)
def test_malformed_bodies(
    key: IssuedKey, fake_models: Upstream, given: Any, param: str | None, code: str
) -> None:
    body = {"model": "fake/echo", "input": "Hi", **given}
    status, problem = error(post(key.secret, body, "/responses"))
    assert (status, problem["type"]) == (400, "invalid_request_error")
    assert (problem["param"], problem["code"]) == (param, code)
    assert fake_models.chats == []


def test_a_missing_input_is_named(key: IssuedKey) -> None:
    _, problem = error(post(key.secret, {"model": "fake/echo"}, "/responses"))
    assert problem["message"] == "Missing required parameter: 'input'."


def test_a_built_in_tool_is_refused_with_what_to_do(key: IssuedKey) -> None:
    body = {"model": "fake/echo", "input": "Hi", "tools": [{"type": "web_search"}]}
    _, problem = error(post(key.secret, body, "/responses"))
    assert problem["message"] == (
        "Invalid value for 'tools[0].type': this site has no built-in tool 'web_search'; offer a "
        "tool of the type 'function' and run it yourself."
    )


def test_null_means_not_given(key: IssuedKey, fake_models: Upstream) -> None:
    names = (
        "instructions", "previous_response_id", "stream", "stream_options", "store", "metadata",
        "max_output_tokens", "temperature", "top_p", "top_logprobs", "include", "text",
        "reasoning", "tools", "tool_choice", "parallel_tool_calls", "truncation", "background",
        "conversation", "prompt", "user", "service_tier",
    )  # fmt: skip
    body = {"model": "fake/echo", "input": "Hi", **dict.fromkeys(names)}
    assert post(key.secret, body, "/responses").status_code == 200


@pytest.mark.parametrize(
    ("query", "param"), [("limit=0", "limit"), ("limit=101", "limit"), ("order=up", "order")]
)
def test_malformed_queries(key: IssuedKey, query: str, param: str) -> None:
    status, problem = error(get(key.secret, f"/responses/resp_1/input_items?{query}"))
    assert (status, problem["param"]) == (400, param)


def test_no_endpoint_answers_without_a_key(alice: object) -> None:
    assert error(post("", {"model": "m", "input": "Hi"}, "/responses"))[0] == 401
    for path in ("/responses/resp_1", "/responses/resp_1/input_items"):
        assert error(get("", path))[0] == 401
