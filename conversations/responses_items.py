"""Items of `/v1/responses`: as they are sent, as they are kept, and as a model reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.types import ContentPart, Message
from conversations.responses_schemas import (
    AnyItem,
    FunctionCallItem,
    FunctionCallOutputItem,
    InputFile,
    InputImage,
    ItemReference,
    MessageItem,
    Part,
    ReasoningItem,
    Refusal,
)

Kept = dict[str, Any]
"""An item as the API shows it (OpenAI's ItemResource), which is how it is stored, too."""

PREFIXES = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "reasoning": "rs",
}
HEX_DIGITS = 32
"""A response's id is "resp_" and so many digits; the ids of all its items go on from them."""


class ItemIds:
    """Ids for the items of one response, input and output alike, none twice."""

    def __init__(self, response_id: str) -> None:
        self._digits = response_id.removeprefix("resp_")
        self._numbers = count()

    def next(self, kind: str) -> str:
        return f"{PREFIXES[kind]}_{self._digits}{next(self._numbers):04x}"


def response_of(item_id: str) -> str:
    """The id of the response that an item's id was made for, if this site made it."""
    return f"resp_{item_id.partition('_')[2][:HEX_DIGITS]}"


def kept_items(
    given: str | Sequence[AnyItem], ids: ItemIds, referenced: Mapping[str, Kept]
) -> list[Kept]:
    """The input as it is kept: whole items with ids. `referenced` has the items by their ids."""
    if isinstance(given, str):
        given = [MessageItem(role="user", content=given)]
    return [
        referenced[item.id] if isinstance(item, ItemReference) else _kept(item, ids)
        for item in given
    ]


def _kept(
    item: MessageItem | FunctionCallItem | FunctionCallOutputItem | ReasoningItem, ids: ItemIds
) -> Kept:
    kind = item.type or "message"
    kept: Kept = {"id": item.id or ids.next(kind), "type": kind}
    match item:
        case MessageItem(role=role, content=content):
            kept |= {"role": role, "status": "completed", "content": _kept_content(content, role)}
        case FunctionCallItem():
            kept |= {
                "status": "completed",
                "call_id": item.call_id,
                "name": item.name,
                "arguments": item.arguments,
            }
        case FunctionCallOutputItem(output=output):
            shown = output if isinstance(output, str) else _kept_content(output, "user")
            kept |= {"status": "completed", "call_id": item.call_id, "output": shown}
        case ReasoningItem():
            kept |= item.model_dump(include={"summary", "content", "encrypted_content"})
            if item.content is None:
                del kept["content"]
    return kept


def _kept_content(content: str | Sequence[Part], role: str) -> list[Kept]:
    if isinstance(content, str):
        return [_kept_text(content, role)]
    return [_kept_part(part, role) for part in content]


def _kept_part(part: Part, role: str) -> Kept:
    match part:
        case InputImage(image_url=url, detail=detail):
            return {"type": "input_image", "image_url": url, "detail": detail or "auto"}
        case InputFile():
            kept = {"type": "input_file", "filename": part.filename, "file_data": part.file_data}
            return {name: value for name, value in kept.items() if value is not None}
        case Refusal(refusal=refusal) if role == "assistant":
            return {"type": "refusal", "refusal": refusal}
        case Refusal(refusal=text):
            return _kept_text(text, role)
        case _:
            return _kept_text(part.text, role)


def _kept_text(text: str, role: str) -> Kept:
    if role == "assistant":
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"type": "input_text", "text": text}


# --- what the model reads


def messages_of(items: Iterable[Kept]) -> list[Message]:
    """The chat messages that items amount to.

    Reasoning is not shown to the model again, nor is a function call that broke off. Raises
    InvalidRequest for a function's output that belongs to no call before it.
    """
    messages: list[Message] = []
    called: set[str] = set()
    for item in items:
        match item["type"]:
            case "message":
                messages.append(Message(item["role"], _content(item["content"])))
            case "function_call" if item["status"] == "completed":
                called.add(item["call_id"])
                _add_call(messages, item)
            case "function_call_output":
                if item["call_id"] not in called:
                    raise InvalidRequest(
                        f"No function call found for the output with call_id '{item['call_id']}'.",
                        param="input",
                        code="invalid_value",
                    )
                output = item["output"]
                content = output if isinstance(output, str) else _content(output)
                messages.append(Message("tool", content, {"tool_call_id": item["call_id"]}))
    return messages


def _add_call(messages: list[Message], item: Kept) -> None:
    """Add a call to the assistant's turn that it belongs to: chat messages hold several."""
    call = {
        "id": item["call_id"],
        "type": "function",
        "function": {"name": item["name"], "arguments": item["arguments"]},
    }
    if messages and messages[-1].role == "assistant":
        turn = messages.pop()
        calls = [*turn.extra.get("tool_calls", ()), call]
        messages.append(Message("assistant", turn.content, {"tool_calls": calls}))
    else:
        messages.append(Message("assistant", "", {"tool_calls": [call]}))


def _content(parts: Sequence[Kept]) -> str | tuple[ContentPart, ...]:
    texts = [text for text in map(_text_of, parts) if text is not None]
    if len(texts) == len(parts):
        return "\n".join(texts)
    return tuple(_shown(parts))


def _text_of(part: Kept) -> str | None:
    text: str | None = part.get("text", part.get("refusal"))
    return text


def _shown(parts: Sequence[Kept]) -> Iterator[ContentPart]:
    for part in parts:
        match part["type"]:
            case "input_image":
                picture = {"url": part["image_url"], "detail": part["detail"]}
                yield {"type": "image_url", "image_url": picture}
            case "input_file":
                file = {name: part[name] for name in ("filename", "file_data") if name in part}
                yield {"type": "file", "file": file}
            case _:
                yield {"type": "text", "text": _text_of(part)}
