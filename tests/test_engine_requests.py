"""Odd requests to the real site over the real engine: a clear refusal, or an answer, never a crash.

Each of these has been accepted, answered 502 or held up every other answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gguf
import httpx2
import openai
import pytest

from tests.backend.engine.alphabet import write_alphabet
from tests.backend.engine.small_models import write_encoder
from tests.servers.site import Site

pytestmark = [pytest.mark.engine, pytest.mark.timeout(180)]

# As models that call tools have it: calls and their arguments are written as JSON.
TOOLS_TEMPLATE = """{%- if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}{% endfor %}
For each call return a json object within <tool_call></tool_call> tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
{% endif %}{% for m in messages %}<|im_start|>{{ m.role }}
{{ m.content or "" }}{% if m.tool_calls %}{% for c in m.tool_calls %}
<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

HI: dict[str, Any] = {"role": "user", "content": "hi"}


@pytest.fixture
def post(site: Site) -> Iterator[Any]:
    """Post a chat completion, to the starter if no other model is named."""
    models = site.folder / "data" / "models"
    if not (models / "tools.gguf").exists():
        write_alphabet(models / "tools.gguf", seed=1, template=TOOLS_TEMPLATE)
        write_encoder(models / "encoder.gguf", pooling=gguf.PoolingType.MEAN)
    headers = {"Authorization": f"Bearer {site.person('alice').api_key}"}
    with httpx2.Client(base_url=site.url, headers=headers, timeout=60) as client:

        def post(**body: Any) -> httpx2.Response:
            asked = {"model": "starter", "messages": [HI], "max_tokens": 8, "temperature": 0}
            return client.post("/v1/chat/completions", json={**asked, **body})

        yield post


def formatted(schema: Any) -> dict[str, Any]:
    wanted = {"type": "json_schema", "json_schema": {"name": "c", "schema": schema}}
    return {"response_format": wanted}


def tool(name: str = "f", **fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, **fields}}


def called(arguments: str) -> list[dict[str, Any]]:
    function = {"name": "f", "arguments": arguments}
    calls = [{"id": "c", "type": "function", "function": function}]
    answer = {"role": "tool", "content": "x", "tool_call_id": "c"}
    return [HI, {"role": "assistant", "content": None, "tool_calls": calls}, answer]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"logit_bias": {"word": 1}}, "logit_bias", "invalid_value"),
        ({"logit_bias": {"-1": 1}}, "logit_bias", "invalid_value"),
        ({"logit_bias": {"\u0663": 1}}, "logit_bias", "invalid_value"),
        ({"logit_bias": {"99999999": 1}}, "logit_bias", "invalid_value"),
        ({"top_k": 2**40}, "top_k", "integer_above_max_value"),
        ({"stop": "x" * 1001}, "stop", "string_above_max_length"),
        ({"messages": [{**HI, "name": "n" * 100}]}, "messages[0].name", "invalid_value"),
        ({"messages": [{**HI, "name": "<|im_start|>"}]}, "messages[0].name", "invalid_value"),
        ({"messages": called("{}")[2:]}, None, "invalid_value"),
        ({"messages": called("{}")[:2]}, None, "invalid_value"),
        ({"messages": [*called("{}")[:2], HI]}, None, "invalid_value"),
        ({"messages": [*called("{}"), called("{}")[2]]}, None, "invalid_value"),
        ({"max_completion_tokens": 8}, None, "invalid_value"),
        ({"tool_choice": "required"}, None, "invalid_value"),
        ({"messages": [HI] * 5000}, "messages", "context_length_exceeded"),
        ({"model": "encoder"}, "model", "model_not_supported"),
        (formatted({"type": "strange"}), "response_format", "invalid_json_schema"),
        (formatted({"$ref": "#/nothing"}), "response_format", "invalid_json_schema"),
        (
            formatted({"type": "string", "pattern": "^(a$"}),
            "response_format",
            "invalid_json_schema",
        ),
        (
            formatted({"type": "string", "minLength": 5, "maxLength": 2}),
            "response_format",
            "invalid_json_schema",
        ),
        (
            formatted({"type": "string", "pattern": "^" + "a?" * 90 + "$"}),
            "response_format",
            "invalid_json_schema",
        ),
        (
            formatted({"type": "array", "items": {}, "minItems": 10**8}),
            "response_format",
            "invalid_json_schema",
        ),
        (
            {"model": "tools", "tools": [tool(parameters={"type": "strange"})]},
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        (
            {"model": "tools", "tools": [tool(parameters={"minItems": 3, "maxItems": 1})]},
            "tools[0].function.parameters",
            "invalid_function_parameters",
        ),
        (
            {"model": "tools", "tools": [tool()], "tool_choice": tool("other")},
            None,
            "invalid_value",
        ),
        ({"model": "tools", "tools": [tool("n" * 65)]}, "tools[0].function.name", "invalid_value"),
    ],
)
def test_what_the_engine_cannot_do_is_refused(
    post: Any, body: dict[str, Any], param: str | None, code: str
) -> None:
    response = post(**body)

    error = response.json()["error"]
    assert (response.status_code, error["param"], error["code"]) == (400, param, code)
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{**HI, "content": "a\0b\uffff<|im_end|>"}]},
        {"seed": -(2**63), "n": 6},
        {"stop": ["\0", "\n"]},
        {"logit_bias": {"5": -100}},
        formatted({}),
        formatted({"type": "string", "maxLength": 10**9}),
        {"model": "tools", "messages": called("{not json")},
        {"model": "tools", "messages": called("")},
        {"model": "tools", "messages": called('{"a": 1e999}')},
        {"model": "tools", "messages": called("[" * 3000)},
        {"model": "tools", "tools": [tool(), tool("g")], "tool_choice": tool("g")},
        {"model": "tools", "tools": [tool(description="<|im_end|>\0")]},
    ],
)
def test_what_is_only_odd_is_answered(post: Any, body: dict[str, Any]) -> None:
    response = post(**body)

    assert response.status_code == 200, response.text
    assert response.json()["choices"][0]["finish_reason"] in {"stop", "length", "tool_calls"}


def test_an_answer_that_is_cut_off_keeps_its_words(post: Any) -> None:
    """llama.cpp ends it with an error: the words are not all of what the tools' parser expects."""
    body = {"tools": [tool()], "response_format": {"type": "json_object"}, "max_tokens": 20}
    response = post(model="tools", **body)

    assert response.status_code == 200, response.text
    [choice] = response.json()["choices"]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"].startswith("{")


def test_a_file_for_embeddings_is_served_at_once(site: Site, post: Any) -> None:
    with openai.OpenAI(base_url=f"{site.url}/v1", api_key=site.person("alice").api_key) as client:
        reply = client.embeddings.create(model="encoder", input=["the cat", "a dog", "the cat"])
        with pytest.raises(openai.BadRequestError) as refused:
            client.embeddings.create(model="encoder", input="cat " * 200)

    first, second, third = (row.embedding for row in reply.data)
    assert len(first) == 64
    assert first == pytest.approx(third, abs=1e-5)
    assert first != pytest.approx(second, abs=1e-2)
    assert reply.usage.prompt_tokens == 4 + 4 + 4
    assert refused.value.code == "context_length_exceeded"
    assert "128 tokens" in refused.value.message
