"""A line of a training file to an Example, in OpenAI's formats for fine-tuning.

Three forms are read: `messages` (supervised), `input` with `preferred_output` and
`non_preferred_output` (preferences), and the old `prompt` with `completion`. A `label` of true or
false beside `messages` or `completion` judges the answer, as TRL's unpaired preferences have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast, get_args

import orjson

from chatsite.backend.datasets.examples import Chat, ChatTurn, Example, Judged, Preference
from chatsite.backend.datasets.report import Fault, Format
from chatsite.backend.types import Role

_ROLES = get_args(Role)
_FORMS: Mapping[str, Format] = {
    "messages": "chat",
    "prompt": "completion",
    "completion": "completion",
    "input": "preference",
    "preferred_output": "preference",
    "non_preferred_output": "preference",
}
_FIELDS = {
    "chat": {"messages", "tools", "parallel_tool_calls", "label"},
    "completion": {"prompt", "completion", "label"},
    "preference": {"input", "preferred_output", "non_preferred_output"},
}
_TURN = '{"role": "user", "content": "..."}'
_ANSWER = '{"role": "assistant", "content": "..."}'
_CHAT = f'{{"messages": [{_TURN}, {_ANSWER}]}}'
_FUNCTION = '{"name": "...", "parameters": {"type": "object", "properties": {}}}'
_TOOL = f'{{"type": "function", "function": {_FUNCTION}}}'
_CALLED = '{"name": "...", "arguments": "{}"}'
_CALL = f'{{"id": "call_1", "type": "function", "function": {_CALLED}}}'
_OLDER = {
    "functions": f'Write "tools": [{_TOOL}] instead.',
    "function_call": f'Write "tool_calls": [{_CALL}] instead.',
}
_ONE_A_LINE = (
    "Write one example a line, each in its own { }, with no list around them and no commas between."
)


class FaultyExample(ValueError):
    """A line that is no example; `line` is 0 where it is not known which."""

    def __init__(self, field: str, kind: str, problem: str, remedy: str) -> None:
        super().__init__(field, kind, problem, remedy)
        self.line = 0

    @property
    def fault(self) -> Fault:
        field, kind, problem, remedy = self.args
        return Fault(self.line, field, kind, problem, remedy)

    def __str__(self) -> str:
        return str(self.fault)


def parse_example(line: bytes | None) -> Example:
    """The example on a line, None being one that is too long. Raises FaultyExample."""
    return read_form(line)[1]


def read_form(line: bytes | None) -> tuple[Format, Example]:
    """The form that a line has, and the example on it. Raises FaultyExample."""
    fields = _object_on(line)
    # The form that the most of its fields are of: one that was forgotten is then named.
    forms = [_FORMS[name] for name in fields if name in _FORMS]
    if not forms:
        _fault("", "unknown_format", "There are no messages and no prompt.", f"Write {_CHAT}.")
    form = max(sorted(set(forms)), key=forms.count)
    _require_known(fields, _FIELDS[form], "", "this format")
    if form == "preference":
        return form, _preference(fields)
    chat = _chat(fields) if form == "chat" else _completion(fields)
    if "label" in fields:
        return "judged", _judged(chat, fields["label"])
    return form, chat


def _object_on(line: bytes | None) -> dict[str, Any]:
    if line is None:
        _fault("", "too_long", "The line is too long.", "Split it into several examples.")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            line.decode()
        except UnicodeDecodeError:
            _fault("", "not_utf8", "This is not text in UTF-8.", "Save the file as UTF-8.")
        if line.lstrip()[:1] == b"[":
            _fault("", "not_json", "A list does not end on its line.", _ONE_A_LINE)
        reason = error.msg[:1].upper() + error.msg[1:]
        _fault("", "not_json", f"This is not JSON: {reason}.", _ONE_A_LINE)
    if not isinstance(value, dict):
        _fault("", "not_an_object", f"This is {_kind(value)}, not an object.", _ONE_A_LINE)
    return cast("dict[str, Any]", value)


def _chat(fields: Mapping[str, Any]) -> Chat:
    messages = _turns(fields, "messages", "messages")
    if messages[-1].role != "assistant":
        _fault(
            f"messages[{len(messages) - 1}].role",
            "no_answer",
            f"The last message is the {messages[-1].role}'s.",
            "End with the assistant's message: it is what the model is to learn.",
        )
    if not any(turn.weight for turn in messages if turn.role == "assistant"):
        _fault(
            "messages",
            "nothing_to_learn",
            "Every answer has the weight 0.",
            'Give one of them "weight": 1, or leave the weights out.',
        )
    return Chat(messages, _tools(fields, ""))


def _completion(fields: Mapping[str, Any]) -> Chat:
    # These used to begin with a space and to end with a mark that a chat has no use for.
    prompt, completion = (
        _words(fields, name, name, 'Write {"prompt": "...", "completion": "..."}.').strip()
        for name in ("prompt", "completion")
    )
    return Chat((ChatTurn("user", prompt), ChatTurn("assistant", completion)))


def _judged(chat: Chat, label: Any) -> Judged:
    if not isinstance(label, bool):
        problem = f"It is {_quoted(label)}."
        _fault("label", "wrong_type", problem, "Write true for a good answer, false for a bad one.")
    return Judged(chat, label)


def _preference(fields: Mapping[str, Any]) -> Preference:
    given = fields.get("input")
    if not isinstance(given, dict):
        problem = "missing" if given is None else f"{_kind(given)}, not an object"
        remedy = 'Write "input": {"messages": [{"role": "user", "content": "..."}]}.'
        _fault(
            "input", "wrong_type" if given is not None else "missing", f"It is {problem}.", remedy
        )
    _require_known(given, _FIELDS["chat"] - {"label"}, "input.", "an input")
    asked = _turns(given, "messages", "input.messages")
    if asked[-1].role not in ("user", "tool"):
        _fault(
            f"input.messages[{len(asked) - 1}].role",
            "wrong_role",
            f"The last message of the input is the {asked[-1].role}'s.",
            "End the input with the user's message; the answers stand in the two outputs.",
        )
    preferred = _output(fields, "preferred_output")
    rejected = _output(fields, "non_preferred_output")
    if preferred == rejected:
        _fault(
            "non_preferred_output",
            "same_outputs",
            "Both outputs are the same.",
            "Give two answers that differ, or leave this example out.",
        )
    return Preference(asked, preferred, rejected, _tools(given, "input."))


def _output(fields: Mapping[str, Any], name: str) -> tuple[ChatTurn, ...]:
    turns = _turns(fields, name, name, help_=f"Write [{_ANSWER}].")
    for number, turn in enumerate(turns):
        if turn.role not in ("assistant", "tool"):
            problem = f"A message of the {turn.role} stands in an output."
            _fault(f"{name}[{number}].role", "wrong_role", problem, f"Write [{_ANSWER}].")
    if turns[-1].role != "assistant":
        problem = "It does not end with the assistant's message."
        _fault(f"{name}[{len(turns) - 1}].role", "no_answer", problem, f"Write [{_ANSWER}].")
    return turns


# --- turns


def _turns(
    fields: Mapping[str, Any], name: str, place: str, *, help_: str = f"Write [{_TURN}, {_ANSWER}]."
) -> tuple[ChatTurn, ...]:
    given = _list(fields, name, place, help_)
    if not given:
        _fault(place, "empty", "The list is empty.", help_)
    turns = []
    open_calls: set[str] = set()
    for number, item in enumerate(given):
        where = f"{place}[{number}]"
        turn = _turn(item, where)
        if turn.role == "tool":
            if turn.tool_call_id not in open_calls:
                _fault(
                    f"{where}.tool_call_id",
                    "tool_order",
                    f"No message before it calls {_quoted(turn.tool_call_id)}.",
                    "Put it behind an assistant's message whose tool_calls have that id.",
                )
            open_calls.discard(turn.tool_call_id)
        turns.append(turn)
        open_calls |= {call["id"] for call in turn.tool_calls}
    return tuple(turns)


_TURN_FIELDS = {
    "role", "content", "name", "weight", "tool_calls", "tool_call_id", "refusal",
}  # fmt: skip


def _turn(item: Any, where: str) -> ChatTurn:
    if not isinstance(item, dict):
        _fault(where, "wrong_type", f"It is {_kind(item)}, not an object.", f"Write {_TURN}.")
    role = cast("Role", item.get("role"))
    if role not in _ROLES:
        problem = "It is missing." if role is None else f"There is no role {_quoted(role)}."
        kind = "missing" if role is None else "wrong_role"
        _fault(f"{where}.role", kind, problem, f"Write one of {', '.join(_ROLES)}.")
    _require_known(item, _TURN_FIELDS, f"{where}.", "a message")
    calls = _calls(item, role, where)
    # A refusal is an answer like any other, only in another field.
    spoken = "refusal" if item.get("content") is None and item.get("refusal") else "content"
    if calls and item.get(spoken) in (None, ""):
        content = ""
    else:
        content = _content(item, spoken, f"{where}.{spoken}")
    call_id = item.get("tool_call_id")
    if role == "tool":
        call_id = _words(item, "tool_call_id", f"{where}.tool_call_id", "Name the call it answers.")
    elif call_id is not None:
        _fault(
            f"{where}.tool_call_id",
            "wrong_role",
            "Only a tool's message has one.",
            'Leave it out, or write "role": "tool".',
        )
    name = item.get("name")
    if name is not None and not isinstance(name, str):
        _fault(f"{where}.name", "wrong_type", f"It is {_kind(name)}.", "Write a text.")
    return ChatTurn(role, content, _weight(item, role, where), name, calls, call_id)


def _content(item: Mapping[str, Any], name: str, where: str) -> str:
    """A text, or the texts of a list of parts."""
    given = item.get(name)
    if not isinstance(given, list):
        return _words(item, name, where, 'Write "content": "...".')
    texts = []
    for number, part in enumerate(given):
        kind = part.get("type") if isinstance(part, dict) else None
        if kind != "text" or not isinstance(part.get("text"), str):
            _fault(
                f"{where}[{number}]",
                "not_text",
                "Only text can be learnt from here, no pictures and no files.",
                'Write {"type": "text", "text": "..."}, or leave this example out.',
            )
        texts.append(part["text"])
    return _words({name: "\n".join(texts)}, name, where, 'Write "content": "...".')


def _weight(item: Mapping[str, Any], role: Role, where: str) -> int:
    weight = item.get("weight")
    if weight is None:
        return 1
    if role != "assistant":
        problem = f"A message of the {role} has no weight."
        _fault(f"{where}.weight", "weight", problem, "Leave it out: only answers are learnt.")
    if isinstance(weight, bool) or weight not in (0, 1):
        problem = f"It is {_quoted(weight)}."
        remedy = "Write 0 for an answer that is not to be learnt, else 1."
        _fault(f"{where}.weight", "weight", problem, remedy)
    return int(weight)


# --- tools


def _calls(item: Mapping[str, Any], role: Role, where: str) -> tuple[Mapping[str, Any], ...]:
    if item.get("tool_calls") is None:
        return ()
    place = f"{where}.tool_calls"
    if role != "assistant":
        problem = f"A message of the {role} calls no tools."
        _fault(place, "wrong_role", problem, 'Leave them out, or write "role": "assistant".')
    calls = _list(item, "tool_calls", place, f"Write [{_CALL}].")
    for number, call in enumerate(calls):
        at = f"{place}[{number}]"
        function = _function(call, at, f"Write {_CALL}.")
        _words(call, "id", f"{at}.id", f"Write {_CALL}.")
        if not _is_json_object(function.get("arguments")):
            _fault(
                f"{at}.function.arguments",
                "arguments",
                "They are not a JSON object written as a text.",
                'Write "arguments": "{\\"name\\": \\"value\\"}".',
            )
    return tuple(calls)


def _tools(fields: Mapping[str, Any], prefix: str) -> tuple[Mapping[str, Any], ...]:
    if fields.get("tools") is None:
        return ()
    place = f"{prefix}tools"
    tools = _list(fields, "tools", place, f"Write [{_TOOL}].")
    for number, tool in enumerate(tools):
        function = _function(tool, f"{place}[{number}]", f"Write {_TOOL}.")
        parameters = function.get("parameters")
        if parameters is not None and not isinstance(parameters, dict):
            where = f"{place}[{number}].function.parameters"
            problem = f"They are {_kind(parameters)}, not an object."
            _fault(where, "wrong_type", problem, 'Write a JSON schema: {"type": "object", ...}.')
    return tuple(tools)


def _function(item: Any, where: str, help_: str) -> Mapping[str, Any]:
    function = item.get("function") if isinstance(item, dict) else None
    if not isinstance(function, dict) or item.get("type", "function") != "function":
        _fault(where, "wrong_type", "It is not a function.", help_)
    _words(function, "name", f"{where}.function.name", help_)
    try:
        orjson.dumps(item)
    except orjson.JSONEncodeError:
        _fault(where, "too_deep", "It is nested too deep.", "Describe it with fewer levels.")
    return function


def _is_json_object(text: Any) -> bool:
    try:
        return isinstance(text, str) and isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


# --- single values


def _words(fields: Mapping[str, Any], name: str, where: str, remedy: str) -> str:
    """A text that is not empty."""
    given = fields.get(name)
    if given is None:
        _fault(where, "missing", "It is missing.", remedy)
    if not isinstance(given, str):
        _fault(where, "wrong_type", f"It is {_kind(given)}, not a text.", remedy)
    if not given.strip():
        _fault(where, "empty", "It is empty.", remedy)
    return given


def _list(fields: Mapping[str, Any], name: str, where: str, remedy: str) -> Sequence[Any]:
    given = fields.get(name)
    if given is None:
        _fault(where, "missing", "It is missing.", remedy)
    if not isinstance(given, list):
        _fault(where, "wrong_type", f"It is {_kind(given)}, not a list.", remedy)
    return given


def _require_known(fields: Mapping[str, Any], known: set[str], prefix: str, of: str) -> None:
    for name in fields:
        if name not in known:
            advice = _OLDER.get(name, "Leave it out, or mend its spelling.")
            problem = f"{_quoted(name)} is not a field of {of}."
            shown = "".join(c for c in name[:60] if c.isprintable())
            _fault(f"{prefix}{shown}", "unknown_field", problem, advice)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")


def _quoted(value: Any) -> str:
    """The value as it stands in the file, if it is short."""
    if isinstance(value, list | dict):
        return _kind(value)
    shown = orjson.dumps(value).decode()
    return shown if len(shown) <= 40 else f"{shown[:40]}..."


def _fault(field: str, kind: str, problem: str, remedy: str) -> NoReturn:
    raise FaultyExample(field, kind, problem, remedy)
