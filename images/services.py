"""What may be done with pictures: ordered, received, sorted, shared, deleted and had back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import job_charges, keys, limits
from accounts.models import User
from accounts.types import Caller
from chatsite.backend.errors import ContentBlocked, InvalidRequest
from chatsite.backend.imaging import files, terms
from chatsite.backend.moderation import DEFAULT_POLICY, blocking
from chatsite.backend.registry import ResolvedImages, get_registry
from chatsite.backend.types import Capability
from chatsite.jobs import ACTIVE, State
from images import selectors, storing
from images.models import UNDO, Board, Drawing, Operation, Picture
from images.types import Order

MOST_WAITING = 20
"""Orders of one person that wait or are worked on."""
MOST_SOURCES = 16
_NEEDED: dict[str, Capability] = {
    Operation.GENERATION: "images",
    Operation.EDIT: "image_edits",
    Operation.VARIATION: "image_variations",
}

# --- orders


async def order(caller: Caller, wanted: Order) -> Drawing:
    """Check an order and queue it; whoever calls has `images.tasks.draw` sent after that.

    Raises BackendError, and Picture.DoesNotExist or Board.DoesNotExist for what is not one's own.
    """
    await limits.admit(caller)
    model = wanted.model or await selectors.default_image_model()
    resolved = await get_registry().resolve_images(model, can=_NEEDED[wanted.operation])
    keys.require_model(caller, resolved.model.id)
    agreed = terms.terms_for(resolved.model)
    terms.check(agreed, prompt=wanted.prompt, n=wanted.n, params=wanted.params)
    size = terms.parse_size(wanted.size, agreed)
    await moderate(wanted.prompt)
    await job_charges.require_funds(
        caller, model=resolved.model.id, backend=resolved.backend.name, images=wanted.n
    )
    given = await sync_to_async(_given)(caller.user, wanted)
    # Last of all: what is refused takes none of the pictures that a person may order.
    await limits.admit_pictures(caller, wanted.n)
    return await sync_to_async(_save)(caller, wanted, resolved, size, given)


async def moderate(prompt: str) -> None:
    """Raises ContentBlocked for words that are not drawn."""
    moderator = get_registry().moderator
    if moderator is None or not prompt:
        return
    if reasons := blocking(await moderator.check(prompt), DEFAULT_POLICY):
        raise ContentBlocked(
            f"This was not drawn: it was classified as {', '.join(reasons)}.", param="prompt"
        )


@dataclass(frozen=True, slots=True)
class _Given:
    """What an order begins with: its pictures as they are stored, and where it belongs."""

    source: Picture | None
    board: Board | None
    pictures: list[bytes]
    mask: bytes | None


def _given(user: User, wanted: Order) -> _Given:
    """Raises InvalidRequest, and Picture.DoesNotExist or Board.DoesNotExist."""
    waiting = Drawing.objects.filter(owner=user, state__in=ACTIVE).count()
    if waiting >= MOST_WAITING:
        raise InvalidRequest(
            f"{waiting} of your orders are being drawn. Wait for one, or cancel some.",
            code="too_many_drawings",
        )
    if len(wanted.images) > MOST_SOURCES:
        raise InvalidRequest(
            f"At most {MOST_SOURCES} pictures can be sent along.", param="image", code="too_many"
        )
    source = None
    if wanted.source is not None:
        source = selectors.picture_for(user, wanted.source)
    elif wanted.images:
        source = selectors.same_picture_for(user, wanted.images[0])
    board = None
    if wanted.board is not None:
        board = selectors.board_for(user, wanted.board)
    elif source is not None:
        board = source.board
    cleaned = [
        files.clean(
            data,
            what=f"Picture {number}" if len(wanted.images) > 1 else "The picture",
            param="image",
        )
        for number, data in enumerate(wanted.images, 1)
    ]
    mask = None if wanted.mask is None else files.clean(wanted.mask, what="The mask", param="mask")
    if mask is not None:
        _require_same_size(mask, cleaned[0] if cleaned else _content(source))
    return _Given(source, board, cleaned, mask)


def _save(
    caller: Caller,
    wanted: Order,
    resolved: ResolvedImages,
    size: tuple[int, int] | None,
    given: _Given,
) -> Drawing:
    drawing = Drawing(
        id=uuid4(),
        owner=caller.user,
        api_key=caller.api_key,
        request_id=wanted.request_id,
        operation=wanted.operation,
        prompt=wanted.prompt,
        model=resolved.model.id,
        n=wanted.n,
        width=size[0] if size else 0,
        height=size[1] if size else 0,
        seed=wanted.seed,
        params=dict(wanted.params),
        board=given.board,
        source=given.source,
        sources=len(given.pictures),
        masked=given.mask is not None,
    )
    for number, data in enumerate(given.pictures):
        storing.write(storing.source(drawing.id, number), data)
    if given.mask is not None:
        storing.write(storing.mask(drawing.id), given.mask)
    drawing.save(force_insert=True)
    return drawing


def _content(source: Picture | None) -> bytes:
    if source is None:
        raise InvalidRequest("A mask needs a picture to lie on.", param="mask")
    return storing.read(storing.original(source.id, source.extension))


def _require_same_size(mask: bytes, picture: bytes) -> None:
    ours, theirs = files.inspect(mask), files.inspect(picture)
    if (ours.width, ours.height) != (theirs.width, theirs.height):
        raise InvalidRequest(
            f"The mask has {ours.width} x {ours.height} pixels and the picture "
            f"{theirs.width} x {theirs.height}: they must be of one size.",
            param="mask",
            code="invalid_image",
        )


def cancel(user: User, drawing_id: UUID) -> None:
    """Stop a drawing; what is done of it stays. Raises Drawing.DoesNotExist."""
    drawing = selectors.drawing_for(user, drawing_id)
    Drawing.objects.filter(id=drawing.id, state__in=ACTIVE).update(
        state=State.CANCELLED, ended_at=timezone.now()
    )


def retry(user: User, drawing_id: UUID) -> None:
    """Queue again what failed or was cancelled. Raises Drawing.DoesNotExist."""
    drawing = selectors.drawing_for(user, drawing_id)
    Drawing.objects.filter(id=drawing.id, state__in=[State.FAILED, State.CANCELLED]).update(
        state=State.QUEUED, error="", ended_at=None, progress=0.0
    )


def dismiss(user: User, drawing_id: UUID) -> None:
    """Take an ended drawing off the page; its pictures stay. Raises Drawing.DoesNotExist."""
    drawing = selectors.drawing_for(user, drawing_id)
    if not drawing.active:
        storing.discard_drawing(drawing.id, sources=drawing.sources, previews=drawing.previews)
        drawing.delete()


# --- one's own pictures


def receive(user: User, data: bytes, *, name: str, board_id: UUID | None = None) -> Picture:
    """Keep a picture to start from. Raises InvalidRequest, Board.DoesNotExist."""
    board = selectors.board_for(user, board_id) if board_id else None
    content = files.clean(data)
    image = files.decode(content)
    small = files.thumbnails(image)
    picture = Picture(
        id=uuid4(),
        owner=user,
        board=board,
        operation=Operation.UPLOAD,
        prompt=name[:200],
        width=image.width,
        height=image.height,
        extension="png",
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        placeholder=small.placeholder,
    )
    storing.store_picture(picture.id, "png", content, small)
    picture.save(force_insert=True)
    return picture


def star(user: User, picture_id: UUID, *, starred: bool) -> Picture:
    """Raises Picture.DoesNotExist."""
    picture = selectors.picture_for(user, picture_id)
    picture.starred = starred
    picture.save(update_fields=["starred"])
    return picture


def share(user: User, picture_id: UUID) -> Picture:
    """Make a link by which anybody may see the picture, until `unshare`. Raises DoesNotExist."""
    picture = selectors.picture_for(user, picture_id)
    if not picture.shared_token:
        picture.shared_token = secrets.token_urlsafe(24)
        picture.save(update_fields=["shared_token"])
    return picture


def unshare(user: User, picture_id: UUID) -> Picture:
    """The link leads nowhere from now on. Raises Picture.DoesNotExist."""
    picture = selectors.picture_for(user, picture_id)
    picture.shared_token = ""
    picture.save(update_fields=["shared_token"])
    return picture


def move(user: User, picture_ids: Iterable[UUID], board_id: UUID | None) -> int:
    """Lay pictures on a board, or on none; how many. Raises Board.DoesNotExist."""
    board = selectors.board_for(user, board_id) if board_id else None
    return selectors.pictures_for(user).filter(id__in=list(picture_ids)).update(board=board)


def delete(user: User, picture_ids: Iterable[UUID], *, at: datetime | None = None) -> int:
    """Delete pictures, which can be undone for a while; how many. Their links end at once.

    `at` is the moment, by which those that were deleted together are found: now, unless given.
    """
    found = selectors.pictures_for(user).filter(id__in=list(picture_ids))
    return found.update(deleted_at=at or timezone.now(), shared_token="")


def restore(user: User, picture_ids: Iterable[UUID]) -> int:
    """Undo `delete` while that is possible; how many came back."""
    mine = selectors.deleted_pictures_for(user).filter(id__in=list(picture_ids))
    return mine.order_by().update(deleted_at=None)


def erase(user: User, picture_ids: Iterable[UUID] | None = None) -> int:
    """End the time in which deleted pictures can be had back, of all where none are named.

    How many. Whoever calls has `images.tasks.tidy` sent after that, which deletes their files.
    """
    mine = selectors.deleted_pictures_for(user).order_by()
    if picture_ids is not None:
        mine = mine.filter(id__in=list(picture_ids))
    return mine.update(deleted_at=timezone.now() - UNDO)


# --- boards


def create_board(user: User, name: str) -> Board:
    """Raises InvalidRequest where the name is empty, too long or taken."""
    board = Board(owner=user, name=_board_name(name))
    return _saved(board)


def rename_board(user: User, board_id: UUID, name: str) -> Board:
    """Raises Board.DoesNotExist, and as `create_board`."""
    board = selectors.board_for(user, board_id)
    board.name = _board_name(name)
    return _saved(board)


def delete_board(user: User, board_id: UUID) -> None:
    """Its pictures stay in the gallery. Raises Board.DoesNotExist."""
    selectors.board_for(user, board_id).delete()


def _board_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 100:
        raise InvalidRequest("A board's name has 1 to 100 characters.", param="name")
    return name


def _saved(board: Board) -> Board:
    try:
        with transaction.atomic():
            board.save()
    except IntegrityError:
        raise InvalidRequest(f"You have a board “{board.name}” already.", param="name") from None
    return board
