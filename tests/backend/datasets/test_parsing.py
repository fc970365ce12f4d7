"""chatsite.backend.datasets.parsing: three forms of examples, and what each fault is told as."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsite.backend.datasets import (
    Chat,
    ChatTurn,
    FaultyExample,
    Judged,
    Preference,
    parse_example,
)
from chatsite.backend.datasets.examples import digest, text_of, tools_text

USER = {"role": "user", "content": "Hello"}
ANSWER = {"role": "assistant", "content": "Bonjour"}
ASKED, SAID = ChatTurn("user", "Hello"), ChatTurn("assistant", "Bonjour")
CALL = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


def example(**fields: Any) -> Any:
    return parse_example(orjson.dumps(fields))


def fault(**fields: Any) -> tuple[str, str]:
    with pytest.raises(FaultyExample) as caught:
        example(**fields)
    return caught.value.fault.field, caught.value.fault.kind


def chat_fault(*messages: Any, **fields: Any) -> tuple[str, str]:
    return fault(messages=list(messages), **fields)


def test_a_chat() -> None:
    system = {"role": "system", "content": "Be brief.", "name": "house"}
    found = example(messages=[system, USER, {**ANSWER, "weight": 0}, USER, ANSWER])
    assert found == Chat(
        (
            ChatTurn("system", "Be brief.", name="house"),
            ASKED,
            ChatTurn("assistant", "Bonjour", weight=0),
            ASKED,
            SAID,
        )
    )


def test_a_chat_with_tools() -> None:
    found = example(
        messages=[
            USER,
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "2"},
            ANSWER,
        ],
        tools=[TOOL],
        parallel_tool_calls=False,
    )
    called = ChatTurn("assistant", "", tool_calls=(CALL,))
    told = ChatTurn("tool", "2", tool_call_id="call_1")
    assert found == Chat((ASKED, called, told, SAID), (TOOL,))


def test_the_old_form_becomes_a_chat() -> None:
    found = example(prompt="Hello\n", completion=" Bonjour")
    assert found == Chat((ASKED, SAID))


def test_a_preference() -> None:
    worse = {"role": "assistant", "content": "Yo"}
    found = example(
        input={"messages": [USER], "tools": [TOOL], "parallel_tool_calls": True},
        preferred_output=[ANSWER],
        non_preferred_output=[worse],
    )
    assert found == Preference((ASKED,), (SAID,), (ChatTurn("assistant", "Yo"),), (TOOL,))


def test_parts_are_joined_and_a_refusal_is_an_answer() -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    refusal = {"role": "assistant", "content": None, "refusal": "No."}
    found = example(messages=[{"role": "user", "content": parts}, refusal])
    assert found == Chat((ChatTurn("user", "Hel\nlo"), ChatTurn("assistant", "No.")))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"messages": [', "This is not JSON: Unexpected end of data"),
        (b'[{"prompt": "a"},', "A list does not end on its line."),
        (b"[1]", "This is a list, not an object."),
        (b'"hello"', "This is a text, not an object."),
        (b"1", "This is a number, not an object."),
        (b"null", "This is null, not an object."),
        (b"true", "This is true or false, not an object."),
        (b'{"prompt": "\xff"}', "This is not text in UTF-8."),
        (b'{"prompt": NaN}', "This is not JSON:"),
        (b'{"a": ' + b"[" * 5000, "This is not JSON:"),
        (None, "The line is too long."),
        (b"{}", "There are no messages and no prompt."),
    ],
)
def test_what_is_no_object(line: bytes | None, told: str) -> None:
    with pytest.raises(FaultyExample) as caught:
        parse_example(line)
    assert (caught.value.fault.field, caught.value.fault.line) == ("", 0)
    assert caught.value.fault.problem.startswith(told)
    assert caught.value.fault.remedy


def test_faults_of_a_chat_name_their_field() -> None:
    assert fault(messages="Hello") == ("messages", "wrong_type")
    assert fault(messages=None) == ("messages", "missing")
    assert fault(messages=[]) == ("messages", "empty")
    assert fault(mesages=[USER]) == ("", "unknown_format")
    assert chat_fault(USER, ANSWER, temperature=1) == ("temperature", "unknown_field")
    assert chat_fault(USER, ANSWER, functions=[]) == ("functions", "unknown_field")
    assert chat_fault("Hello") == ("messages[0]", "wrong_type")
    assert chat_fault(USER) == ("messages[0].role", "no_answer")
    assert chat_fault({"content": "Hi"}) == ("messages[0].role", "missing")
    assert chat_fault({"role": "boss", "content": "Hi"}) == ("messages[0].role", "wrong_role")
    assert chat_fault({"role": [[]], "content": "Hi"}) == ("messages[0].role", "wrong_role")
    assert chat_fault({"role": "user"}) == ("messages[0].content", "missing")
    assert chat_fault({"role": "user", "content": 5}) == ("messages[0].content", "wrong_type")
    assert chat_fault({"role": "user", "content": " \n"}) == ("messages[0].content", "empty")
    assert chat_fault({**USER, "text": "Hi"}) == ("messages[0].text", "unknown_field")
    assert chat_fault({**USER, "name": 1}) == ("messages[0].name", "wrong_type")
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
    assert chat_fault({"role": "user", "content": [picture]}) == (
        "messages[0].content[0]", "not_text",
    )  # fmt: skip
    assert chat_fault({"role": "user", "content": []}) == ("messages[0].content", "empty")


def test_faults_of_weights() -> None:
    assert chat_fault({**USER, "weight": 1}, ANSWER) == ("messages[0].weight", "weight")
    for weight in (2, -1, 0.5, "1", True, [0]):
        found = chat_fault(USER, {**ANSWER, "weight": weight})
        assert found == ("messages[1].weight", "weight"), weight
    assert chat_fault(USER, {**ANSWER, "weight": 0}) == ("messages", "nothing_to_learn")


def test_faults_of_tools() -> None:
    def called(**changes: Any) -> tuple[str, str]:
        call = {**CALL, **changes}
        return chat_fault(USER, {"role": "assistant", "tool_calls": [call]}, ANSWER)

    place = "messages[1].tool_calls[0]"
    assert called(function=None) == (place, "wrong_type")
    assert called(type="code") == (place, "wrong_type")
    assert called(id="") == (f"{place}.id", "empty")
    assert called(function={"name": "", "arguments": "{}"}) == (f"{place}.function.name", "empty")
    for arguments in ("", "[1]", "{", None, {"a": 1}):
        function = {"name": "add", "arguments": arguments}
        assert called(function=function) == (f"{place}.function.arguments", "arguments")
    tool = {"role": "tool", "tool_call_id": "call_2", "content": "2"}
    assert chat_fault(USER, tool, ANSWER) == ("messages[1].tool_call_id", "tool_order")
    assert chat_fault(USER, {"role": "tool", "content": "2"}, ANSWER) == (
        "messages[1].tool_call_id", "missing",
    )  # fmt: skip
    assert chat_fault({**USER, "tool_call_id": "x"}, ANSWER) == (
        "messages[0].tool_call_id", "wrong_role",
    )  # fmt: skip
    assert chat_fault({**USER, "tool_calls": [CALL]}, ANSWER) == (
        "messages[0].tool_calls", "wrong_role",
    )  # fmt: skip
    assert chat_fault(USER, {**ANSWER, "function_call": {}}) == (
        "messages[1].function_call", "unknown_field",
    )  # fmt: skip
    assert chat_fault(USER, ANSWER, tools=["add"]) == ("tools[0]", "wrong_type")
    assert chat_fault(USER, ANSWER, tools=[{"function": {"name": "a", "parameters": 1}}]) == (
        "tools[0].function.parameters", "wrong_type",
    )  # fmt: skip


def test_what_is_nested_too_deep_to_be_written_again_is_a_fault() -> None:
    deep = b'{"a": ' * 500 + b"1" + b"}" * 500
    tool = b'{"type": "function", "function": {"name": "add", "parameters": ' + deep + b"}}"
    turns = orjson.dumps([USER, ANSWER])
    with pytest.raises(FaultyExample) as caught:
        parse_example(b'{"messages": ' + turns + b', "tools": [' + tool + b"]}")
    assert (caught.value.fault.field, caught.value.fault.kind) == ("tools[0]", "too_deep")


def test_faults_of_the_old_form() -> None:
    assert fault(prompt="Hello") == ("completion", "missing")
    assert fault(completion="Bonjour") == ("prompt", "missing")
    assert fault(prompt="Hello", completion="") == ("completion", "empty")
    assert fault(prompt=["Hello"], completion="Bonjour") == ("prompt", "wrong_type")
    assert fault(prompt="a", completion="b", weight=1) == ("weight", "unknown_field")


def test_faults_of_a_preference() -> None:
    def preference(**changes: Any) -> tuple[str, str]:
        fields = {
            "input": {"messages": [USER]},
            "preferred_output": [ANSWER],
            "non_preferred_output": [{"role": "assistant", "content": "Yo"}],
        }
        return fault(**{**fields, **changes})

    assert preference(input=None) == ("input", "missing")
    assert preference(input=[USER]) == ("input", "wrong_type")
    assert preference(input={"messages": [USER], "n": 1}) == ("input.n", "unknown_field")
    assert preference(input={"messages": []}) == ("input.messages", "empty")
    assert preference(input={"messages": [USER, ANSWER]}) == (
        "input.messages[1].role", "wrong_role",
    )  # fmt: skip
    assert preference(preferred_output=None) == ("preferred_output", "missing")
    assert preference(preferred_output="Bonjour") == ("preferred_output", "wrong_type")
    assert preference(preferred_output=[USER]) == ("preferred_output[0].role", "wrong_role")
    assert preference(non_preferred_output=[ANSWER]) == ("non_preferred_output", "same_outputs")
    tool = {"role": "tool", "tool_call_id": "call_1", "content": "2"}
    calling = {"role": "assistant", "tool_calls": [CALL]}
    assert preference(preferred_output=[calling, tool]) == ("preferred_output[1].role", "no_answer")


def test_a_fault_says_what_to_write_instead() -> None:
    with pytest.raises(FaultyExample) as caught:
        example(messages=[{"role": "bot", "content": "Hi"}])
    caught.value.line = 7
    assert str(caught.value) == (
        'Line 7, messages[0].role: There is no role "bot". '
        "Write one of system, developer, user, assistant, tool."
    )


# --- whatever comes

WORDS = st.sampled_from(["", "Hello", "user", "assistant", "tool", "{}", "call_1", "\0"])
VALUES = st.none() | st.booleans() | st.integers(-1, 2) | st.floats(allow_nan=False) | WORDS
NAMES = st.sampled_from(
    ["role", "content", "type", "function", "name", "arguments", "id", "parameters", "text", "\0"]
)
JSON = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5)
)
TURN = st.fixed_dictionaries(
    {"role": WORDS, "content": JSON},
    optional={"weight": VALUES, "tool_calls": JSON, "tool_call_id": VALUES, "name": VALUES},
)
ROWS = st.one_of(
    JSON,
    st.fixed_dictionaries({"messages": st.lists(TURN | JSON, max_size=4), "tools": JSON}),
    st.fixed_dictionaries({"prompt": JSON, "completion": JSON}),
    st.fixed_dictionaries(
        {
            "input": JSON | st.fixed_dictionaries({"messages": st.lists(TURN, max_size=2)}),
            "preferred_output": JSON | st.lists(TURN, max_size=2),
            "non_preferred_output": JSON | st.lists(TURN, max_size=2),
        }
    ),
)


@settings(max_examples=400, deadline=None)
@given(ROWS)
def test_any_json_is_an_example_or_a_fault_that_can_be_stored(row: Any) -> None:
    fault = None
    try:
        found = parse_example(orjson.dumps(row))
    except FaultyExample as error:
        fault = error.fault
    if fault is not None:
        assert all([fault.kind, fault.problem, fault.remedy])
        assert "\0" not in str(fault)
        return
    assert digest(found)
    assert found.turns
    assert all(isinstance(text_of(turn), str) for turn in found.turns)
    assert isinstance(tools_text(found), str)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_an_example_or_a_fault(line: bytes) -> None:
    with pytest.raises(FaultyExample):
        parse_example(line)


def test_a_label_judges_the_answer() -> None:
    pair = {"prompt": "a", "completion": "b"}
    chat = example(**pair)
    assert isinstance(chat, Chat)
    assert example(**pair, label=False) == Judged(chat, desirable=False)
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert example(messages=turns, label=True) == Judged(chat, desirable=True)
    for label in ("good", 1, None):
        assert fault(**pair, label=label) == ("label", "wrong_type")
    answers = {"preferred_output": [turns[1]], "non_preferred_output": [turns[1]]}
    preference = {"input": {"messages": [turns[0]]}, **answers}
    assert fault(**preference, label=True) == ("label", "unknown_field")
