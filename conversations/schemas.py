"""The bodies that the chat API accepts: OpenAI's, with its bounds, null meaning "not given".

The package's own TypedDicts let malformed messages through unread; these do not.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chatsite.backend.types import ChatRequest, Message


def _refuse(value: Any) -> None:
    if value is not None:
        raise PydanticCustomError("unsupported", "this site does not offer it; leave it out")


Unsupported = Annotated[Any, AfterValidator(_refuse)]
NonEmpty = Annotated[str, StringConstraints(min_length=1)]
FunctionName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
PersonName = Annotated[str, StringConstraints(pattern=r"^[^\s<|\\/>]{1,64}$")]
StopString = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Bias = Annotated[float, Field(ge=-100, le=100)]


def _token_ids(biases: dict[str, float]) -> dict[str, float]:
    for token in biases:
        if not (token.isascii() and token.isdecimal() and len(token) <= 10):
            raise ValueError(f"{token[:20]!r} is not the number of a token")
    return biases


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TextPart(Body):
    type: Literal["text"]
    text: str


class RefusalPart(Body):
    type: Literal["refusal"]
    refusal: str


class ImageURL(Body):
    url: NonEmpty
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(Body):
    type: Literal["image_url"]
    image_url: ImageURL


class AudioPart(Body):
    type: Literal["input_audio"]
    input_audio: dict[str, Any]


class FilePart(Body):
    type: Literal["file"]
    file: dict[str, Any]


TextParts = Annotated[list[TextPart], Field(min_length=1)]
UserPart = Annotated[TextPart | ImagePart | AudioPart | FilePart, Field(discriminator="type")]
AssistantPart = Annotated[TextPart | RefusalPart, Field(discriminator="type")]


class SystemMessage(Body):
    role: Literal["system", "developer"]
    content: str | TextParts
    name: PersonName | None = None


class UserMessage(Body):
    role: Literal["user"]
    content: str | Annotated[list[UserPart], Field(min_length=1)]
    name: PersonName | None = None


class CalledFunction(Body):
    name: FunctionName
    arguments: str


class ToolCall(Body):
    # Clients send back what a stream gave them, its `index` included.
    model_config = ConfigDict(extra="ignore", strict=True)

    id: NonEmpty
    type: Literal["function"]
    function: CalledFunction


class AssistantMessage(Body):
    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["assistant"]
    content: str | Annotated[list[AssistantPart], Field(min_length=1)] | None = None
    refusal: str | None = None
    name: PersonName | None = None
    tool_calls: list[ToolCall] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> AssistantMessage:
        if self.content is None and not self.tool_calls and self.refusal is None:
            raise ValueError("an assistant message needs content or tool_calls")
        return self


class ToolMessage(Body):
    # Older examples of OpenAI's add the tool's name.
    model_config = ConfigDict(extra="ignore", strict=True)

    role: Literal["tool"]
    content: str | TextParts
    tool_call_id: NonEmpty


AnyMessage = Annotated[
    SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")
]


class StreamOptions(Body):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Function(Body):
    name: FunctionName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Body):
    type: Literal["function"]
    function: Function


class FunctionChoice(Body):
    name: FunctionName


class NamedTool(Body):
    type: Literal["function"]
    function: FunctionChoice


class JSONSchema(Body):
    name: FunctionName
    description: str | None = None
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool | None = None


class TextFormat(Body):
    type: Literal["text"]


class JSONObjectFormat(Body):
    type: Literal["json_object"]


class JSONSchemaFormat(Body):
    type: Literal["json_schema"]
    json_schema: JSONSchema


ResponseFormat = Annotated[
    TextFormat | JSONObjectFormat | JSONSchemaFormat, Field(discriminator="type")
]


class ChatCompletionBody(Body):
    """`POST /v1/chat/completions`."""

    model: NonEmpty
    messages: Annotated[list[AnyMessage], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)] | None = None
    stop: StopString | Annotated[list[StopString], Field(max_length=4)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    logit_bias: Annotated[dict[str, Bias], AfterValidator(_token_ids)] | None = None
    response_format: ResponseFormat | None = None
    tools: Annotated[list[Tool], Field(min_length=1, max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    modalities: Annotated[list[Literal["text"]], Field(min_length=1)] | None = None
    # What vLLM, Ollama and llama.cpp know beyond OpenAI's parameters.
    top_k: Annotated[int, Field(ge=-1, le=2**31 - 1)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    # Accepted, because official clients send them, and without an effect here.
    prediction: dict[str, Any] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: dict[str, Any] | None = None
    safety_identifier: str | None = None
    moderation: dict[str, Any] | None = None
    # Official, and beyond what is served here: refused by name instead of as unknown.
    audio: Unsupported = None
    functions: Unsupported = None
    function_call: Unsupported = None
    web_search_options: Unsupported = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    store: bool | None = None
    service_tier: str | None = None

    @model_validator(mode="after")
    def _options_agree(self) -> ChatCompletionBody:
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options is allowed only when stream is true")
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs to be true")
        if self.max_tokens is not None and self.max_completion_tokens is not None:
            raise ValueError("max_tokens and max_completion_tokens are not allowed together")
        if self.tool_choice is not None and not self.tools:
            raise ValueError("tool_choice is allowed only when tools are given")
        if isinstance(self.tool_choice, NamedTool):
            wanted = self.tool_choice.function.name
            if wanted not in {tool.function.name for tool in self.tools or ()}:
                raise ValueError(f"tool_choice names a function that tools do not have: {wanted}")
        return self

    @model_validator(mode="after")
    def _calls_are_answered(self) -> ChatCompletionBody:
        """Tool messages answer the calls before them, each one, as the models were trained."""
        open_calls: set[str] = set()
        for number, message in enumerate(self.messages):
            if isinstance(message, ToolMessage):
                if message.tool_call_id not in open_calls:
                    raise ValueError(
                        f"messages[{number}], with the role tool, must follow an assistant "
                        "message whose tool_calls have its tool_call_id"
                    )
                open_calls.discard(message.tool_call_id)
                continue
            if open_calls:
                break
            if isinstance(message, AssistantMessage):
                open_calls = {call.id for call in message.tool_calls or ()}
        if open_calls:
            raise ValueError(
                "an assistant message with tool_calls must be followed by tool messages for each "
                f"tool_call_id; missing: {', '.join(sorted(open_calls))}"
            )
        return self

    def request(self) -> ChatRequest:
        """The request that the pipeline answers; what only this site reads is left out."""
        params = self.model_dump(include=PASSED_ON, exclude_none=True, by_alias=True)
        return ChatRequest(
            model=self.model,
            messages=tuple(_message(m) for m in self.messages),
            params=params,
            max_tokens=self.max_completion_tokens or self.max_tokens,
            n=self.n or 1,
        )


PASSED_ON = {
    "temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "stop", "logprobs",
    "top_logprobs", "logit_bias", "response_format", "tools", "tool_choice", "parallel_tool_calls",
    "reasoning_effort", "verbosity", "top_k", "min_p",
}  # fmt: skip


def _message(message: SystemMessage | UserMessage | AssistantMessage | ToolMessage) -> Message:
    fields = message.model_dump(exclude_none=True)
    role = fields.pop("role")
    content = fields.pop("content", "")
    if isinstance(content, list):
        if all(part["type"] == "text" for part in content):
            content = "\n".join(part["text"] for part in content)
        else:
            content = tuple(content)
    return Message(role, content, fields)
