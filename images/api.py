"""Pictures under /v1: OpenAI's three ways to make them, the simplest one, and one's own."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router
from ninja.errors import ValidationError
from pydantic import BaseModel, TypeAdapter
from pydantic import ValidationError as Malformed

from accounts.types import Caller
from chatsite.backend.errors import BackendError, InvalidRequest, UpstreamTimeout
from chatsite.backend.imaging.files import LARGEST_BYTES
from chatsite.http import event_stream, json_response, sse
from chatsite.jobs import State
from chatsite.paging import DEFAULT_LIMIT, MAX_LIMIT, list_body, page
from images import schemas, selectors, services, storing
from images.links import signed_url
from images.models import Drawing, Operation, Picture
from images.schemas import GenerationBody
from images.tasks import draw
from images.types import Order

router = Router(tags=["Images"])

LOOK = 0.1
"""Seconds between two looks at a drawing that is waited for."""

BodyT = TypeVar("BodyT", bound=BaseModel)
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class NotFound(BackendError):
    """There is no such picture, or it is somebody else's."""

    status = 404
    type = "invalid_request_error"


class DrawingFailed(BackendError):
    """What the worker says of a drawing that failed, with the status that it had there."""

    def __init__(self, drawing: Drawing) -> None:
        failure = drawing.failure
        super().__init__(drawing.error, param=failure.get("param"), code=failure.get("code"))
        self.status = int(failure.get("status") or 500)
        self.type = str(failure.get("type") or "server_error")


@router.post("/images/generations", summary="Make pictures from words")
async def generate(request: HttpRequest, body: GenerationBody) -> HttpResponseBase:
    drawing = await _order(request, body, Operation.GENERATION, prompt=body.prompt)
    return await _reply(request, drawing, body)


@router.post("/generate-image", summary="Make pictures from words, in the simplest way")
async def generate_image(request: HttpRequest, body: GenerationBody) -> HttpResponseBase:
    """The reply has the first picture's link as `image_url`, too."""
    if body.stream:
        raise InvalidRequest(
            "This endpoint does not stream: POST /v1/images/generations does.",
            param="stream",
            code="unsupported_parameter",
        )
    drawing = await _finished(await _order(request, body, Operation.GENERATION, prompt=body.prompt))
    reply = await sync_to_async(_made)(request, drawing, body)
    first = await sync_to_async(lambda: drawing.pictures.order_by("index").first())()
    return json_response(reply | {"image_url": signed_url(request, first) if first else None})


@router.post("/images/edits", summary="Change a picture, or make one from several")
async def edit(request: HttpRequest) -> HttpResponseBase:
    """A form with `image` (or several `image[]`), `prompt`, perhaps `mask`, and options."""
    body, images, mask = await sync_to_async(_form)(request, schemas.EDIT)
    drawing = await _order(
        request, body, Operation.EDIT, prompt=body.prompt, images=images, mask=mask
    )
    return await _reply(request, drawing, body)


@router.post("/images/variations", summary="Make other versions of a picture")
async def vary(request: HttpRequest) -> HttpResponseBase:
    """A form with `image` and options."""
    body, images, _ = await sync_to_async(_form)(request, schemas.VARIATION)
    drawing = await _order(request, body, Operation.VARIATION, images=images[:1])
    return await _reply(request, drawing, body)


@router.get("/images", summary="List your pictures")
async def list_pictures(
    request: HttpRequest, limit: Limit = DEFAULT_LIMIT, after: str | None = None
) -> HttpResponseBase:
    found = await sync_to_async(_page)(_caller(request), limit, after)
    return json_response(list_body(found, lambda picture: _body(request, picture)))


@router.get("/images/{picture_id}", summary="Look up one of your pictures")
async def get_picture(request: HttpRequest, picture_id: str) -> HttpResponseBase:
    picture = await sync_to_async(_own)(_caller(request), picture_id)
    return json_response(_body(request, picture))


# --- orders


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return caller


async def _order(request: HttpRequest, body: Any, operation: Operation, **more: Any) -> Drawing:
    """Order a drawing and send for a worker. Raises BackendError."""
    order = Order(
        operation.value,
        model=body.model or "",
        n=body.n or 1,
        size=body.size,
        seed=body.seed,
        params=schemas.parameters(body),
        request_id=request.request_id,  # type: ignore[attr-defined]  # set by the gateway
        **more,
    )
    drawing = await services.order(_caller(request), order)
    await sync_to_async(draw.delay)(str(drawing.id))
    return drawing


async def _finished(drawing: Drawing) -> Drawing:
    """The drawing when it has ended. Raises BackendError where it failed or takes too long."""
    until = time.monotonic() + settings.PICTURE_WAIT
    while time.monotonic() < until:
        await asyncio.sleep(LOOK)
        drawing = await Drawing.objects.aget(id=drawing.id)
        if not drawing.active:
            return _require_done(drawing)
    raise UpstreamTimeout(
        f"Drawing {drawing.id} takes longer than {settings.PICTURE_WAIT} s. It goes on, and its "
        "pictures will be in your gallery and in GET /v1/images.",
    )


def _require_done(drawing: Drawing) -> Drawing:
    if drawing.state == State.FAILED:
        raise DrawingFailed(drawing)
    if drawing.state == State.CANCELLED:
        raise InvalidRequest("The drawing was cancelled.", code="cancelled")
    return drawing


async def _reply(request: HttpRequest, drawing: Drawing, body: Any) -> HttpResponseBase:
    if getattr(body, "stream", None):
        return event_stream(_events(drawing, body))
    finished = await _finished(drawing)
    return json_response(await sync_to_async(_made)(request, finished, body))


def _made(request: HttpRequest, drawing: Drawing, body: Any) -> dict[str, Any]:
    pictures = list(drawing.pictures.order_by("index"))
    in_text = body.response_format == "b64_json" or _answers_in_text(drawing)
    data = []
    for picture in pictures:
        entry: dict[str, Any] = {}
        if in_text:
            content = storing.read(storing.original(picture.id, picture.extension))
            entry["b64_json"] = b64encode(content).decode("ascii")
        else:
            entry["url"] = signed_url(request, picture)
        if picture.revised_prompt:
            entry["revised_prompt"] = picture.revised_prompt
        data.append(entry)
    reply = {"created": int(drawing.created_at.timestamp()), "data": data}
    return reply | ({"usage": _usage(pictures)} if _answers_in_text(drawing) else {})


def _usage(pictures: Sequence[Picture]) -> dict[str, Any]:
    """The tokens of pictures; which of them were other pictures' is not kept."""
    given = sum(picture.prompt_tokens for picture in pictures)
    made = sum(picture.completion_tokens for picture in pictures)
    return {
        "input_tokens": given,
        "output_tokens": made,
        "total_tokens": given + made,
        "input_tokens_details": {"text_tokens": given, "image_tokens": 0},
    }


def _answers_in_text(drawing: Drawing) -> bool:
    """gpt-image models never answer with links, and their clients do not ask."""
    return drawing.model.rpartition("/")[2].startswith(("gpt-image", "chatgpt-image"))


async def _events(drawing: Drawing, body: Any) -> AsyncIterator[bytes]:
    """OpenAI's events of a streamed picture; a failure is the last one."""
    kind = "image_edit" if drawing.operation == Operation.EDIT else "image_generation"
    wanted = getattr(body, "partial_images", None) or 0
    told = 0
    seen: set[int] = set()
    until = time.monotonic() + settings.PICTURE_WAIT
    while True:
        drawing = await Drawing.objects.aget(id=drawing.id)
        while told < min(wanted, drawing.previews):
            told += 1
            preview = await sync_to_async(_preview)(drawing, told)
            if preview:
                yield sse(
                    _event(drawing, f"{kind}.partial_image", preview)
                    | {"partial_image_index": told - 1}
                )
        async for picture in drawing.pictures.order_by("index"):
            if picture.index not in seen:
                seen.add(picture.index)
                name = storing.original(picture.id, picture.extension)
                content = await sync_to_async(storing.read)(name)
                completed = _event(drawing, f"{kind}.completed", content)
                yield sse(completed | {"usage": _usage([picture])})
        if not drawing.active or time.monotonic() > until:
            break
        await asyncio.sleep(LOOK)
    if drawing.state != State.DONE:
        try:
            _require_done(drawing)
            raise UpstreamTimeout(f"Drawing {drawing.id} goes on; look into GET /v1/images later.")
        except BackendError as error:
            yield sse(
                {
                    "type": "error",
                    "error": {
                        "message": error.message,
                        "type": error.type,
                        "code": error.code,
                        "param": error.param,
                    },
                }
            )


def _preview(drawing: Drawing, number: int) -> bytes:
    try:
        return storing.read(storing.preview(drawing.id, number))
    except FileNotFoundError:
        return b""


def _event(drawing: Drawing, kind: str, content: bytes) -> dict[str, Any]:
    params = drawing.params
    return {
        "type": kind,
        "b64_json": b64encode(content).decode("ascii"),
        "created_at": int(drawing.created_at.timestamp()),
        "size": f"{drawing.width}x{drawing.height}" if drawing.width else "auto",
        "quality": params.get("quality") or "auto",
        "background": params.get("background") or "auto",
        "output_format": params.get("output_format") or "png",
    }


# --- forms


def _form(
    request: HttpRequest, fields: TypeAdapter[BodyT]
) -> tuple[BodyT, tuple[bytes, ...], bytes | None]:
    """The options, pictures and mask of a form. Raises InvalidRequest, ValidationError."""
    if not (request.content_type or "").startswith("multipart/form-data"):
        raise InvalidRequest("Send this as multipart/form-data, with the picture as 'image'.")
    try:
        body = fields.validate_python({name: request.POST[name] for name in request.POST})
    except Malformed as error:
        raise ValidationError(
            [dict(each) | {"loc": ("form", *each["loc"])} for each in error.errors()]
        ) from None
    files = [*request.FILES.getlist("image"), *request.FILES.getlist("image[]")]
    if not files:
        raise InvalidRequest(
            "Missing required parameter: 'image'.",
            param="image",
            code="missing_required_parameter",
        )
    if unknown := set(request.FILES) - {"image", "image[]", "mask"}:
        name = min(unknown)
        raise InvalidRequest(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
    images = tuple(_content(file, "image") for file in files)
    mask = request.FILES.get("mask")
    return body, images, None if mask is None else _content(mask, "mask")


def _content(file: Any, param: str) -> bytes:
    if file.size > LARGEST_BYTES:
        raise InvalidRequest(
            f"'{param}' is larger than {LARGEST_BYTES // 1024**2} MB.",
            param=param,
            code="invalid_image",
        )
    content: bytes = file.read()
    return content


# --- one's own pictures


def _page(caller: Caller, limit: int, after: str | None) -> Any:
    rows = selectors.pictures_for(caller.user)
    start = None if after is None else _own(caller, after)
    return page(rows, limit=limit, descending=True, after=start)


def _own(caller: Caller, picture_id: str) -> Picture:
    try:
        return selectors.picture_for(caller.user, UUID(picture_id))
    except (Picture.DoesNotExist, ValueError):
        raise NotFound(f"You have no picture '{picture_id}'.", param="id") from None


def _body(request: HttpRequest, picture: Picture) -> dict[str, Any]:
    return {
        "id": str(picture.pk),
        "object": "image",
        "created": int(picture.created_at.timestamp()),
        "operation": picture.operation,
        "model": picture.model or None,
        "prompt": picture.prompt,
        "change": picture.change or None,
        "revised_prompt": picture.revised_prompt or None,
        "seed": picture.seed,
        "size": f"{picture.width}x{picture.height}",
        "parent": None if picture.parent_id is None else str(picture.parent_id),
        "url": signed_url(request, picture),
    }
