"""Pictures that are asked for elsewhere on the site, above all in conversations."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from asgiref.sync import sync_to_async

from accounts.models import User
from accounts.types import Caller
from chatsite.backend.errors import BackendError, InvalidRequest
from chatsite.backend.registry import get_registry
from chatsite.backend.types import Capability
from chatsite.jobs import ACTIVE
from images import selectors, services
from images.models import Drawing, Operation, Picture
from images.tasks import draw
from images.types import Order


class GalleryPainter:
    """Implements chatsite.pictures.Painter: what it draws lies in the person's gallery."""

    async def ready(self) -> bool:
        return bool(await selectors.image_models())

    async def order(
        self, user: User, words: str, *, after: UUID | None = None, anew: bool = False
    ) -> UUID:
        wanted = Order(Operation.GENERATION, prompt=words)
        if after is not None:
            made = await sync_to_async(_made)(user, after)
            wanted = await (_another(made) if anew else _changed(made, words))
        drawing = await services.order(Caller(user), wanted)
        await sync_to_async(draw.delay)(str(drawing.id))
        return drawing.id


def _made(user: User, drawing_id: UUID) -> Picture:
    """The picture that a drawing has made. Raises InvalidRequest."""
    mine = selectors.pictures_for(user).select_related("drawing")
    picture = mine.filter(drawing_id=drawing_id).order_by("index").first()
    if picture is not None:
        return picture
    if Drawing.objects.filter(owner=user, id=drawing_id, state__in=ACTIVE).exists():
        raise InvalidRequest("The picture before is still being drawn. Wait for it first.")
    raise InvalidRequest("The picture before is not there any more. Describe it anew.")


async def _changed(picture: Picture, words: str) -> Order:
    """The change by the model that made the picture; one that cannot change draws it anew."""
    if await _able(picture, "image_edits"):
        return Order(Operation.EDIT, model=picture.model, prompt=words, source=picture.pk)
    return await _redrawn(picture, f"{_told(picture)}, {words}")


async def _another(picture: Picture) -> Order:
    """Another version by the model that made the picture, or its words drawn once more.

    The order has those words either way: whoever changes the new picture goes on from them.
    """
    told = _told(picture)
    if await _able(picture, "image_variations"):
        return Order(Operation.VARIATION, model=picture.model, prompt=told, source=picture.pk)
    return await _redrawn(picture, told)


async def _redrawn(picture: Picture, prompt: str) -> Order:
    """These words in the picture's place: by its model in the size that was ordered of that, or
    by the site's own."""
    order = Order(Operation.GENERATION, prompt=prompt, source=picture.pk)
    if not await _able(picture, "images"):
        return order
    drawing = picture.drawing
    size = f"{drawing.width}x{drawing.height}" if drawing and drawing.width else None
    return replace(order, model=picture.model, size=size)


async def _able(picture: Picture, can: Capability) -> bool:
    """Whether the model that made the picture is served here and can do that."""
    try:
        await get_registry().resolve_images(picture.model, can=can)
    except BackendError:
        return False
    return True


def _told(picture: Picture) -> str:
    return f"{picture.prompt}, {picture.change}" if picture.change else picture.prompt
