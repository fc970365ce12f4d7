"""The contract of /v1's errors, row by row: the status, the type, the code and the parameter."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from accounts.keys import issue_key
from accounts.models import User
from accounts.types import KeyTerms
from tests.gateway import error, get, post, send
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

CHAT = "/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(autouse=True)
def _models(fake_models: Upstream) -> Upstream:
    return fake_models


@pytest.fixture
def secret(alice: User) -> str:
    return issue_key(alice, "tests").secret


def chat(**fields: Any) -> dict[str, Any]:
    return {"model": "fake/echo", "messages": HELLO, **fields}


def user(*parts: Any) -> dict[str, Any]:
    return chat(messages=[{"role": "user", "content": list(parts)}])


def schema_of(**fields: Any) -> dict[str, Any]:
    return chat(response_format={"type": "json_schema", "json_schema": fields})


# --- 400: what is in the body

BODIES = {
    # code, then param, then the body
    "no body": ("invalid_json", None, b""),
    "no JSON": ("invalid_json", None, b"{"),
    "no UTF-8": ("invalid_json", None, b'{"model": "\xff"}'),
    "half a character": ("invalid_json", None, b'{"model": "\\ud800"}'),
    "NaN": ("invalid_json", None, b'{"temperature": NaN}'),
    "Infinity": ("invalid_json", None, b'{"temperature": Infinity}'),
    "nested without end": ("invalid_json", None, b"[" * 100_000),
    "no object": ("invalid_type", None, []),
    "null": ("invalid_type", None, b"null"),
    "no model": ("missing_required_parameter", "model", {"messages": HELLO}),
    "no messages": ("missing_required_parameter", "messages", {"model": "m"}),
    "no role": ("missing_required_parameter", "messages[0].role", chat(messages=[{}])),
    "no text of a part": (
        "missing_required_parameter", "messages[0].content[0].text", user({"type": "text"})
    ),
    "no name of a schema": (
        "missing_required_parameter", "response_format.json_schema.name", schema_of(schema={})
    ),
    "no function of a choice": (
        "missing_required_parameter", "tool_choice.function",
        chat(tools=[TOOL], tool_choice={"type": "function"}),
    ),
    "a number as text": ("invalid_type", "temperature", chat(temperature="1")),
    "a truth as number": ("invalid_type", "n", chat(n=True)),
    "a fraction": ("invalid_type", "max_tokens", chat(max_tokens=1.5)),
    "an endless number": ("invalid_json", None, b'{"seed": 1%s}' % (b"0" * 5000)),
    "a huge number": ("invalid_type", "seed", b'{"model":"m","messages":[{"role":"user",'
                      b'"content":"x"}],"seed": 1%s}' % (b"0" * 30)),
    "a number as content": (
        "invalid_type", "messages[0].content", chat(messages=[{"role": "user", "content": 5}])
    ),
    "a number as part": (
        "invalid_type", "messages[0].content[0].text", user({"type": "text", "text": 5})
    ),
    "a number as function": (
        "invalid_type", "tool_choice.function.name",
        chat(tools=[TOOL], tool_choice={"type": "function", "function": {"name": 5}}),
    ),
    "a role that is none": (
        "invalid_value", "messages[0].role", chat(messages=[{"role": "king", "content": "x"}])
    ),
    "a format that is none": (
        "invalid_value", "response_format.type", chat(response_format={"type": "xml"})
    ),
    "a choice that is none": (
        "invalid_value", "tool_choice.type", chat(tools=[TOOL], tool_choice={"type": "custom"})
    ),
    "a mode that is none": ("invalid_value", "tool_choice", chat(tools=[TOOL], tool_choice="all")),
    "a name with blanks": (
        "invalid_value", "response_format.json_schema.name", schema_of(name="a b", schema={})
    ),
    "a token that is none": ("invalid_value", "logit_bias", chat(logit_bias={"word": 1})),
    "unknown": ("unknown_parameter", "unheard_of", chat(unheard_of=1)),
    "unknown and deep": (
        "unknown_parameter", "stream_options.x", chat(stream=True, stream_options={"x": 1})
    ),
    "not offered": ("unsupported_parameter", "audio", chat(audio={"voice": "v", "format": "wav"})),
    "too warm": ("decimal_above_max_value", "temperature", chat(temperature=2.1)),
    "too cold": ("decimal_below_min_value", "temperature", chat(temperature=-0.1)),
    "too many": ("integer_above_max_value", "n", chat(n=129)),
    "too few": ("integer_below_min_value", "n", chat(n=0)),
    "too biased": ("decimal_above_max_value", "logit_bias.1", chat(logit_bias={"1": 101})),
    "too long": ("string_above_max_length", "stop", chat(stop="x" * 1001)),
    "nothing": ("empty_string", "model", chat(model="")),
    "nobody": ("empty_array", "messages", chat(messages=[])),
    "too long a list": ("array_above_max_length", "stop", chat(stop=list("abcde"))),
    "nested too deeply": (
        "invalid_value", "tools[0].function.parameters",
        b'{"model":"fake/echo","messages":[{"role":"user","content":"x"}],"tools":[{"type":'
        b'"function","function":{"name":"f","parameters":{"a":%s%s}}}]}' % (b"[" * 500, b"]" * 500),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "param", "body"), BODIES.values(), ids=BODIES)
def test_a_body_that_is_refused(
    secret: str, fake_models: Upstream, code: str, param: str | None, body: Any
) -> None:
    status, problem = error(post(secret, body))
    assert (status, problem["type"], problem["code"], problem["param"]) == (
        400, "invalid_request_error", code, param,
    )  # fmt: skip
    assert problem["message"].strip()
    assert fake_models.chats == []


DRAWN = "/images/generations"
PLAIN = {
    # what is said, of which parameter, then the path and the body
    "it must be an object": ("messages[0]", CHAT, chat(messages=["Hi"])),
    "it must be one of 'system', 'developer', 'user', 'assistant', 'tool', 'function'": (
        "messages[0].role", CHAT, chat(messages=[{"role": "boss", "content": "Hi"}]),
    ),
    "it has from 1 to 64 letters, digits, underscores and hyphens": (
        "tools[0].function.name", CHAT,
        chat(tools=[{"type": "function", "function": {"name": "a b"}}]),
    ),
    "it has from 1 to 64 characters, no spaces and none of < | \\ / >": (
        "messages[0].name", CHAT, chat(messages=[{**HELLO[0], "name": "A B"}]),
    ),
    "it is auto, or width and height in pixels, such as 1024x1024": (
        "size", DRAWN, {"prompt": "a fox", "size": "7x7"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "place"), PLAIN.items())
def test_what_is_refused_is_told_in_plain_words(
    secret: str, words: str, place: tuple[str, str, Any]
) -> None:
    param, path, body = place
    status, problem = error(post(secret, body, path))
    assert (status, problem["message"]) == (400, f"Invalid value for '{param}': {words}.")


@pytest.mark.parametrize(("path", "body"), [(CHAT, []), (CHAT, "Hi"), (DRAWN, 1)])
def test_a_body_that_is_no_object_is_told_to_be_none(secret: str, path: str, body: Any) -> None:
    status, problem = error(post(secret, body, path))
    assert (status, problem["message"]) == (400, "The request's body must be a JSON object.")


def test_the_last_of_two_equal_names_holds(secret: str) -> None:
    body = b'{"model":"x","model":"fake/echo","messages":[{"role":"user","content":"Hi"}]}'
    assert post(secret, body).json()["choices"][0]["message"]["content"] == "Hi"


def test_a_prompt_beyond_the_window_is_refused_with_the_numbers(secret: str) -> None:
    long = chat(messages=[{"role": "user", "content": "word " * 9000}], max_tokens=100)
    status, problem = error(post(secret, long))
    assert (status, problem["code"], problem["param"]) == (
        400, "context_length_exceeded", "messages",
    )  # fmt: skip
    assert problem["message"] == (
        "This model's maximum context length is 8192 tokens. The messages take about 12508 tokens, "
        "and 100 were asked for the answer. Please shorten the messages or ask for a shorter "
        "answer."
    )


# --- the statuses that are not about the body

ASKED = {
    # status, type and code, then method, path, body and headers; ... stands for Alice's key
    "nobody": (401, "authentication_error", "invalid_api_key", "GET", "/models", None, {}),
    "another scheme": (
        401, "authentication_error", "invalid_api_key", "GET", "/models", None,
        {"authorization": "Basic eDp5"},
    ),
    "no such key": (
        401, "authentication_error", "invalid_api_key", "GET", "/models", None,
        {"authorization": b"Bearer sk-\xff"},
    ),
    "no such model": (
        404, "invalid_request_error", "model_not_found", "POST", "/chat/completions",
        chat(model="nobody"), ...,
    ),
    "a model of control characters": (
        404, "invalid_request_error", "model_not_found", "POST", "/chat/completions",
        chat(model="\0\n"), ...,
    ),
    "nothing there": (404, "invalid_request_error", "unknown_url", "GET", "/nothing", None, ...),
    "the root": (404, "invalid_request_error", "unknown_url", "GET", "/", None, ...),
    "a slash more": (404, "invalid_request_error", "unknown_url", "GET", "/models/", None, ...),
    "a parameter with NUL": (
        400, "invalid_request_error", "invalid_value", "GET", "/chat/completions?model=%00", None,
        ...,
    ),
    "another method": (
        405, "invalid_request_error", "method_not_allowed", "DELETE", "/chat/completions", None,
        ...,
    ),
    "a form": (
        415, "invalid_request_error", "unsupported_media_type", "POST", "/chat/completions",
        b"--x--", {"content-type": "multipart/form-data; boundary=x"},
    ),
    "a page": (
        415, "invalid_request_error", "unsupported_media_type", "POST", "/embeddings", b"<p>",
        {"content-type": "text/html"},
    ),
    "another packing": (
        415, "invalid_request_error", "unsupported_content_encoding", "POST", "/embeddings", b"x",
        {"content-encoding": "br"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind", "code", "method", "path", "body", "headers"), ASKED.values(), ids=ASKED
)
def test_a_request_that_is_refused(
    secret: str, status: int, kind: str, code: str, method: str, path: str, body: Any, headers: Any
) -> None:
    given = {} if headers is ... else headers
    key = "" if status == 401 else secret
    response = send(key, method, path, body, **given)
    found, problem = error(response)
    assert (found, problem["type"], problem["code"]) == (status, kind, code)
    assert problem["message"].strip()
    allowed = set(response.headers.get("allow", "").split(", ")) - {""}
    assert allowed == ({"GET", "POST"} if status == 405 else set())
    assert (response.headers.get("www-authenticate") == "Bearer") == (status == 401)


def test_a_key_that_is_not_for_this(alice: User) -> None:
    terms = KeyTerms(scopes=["models"])
    status, problem = error(post(issue_key(alice, "narrow", terms).secret, chat()))
    assert (status, problem["type"], problem["code"]) == (403, "permission_error", "missing_scope")


def test_a_body_that_is_too_large(secret: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2
    status, problem = error(post(secret, b" " * (1024**2 + 1)))
    assert (status, problem["code"]) == (413, "request_too_large")


def test_a_name_for_two_requests(secret: str) -> None:
    post(secret, chat(), **{"idempotency-key": "a"})
    status, problem = error(post(secret, chat(n=2), **{"idempotency-key": "a"}))
    assert (status, problem["code"]) == (422, "idempotency_key_reused")


def test_too_many_requests(secret: str, settings: Any) -> None:
    settings.REQUESTS_PER_MINUTE = 1
    post(secret, chat())
    status, problem = error(refused := post(secret, chat()))
    assert (status, problem["code"]) == (429, "rate_limit_exceeded")
    assert int(refused.headers["retry-after"]) >= 1


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", FORM, "text/plain"])
def test_scripts_that_name_no_type_are_understood(secret: str, content_type: str) -> None:
    body = orjson.dumps(chat())
    assert post(secret, body, **{"content-type": content_type}).status_code == 200


# --- what the model's server does

UPSTREAM = {
    # the server's status, then ours, the type, and the code
    400: (400, "invalid_request_error", None),
    401: (502, "server_error", "upstream_key_refused"),
    404: (404, "invalid_request_error", "model_not_found"),
    408: (504, "server_error", "upstream_timeout"),
    422: (400, "invalid_request_error", None),
    429: (429, "requests", "rate_limit_exceeded"),
    500: (502, "server_error", "upstream_error"),
    502: (502, "server_error", "upstream_error"),
    503: (503, "server_error", "backend_unavailable"),
    504: (504, "server_error", "upstream_timeout"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", UPSTREAM)
def test_a_server_that_refuses(
    secret: str, fake_models: Upstream, status: int, stream: bool
) -> None:
    fake_models.script(*[Answer(status=status)] * 3)
    found, problem = error(post(secret, chat(stream=stream)))
    assert (found, problem["type"], problem["code"]) == UPSTREAM[status]
    words = "refused the site's key" if status == 401 else f"was told to answer {status}"
    assert words in problem["message"]


LEAK = "Key sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH at https://u:hunter2pw@10.0.0.5"


@pytest.mark.parametrize("stream", [False, True])
def test_a_servers_words_are_kept_and_its_secrets_are_not(
    secret: str, fake_models: Upstream, stream: bool
) -> None:
    fake_models.script(*[Answer(status=500, message=f"It is broken. {LEAK}")] * 3)
    _, problem = error(post(secret, chat(stream=stream)))
    assert "It is broken." in problem["message"]
    assert "sk-proj-abc" not in problem["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat/completions", chat(stream=True)),
        ("/completions", {"model": "fake/echo", "prompt": "x", "stream": True}),
        ("/responses", {"model": "fake/echo", "input": "x", "stream": True}),
    ],
)
def test_nor_are_they_in_the_middle_of_a_stream(
    secret: str, fake_models: Upstream, path: str, body: Any
) -> None:
    said = Answer("Once there was a fox in a wood.", breaks="error", after=6, message=LEAK)
    fake_models.script(said)
    response = post(secret, body, path)
    assert "Once" in response.text
    assert "Fake failed: Key " in response.text
    assert "sk-proj-abc" not in response.text


@pytest.mark.parametrize("path", ["/chat/completions", "/completions"])
@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        ("drop", "Fake broke off in the middle of the answer."),
        ("error", "Fake failed: "),
        ("garble", "Fake sent a stream that cannot be read."),
        ("cut", "Fake ended the answer without saying why."),
    ],
)
def test_a_failure_in_the_middle_of_a_stream(
    secret: str, fake_models: Upstream, path: str, breaks: Any, words: str
) -> None:
    fake_models.script(Answer("Once there was a fox in a wood.", breaks=breaks, after=6))
    body = chat(stream=True)
    if path == "/completions":
        body = {"model": "fake/echo", "prompt": "x", "stream": True}
    response = post(secret, body, path)
    assert response.status_code == 200
    *chunks, last, rest = response.text.split("\n\n")
    assert (bool(chunks), rest) == (True, "")
    problem = orjson.loads(last.removeprefix("data: "))["error"]
    assert (problem["type"], problem["code"], problem["param"]) == (
        "server_error", "upstream_error", None,
    )  # fmt: skip
    assert problem["message"].startswith(words)


# --- nothing is a fault of the site's

PATHS = (
    "/chat/completions", "/completions", "/embeddings", "/moderations", "/responses", "/feedback",
    "/chat/completions/x",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    b"", b"\0", b"\xff\xfe", b"[]", b"0", b'"x"', b"{}", b"true", b'{"":""}', b"[" * 2000, b"{" * 9,
    b'{"model":%s}' % (b"[" * 300 + b"]" * 300), b'{"model":1e999}', b'{"a":1}{"b":2}',
    {"model": "\0", "messages": HELLO, "prompt": "\0", "input": "\0", "metadata": {"\0": "\0"}},
    {"model": "fake/echo", "messages": [{"role": "user", "content": "\ufffe\u202e"}], "stop": "\0"},
    {"model": {"a": 1}, "messages": {"0": 1}, "input": {"0": 1}, "prompt": {"0": 1}},
    {"model": ["fake/echo"], "messages": [[[]]], "input": [[[]]], "prompt": [[[]]]},
    {"model": "x" * 100_000}, {"rating": 1e308, "completion_id": "\0"},
    {"rating": 1, "completion_id": "x" * 10_000, "better_answer": ""},
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_body_is_too_odd(secret: str, path: str) -> None:
    for body in ODD:
        response = post(secret, body, path)
        assert response.headers["content-type"] == "application/json"
        assert response.status_code < 500, (body, response.text)


@pytest.mark.parametrize(
    "path",
    [
        "/models/%00", "/models/%ff%fe", "/models/..%2f..%2fetc", "/models/x?y=%00&y=%ff",
        "/responses/%00", "/responses/%00/input_items", "/responses/x/input_items?after=%00",
        "/responses/x/input_items?limit=1e9", "/chat/completions/%00",
        "/chat/completions?after=%00",
        "/chat/completions?metadata[%00]=%00", "/chat/completions?model=%00", "/feedback?after=%00",
        "/chat/completions?limit=99999999999999999999", "/chat/completions?limit=%00",
        "/usage?date=%00", "/usage?start_time=99999999999999999999999", "/usage?date=9999-12-31",
        "/usage?date=0001-01-01", "/usage?start_time=-1", "/usage?start_time=1e3",
        "/organization/usage/completions?start_time=0&end_time=99999999999999999",
        "/organization/costs?start_time=253402300800&page=%00", "/%00", "/%ff", "/a//b",
        "//models", "/models;x=1", "/openapi.json?x=%ff",
    ],
)  # fmt: skip
def test_no_address_is_too_odd(secret: str, path: str) -> None:
    response = get(secret, path)
    assert response.headers["content-type"] == "application/json"
    assert response.status_code < 500, response.text


@pytest.mark.parametrize("host", ["evil.example", "a b", b"\xff", "[::1", ""])
def test_no_host_is_answered_with_a_page(secret: str, host: Any) -> None:
    response = send(secret, "GET", "/models", host=host)
    assert response.headers["content-type"] == "application/json"
    assert response.status_code in (200, 400)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PATCH", "PUT", "BREW"])
def test_no_method_is_answered_with_a_page(secret: str, method: str) -> None:
    response = send(secret, method, "/models")
    assert response.headers["content-type"] == "application/json"
    assert response.status_code == 405
