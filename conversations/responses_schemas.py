"""The body that `POST /v1/responses` accepts: OpenAI's, with its bounds, null meaning "not given".

Tags that begin with "~" name the branches of a union: they are no part of a value's place, and the
gateway leaves them out of the path that an error names.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chatsite.bodies import Body, JSONObject, Metadata, NonEmpty, Unsupported
from conversations.message_schemas import FunctionName, PictureAddress
from conversations.schemas import JSONObjectFormat, TextFormat

MAX_TOOLS = 128


def _branch(value: Any, name: str = "type") -> Any:
    """The tag of a union's branch that a value, sent or already read, is meant for."""
    given = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    return f"~{given}" if isinstance(given, str) else None


def _refused_with(advice: str) -> AfterValidator:
    """Refuse any value but null, in words that say what to do instead."""

    def refuse(value: Any) -> None:
        if value is not None:
            raise PydanticCustomError("unsupported", "{advice}", {"advice": advice})

    return AfterValidator(refuse)


# --- items of the input


class Item(BaseModel):
    """Something said before. Clients send back what replies gave them, with all its fields."""

    model_config = ConfigDict(extra="ignore", strict=True)


class InputText(Item):
    type: Literal["input_text"]
    text: str


class OutputText(Item):
    type: Literal["output_text"]
    text: str


class Refusal(Item):
    type: Literal["refusal"]
    refusal: str


class InputImage(Item):
    type: Literal["input_image"]
    file_id: Annotated[Any, _refused_with("send the picture itself as image_url")] = None
    image_url: PictureAddress
    detail: Literal["auto", "low", "high", "original"] | None = None


class InputFile(Item):
    type: Literal["input_file"]
    file_id: Annotated[Any, _refused_with("send the file itself as file_data")] = None
    file_url: Annotated[Any, _refused_with("send the file itself as file_data")] = None
    file_data: NonEmpty
    filename: str | None = None


Part = Annotated[
    Annotated[InputText, Tag("~input_text")]
    | Annotated[OutputText, Tag("~output_text")]
    | Annotated[Refusal, Tag("~refusal")]
    | Annotated[InputImage, Tag("~input_image")]
    | Annotated[InputFile, Tag("~input_file")],
    Discriminator(
        _branch,
        custom_error_type="part_kind",
        custom_error_message=(
            "a part must be of the type input_text, input_image, input_file, output_text or refusal"
        ),
    ),
]


class MessageItem(Item):
    type: Literal["message"] | None = None
    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[Part]
    id: NonEmpty | None = None

    @model_validator(mode="after")
    def _pictures_are_shown_to_the_model(self) -> MessageItem:
        shown = not isinstance(self.content, str) and any(
            isinstance(part, InputImage | InputFile) for part in self.content
        )
        if shown and self.role == "assistant":
            raise ValueError("a message of the assistant has texts only")
        return self


class FunctionCallItem(Item):
    type: Literal["function_call"]
    call_id: NonEmpty
    name: NonEmpty
    arguments: str
    id: NonEmpty | None = None


class FunctionCallOutputItem(Item):
    type: Literal["function_call_output"]
    call_id: NonEmpty
    output: str | list[Part]
    id: NonEmpty | None = None


class SummaryText(Item):
    type: Literal["summary_text"]
    text: str


class ReasoningText(Item):
    type: Literal["reasoning_text"]
    text: str


class ReasoningItem(Item):
    type: Literal["reasoning"]
    summary: list[SummaryText] = []
    content: list[ReasoningText] | None = None
    encrypted_content: str | None = None
    id: NonEmpty | None = None


class ItemReference(Item):
    type: Literal["item_reference"] | None = None
    id: NonEmpty


def _item_kind(value: Any) -> Any:
    if isinstance(value, dict) and value.get("type") is None:
        return "~message" if "role" in value else "~item_reference" if "id" in value else None
    return _branch(value)


AnyItem = Annotated[
    Annotated[MessageItem, Tag("~message")]
    | Annotated[FunctionCallItem, Tag("~function_call")]
    | Annotated[FunctionCallOutputItem, Tag("~function_call_output")]
    | Annotated[ReasoningItem, Tag("~reasoning")]
    | Annotated[ItemReference, Tag("~item_reference")],
    Discriminator(
        _item_kind,
        custom_error_type="item_kind",
        custom_error_message=(
            "an item must be a message, or of the type function_call, function_call_output, "
            "reasoning or item_reference"
        ),
    ),
]


# --- tools


def _own_tool(kind: Any) -> Any:
    if isinstance(kind, str) and kind != "function":
        raise PydanticCustomError(
            "unsupported",
            "this site has no built-in tool '{kind}'; offer a tool of the type 'function' and run "
            "it yourself",
            {"kind": kind},
        )
    return kind


class FunctionTool(Body):
    type: Annotated[Literal["function"], BeforeValidator(_own_tool)]
    name: FunctionName
    description: str | None = None
    parameters: JSONObject | None = None
    strict: bool | None = None
    # Official, for many or programmatic tools; here the model is shown all of them at once.
    defer_loading: bool | None = None
    output_schema: JSONObject | None = None
    allowed_callers: list[Literal["direct"]] | None = None


class NamedFunction(Body):
    type: Literal["function"]
    name: FunctionName


class AllowedTools(Body):
    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: Annotated[list[NamedFunction], Field(min_length=1, max_length=MAX_TOOLS)]


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("~mode")]
    | Annotated[NamedFunction, Tag("~function")]
    | Annotated[AllowedTools, Tag("~allowed_tools")],
    Discriminator(
        lambda value: "~mode" if isinstance(value, str) else _branch(value),
        custom_error_type="tool_choice_kind",
        custom_error_message=(
            "it must be none, auto or required, or an object of the type function or allowed_tools"
        ),
    ),
]


# --- what the answer is to be like


class SchemaFormat(Body):
    type: Literal["json_schema"]
    name: FunctionName
    schema_: JSONObject = Field(alias="schema")
    description: str | None = None
    strict: bool | None = None


Format = Annotated[
    Annotated[TextFormat, Tag("~text")]
    | Annotated[JSONObjectFormat, Tag("~json_object")]
    | Annotated[SchemaFormat, Tag("~json_schema")],
    Discriminator(
        _branch,
        custom_error_type="format_kind",
        custom_error_message="it must be of the type text, json_object or json_schema",
    ),
]


class TextOptions(Body):
    format: Format | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class ReasoningOptions(Body):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    # Reasoning is shown as the model wrote it, so there is nothing to sum up or to leave out.
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    mode: str | None = None


class ResponseStreamOptions(Body):
    include_obfuscation: bool | None = None


LOGPROBS = "message.output_text.logprobs"
Include = Literal[
    "message.output_text.logprobs",
    "message.input_image.image_url",
    "reasoning.encrypted_content",
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
]


def _in_the_foreground(background: bool) -> bool:
    if background:
        raise PydanticCustomError(
            "unsupported", "this site answers while you wait; leave it out, and stream instead"
        )
    return background


class ResponseBody(Body):
    """`POST /v1/responses`."""

    model: NonEmpty
    input: str | Annotated[list[AnyItem], Field(min_length=1)]
    instructions: str | None = None
    previous_response_id: str | None = None
    stream: bool | None = None
    stream_options: ResponseStreamOptions | None = None
    store: bool | None = None
    metadata: Metadata | None = None
    max_output_tokens: Annotated[int, Field(ge=16)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    include: list[Include] | None = None
    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    tools: Annotated[list[FunctionTool], Field(max_length=MAX_TOOLS)] | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    truncation: Literal["auto", "disabled"] | None = None
    # Accepted, because official clients send them, and without an effect here.
    max_tool_calls: Annotated[int, Field(ge=1)] | None = None
    user: str | None = None
    safety_identifier: Annotated[str, StringConstraints(max_length=64)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    prompt_cache_options: dict[str, Any] | None = None
    service_tier: (
        Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None
    ) = None
    background: Annotated[bool, AfterValidator(_in_the_foreground)] | None = None
    # Official, and beyond what is served here: refused by name instead of as unknown.
    conversation: Annotated[
        Any, _refused_with("this site keeps chains of responses: use previous_response_id")
    ] = None
    prompt: Unsupported = None
    context_management: Unsupported = None
    moderation: Unsupported = None

    @model_validator(mode="after")
    def _options_agree(self) -> ResponseBody:
        if self.stream_options is not None and not self.stream:
            raise ValueError("stream_options is allowed only when stream is true")
        return self
