"""The ChatML form in which the starter model reads and writes a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

END_OF_TEXT = "<|endoftext|>"
TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"
SPECIAL_TOKENS = (END_OF_TEXT, TURN_START, TURN_END)

# The generation marks tell trl which words are the assistant's; llama.cpp does not know them and
# the conversion to GGUF takes them out.
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' }}"
    "{%- if message['role'] == 'assistant' %}"
    "{%- generation %}{{- message['content'] + '<|im_end|>' }}{%- endgeneration %}"
    "{%- else %}"
    "{{- message['content'] + '<|im_end|>' }}"
    "{%- endif %}"
    "{{- '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


class Turn(TypedDict):
    """One message of a training conversation."""

    role: str
    content: str


def render(messages: Sequence[Turn]) -> str:
    """The conversation as text, exactly as CHAT_TEMPLATE renders it."""
    return "".join(f"{TURN_START}{m['role']}\n{m['content']}{TURN_END}\n" for m in messages)
