"""Drawings, as a worker carries them out."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from base64 import b64encode
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from PIL import Image

from accounts import job_charges
from chatsite import jobs
from chatsite.backend.clients import close_clients
from chatsite.backend.errors import BackendError, ContentBlocked, InvalidRequest, UpstreamFailed
from chatsite.backend.imaging import files
from chatsite.backend.imaging.terms import ILLUSTRATOR
from chatsite.backend.moderation import DEFAULT_POLICY, blocking
from chatsite.backend.registry import ResolvedImages, get_registry
from chatsite.backend.types import ImageMade, ImageOperation, ImageProgress, ImageRequest, Usage
from chatsite.jobs import Pulse, State, StoppedError
from images import storing
from images.models import UNDO, Drawing, Operation, Picture

log = logging.getLogger("chatsite.images")

FORGOTTEN = timedelta(days=30)
"""What was sent with a drawing that failed is kept for so long, to try again."""
JUDGED = 768
"""The longer side in pixels of what a moderator is shown."""
WAITING = timedelta(seconds=5)
"""A queued drawing is sent for again after so long: its message may be lost."""


def run_drawing(drawing_id: UUID, stopping: threading.Event) -> None:
    """Make the pictures of a queued drawing that are not made yet. Its row says how it ended.

    It ends early where `stopping` is set, and is then queued again.
    """
    drawing = jobs.claim(Drawing, drawing_id)
    if drawing is None:
        return
    with Pulse(drawing, stopping) as pulse:
        try:
            async_to_sync(_drawn)(drawing, pulse)
            pulse.outcome = {"state": State.DONE, "progress": 1.0}
        except StoppedError:
            pulse.outcome = {"state": State.QUEUED}
        except BackendError as error:
            pulse.outcome = _failed(error)
        except Exception:
            log.exception("%s could not be carried out", drawing)
            pulse.outcome = _failed(BackendError("Something went wrong on this site."))
        finally:
            _close(drawing, pulse)


def _failed(error: BackendError) -> dict[str, Any]:
    failure = {
        "status": error.status, "type": error.type, "code": error.code, "param": error.param,
    }  # fmt: skip
    return {"state": State.FAILED, "error": error.message, "failure": failure}


def settle_drawings() -> tuple[UUID, ...]:
    """Queue again what dead processes were drawing; gives all that waits, oldest first."""
    jobs.queue_again(Drawing)
    queued = Drawing.objects.filter(
        state=State.QUEUED, created_at__lt=timezone.now() - WAITING
    ).order_by("created_at")
    return tuple(queued.values_list("id", flat=True)[:10])


def tidy() -> int:
    """Delete for good what nobody can undo or try again any more; how many pictures."""
    for drawing in Drawing.objects.filter(
        state__in=[State.FAILED, State.CANCELLED], ended_at__lt=timezone.now() - FORGOTTEN
    )[:1000]:
        storing.discard_drawing(drawing.id, sources=drawing.sources, previews=drawing.previews)
        drawing.delete()
    gone = list(Picture.objects.filter(deleted_at__lte=timezone.now() - UNDO)[:1000])
    for picture in gone:
        storing.discard_picture(picture.id, picture.extension)
        picture.delete()
    return len(gone)


async def _drawn(drawing: Drawing, pulse: Pulse) -> None:
    try:
        await pulse.guard(_draw(drawing, pulse))
    finally:
        await close_clients()


@dataclass(frozen=True, slots=True)
class _Work:
    """A drawing in hand."""

    drawing: Drawing
    pulse: Pulse
    resolved: ResolvedImages


async def _draw(drawing: Drawing, pulse: Pulse) -> None:
    done = await sync_to_async(_done)(drawing)
    if len(done) >= drawing.n:
        return
    work = _Work(drawing, pulse, await get_registry().resolve_images(drawing.model))
    request = await sync_to_async(_request)(drawing, done)
    free = [index for index in range(drawing.n) if index not in done]
    since = time.perf_counter()
    async with aclosing(work.resolved.backend.draw(request, work.resolved.model)) as events:
        async for event in events:
            match event:
                case ImageProgress():
                    if event.preview:
                        await _moderate(_readable(event.preview, work))
                    await sync_to_async(_progressed)(work, event, len(done))
                case ImageMade():
                    took = round(1000 * (time.perf_counter() - since))
                    image = await asyncio.to_thread(_readable, event.data, work)
                    await _moderate(image)
                    index = free.pop(0)
                    await sync_to_async(_store)(work, index, event, image, took)
                    since = time.perf_counter()
    if free:
        raise UpstreamFailed(f"{work.resolved.backend.label} ended without a picture.")


def _readable(data: bytes, work: _Work) -> Image.Image:
    try:
        return files.decode(data)
    except InvalidRequest as error:
        raise UpstreamFailed(
            f"{work.resolved.backend.label} sent something that is no picture."
        ) from error


async def _moderate(image: Image.Image) -> None:
    """Refuse what a moderator that can see blocks: then it is neither shown nor charged."""
    see = getattr(get_registry().moderator, "check_parts", None)
    if see is None:
        return
    url = await asyncio.to_thread(_data_url, image)
    verdict = await see([{"type": "image_url", "image_url": {"url": url}}])
    if reasons := blocking(verdict, DEFAULT_POLICY):
        raise ContentBlocked(
            f"The picture was not kept: it was classified as {', '.join(reasons)}."
        )


def _data_url(image: Image.Image) -> str:
    small = image.copy()
    small.thumbnail((JUDGED, JUDGED))
    content = b64encode(files.encode(small, "jpeg")).decode("ascii")
    return f"data:image/jpeg;base64,{content}"


def _done(drawing: Drawing) -> set[int]:
    return set(drawing.pictures.values_list("index", flat=True))


def _request(drawing: Drawing, done: set[int]) -> ImageRequest:
    images = [storing.read(storing.source(drawing.id, number)) for number in range(drawing.sources)]
    source = drawing.source
    if source is not None and not images:
        images.append(storing.read(storing.original(source.id, source.extension)))
    seed = drawing.seed
    return ImageRequest(
        model=drawing.model,
        operation=cast("ImageOperation", drawing.operation),
        prompt=drawing.prompt,
        n=drawing.n - len(done),
        size=(drawing.width, drawing.height) if drawing.width else None,
        # Each picture of an order has the next seed, whichever of them a crash has left.
        seed=None if seed is None else seed + len(done),
        images=tuple(images),
        mask=storing.read(storing.mask(drawing.id)) if drawing.masked else None,
        scene=None if source is None else source.scene,
        params=drawing.params,
        key=str(drawing.id),
        made=len(done),
    )


def _progressed(work: _Work, event: ImageProgress, done: int) -> None:
    drawing = work.drawing
    if event.preview:
        number = drawing.previews + 1
        storing.write(storing.preview(drawing.id, number), event.preview)
        drawing.previews = number
    work.pulse.report(
        progress=(done + event.index + event.done) / drawing.n, previews=drawing.previews
    )


def _store(work: _Work, index: int, made: ImageMade, image: Image.Image, took: int) -> None:
    """Keep one picture, unless the drawing is another's by now; the first of its index stays."""
    drawing, resolved = work.drawing, work.resolved
    picture_id = uuid4()
    extension = str(drawing.params.get("output_format") or "png")
    content = files.encode(
        image,
        extension,  # type: ignore[arg-type]  # checked when it was ordered
        compression=int(drawing.params.get("output_compression") or 90),
        provenance=files.Provenance(
            drawing.prompt,
            drawing.model,
            settings.SITE_NAME,
            made.seed,
            trained=not resolved.model.upstream_id.startswith(ILLUSTRATOR),
        ),
    )
    small = files.thumbnails(image)
    storing.store_picture(picture_id, extension, content, small)
    source = drawing.source
    refined = source is not None and drawing.operation == Operation.EDIT
    used = made.usage or Usage()
    with transaction.atomic():
        if work.pulse.row.select_for_update().exists():
            cost = job_charges.write_entry(
                owner_id=drawing.owner_id,
                api_key_id=drawing.api_key_id,
                request_id=drawing.request_id,
                operation=f"image.{drawing.operation}",
                model=drawing.model,
                backend=resolved.backend.name,
                status="finished",
                created_at=timezone.now(),
                duration_ms=took,
                images=1,
                prompt_tokens=used.prompt_tokens,
                completion_tokens=used.completion_tokens,
            )
            Picture.objects.create(
                id=picture_id,
                owner_id=drawing.owner_id,
                drawing=drawing,
                index=index,
                parent=source,
                board_id=drawing.board_id,
                operation=drawing.operation,
                prompt=source.prompt if refined and source else drawing.prompt,
                change=drawing.prompt if refined else "",
                revised_prompt=made.revised_prompt,
                model=drawing.model,
                seed=made.seed,
                scene=made.scene,
                params=drawing.params,
                width=image.width,
                height=image.height,
                extension=extension,
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                placeholder=small.placeholder,
                duration_ms=took,
                cost_nanos=cost,
                prompt_tokens=used.prompt_tokens,
                completion_tokens=used.completion_tokens,
            )
            return
    storing.discard_picture(picture_id, extension)
    raise StoppedError


def _close(drawing: Drawing, pulse: Pulse) -> None:
    """Delete what was only needed while it was worked on."""
    if pulse.outcome["state"] == State.QUEUED:
        return
    sources = drawing.sources if pulse.outcome["state"] == State.DONE else 0
    storing.discard_drawing(drawing.id, sources=sources, previews=drawing.previews)
