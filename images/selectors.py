"""What may be seen of pictures. Everything takes the user first and finds nobody else's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from accounts.models import User
from chatsite import paging
from chatsite.backend.errors import ModelNotFound
from chatsite.backend.registry import get_registry
from chatsite.backend.types import Capability, ModelInfo
from chatsite.jobs import ACTIVE, State
from fulltext import index
from fulltext.words import parse
from images.indexing import PICTURE
from images.models import Board, Drawing, Picture, PictureQuerySet
from images.types import Filters

PAGE = 48
"""Pictures on a page of the gallery."""


@dataclass(frozen=True, slots=True)
class GalleryPage:
    """Some pictures, newest first, and the cursor of the next page ("" at the end)."""

    pictures: tuple[Picture, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The family of a picture: `roots` begin it, `children` are by the parent's id, in order."""

    roots: tuple[Picture, ...]
    children: Mapping[UUID, tuple[Picture, ...]]


async def image_models() -> tuple[ModelInfo, ...]:
    """The models that make pictures."""
    return await get_registry().models(can="images")


async def default_image_model() -> str:
    """The site's choice if it is there, else the first. Raises ModelNotFound."""
    ids = [model.id for model in await image_models()]
    if settings.DEFAULT_IMAGE_MODEL in ids:
        return str(settings.DEFAULT_IMAGE_MODEL)
    if not ids:
        raise ModelNotFound("No model that makes pictures is served here.", param="model")
    return ids[0]


def pictures_for(user: User) -> PictureQuerySet:
    return Picture.objects.kept().filter(owner=user)


def picture_for(user: User, picture_id: UUID) -> Picture:
    """Raises Picture.DoesNotExist, for anybody else's as well."""
    return pictures_for(user).select_related("drawing", "board").get(id=picture_id)


def chosen_pictures_for(user: User, picture_ids: Iterable[UUID]) -> PictureQuerySet:
    """Those of the pictures that are the user's, newest first."""
    found = pictures_for(user).filter(id__in=list(picture_ids)).defer("scene", "params")
    return found.order_by("-created_at", "-id")


async def models_changing(picture: Picture, can: Capability) -> tuple[ModelInfo, ...]:
    """The models that can do this with the picture, its own first.

    The illustrator changes scenes: it can do nothing with a picture that it has not drawn.
    """
    able = [
        model
        for model in await image_models()
        if can in model.capabilities and (not model.built_in or picture.scene)
    ]
    return tuple(sorted(able, key=lambda model: model.id != picture.model))


def deleted_pictures_for(user: User) -> PictureQuerySet:
    """What can be had back, what was deleted last first."""
    found = Picture.objects.recently_deleted().filter(owner=user).defer("scene", "params")
    return found.order_by("-deleted_at", "-created_at", "-id")


def same_picture_for(user: User, data: bytes) -> Picture | None:
    """The user's own picture of which these bytes are the file, so that its lineage goes on."""
    digest = hashlib.sha256(data).hexdigest()
    return pictures_for(user).filter(sha256=digest).order_by("-created_at").first()


def shared_picture(token: str) -> Picture:
    """The picture that somebody has shared by this token. Raises Picture.DoesNotExist."""
    if not token:
        raise Picture.DoesNotExist
    return Picture.objects.kept().get(shared_token=token)


def board_for(user: User, board_id: UUID) -> Board:
    """Raises Board.DoesNotExist, for anybody else's as well."""
    return Board.objects.filter(owner=user).get(id=board_id)


def boards_for(user: User) -> QuerySet[Board]:
    """By name, each with its number of `pictures_count`."""
    lying = Picture.objects.kept().filter(board=OuterRef("pk")).order_by().values("board")
    count = Coalesce(Subquery(lying.annotate(count=Count("*")).values("count")), 0)
    return Board.objects.filter(owner=user).annotate(pictures_count=count).order_by("name")


def drawing_for(user: User, drawing_id: UUID) -> Drawing:
    """Raises Drawing.DoesNotExist, for anybody else's as well."""
    return Drawing.objects.filter(owner=user).get(id=drawing_id)


def open_drawings_for(user: User) -> Sequence[Drawing]:
    """What is being drawn and what failed, newest first, with the pictures that are done."""
    states = [*ACTIVE, State.FAILED]
    found = Drawing.objects.filter(owner=user, state__in=states).prefetch_related("pictures")
    return tuple(found.order_by("-created_at")[:40])


def gallery_for(
    user: User,
    filters: Filters,
    *,
    before: str = "",
    newer_than: Picture | None = None,
    limit: int = PAGE,
) -> GalleryPage:
    """A page of the gallery; a cursor that cannot be read starts from the newest.

    Words find what is indexed (`images.indexing`).
    """
    found = pictures_for(user)
    if filters.words.strip():
        worded = index.found(parse(filters.words), user.pk, PICTURE)
        found = found.filter(id__in=worded.values("entry__object_id"))
    if filters.model:
        found = found.filter(model=filters.model)
    width, _, height = filters.size.partition("x")
    if width.isdecimal() and height.isdecimal() and len(filters.size) < 12:
        found = found.filter(width=int(width), height=int(height))
    if filters.board:
        found = found.filter(board=filters.board)
    if filters.starred:
        found = found.filter(starred=True)
    if filters.refined:
        children = Picture.objects.kept().filter(parent=OuterRef("pk"))
        found = found.filter(Exists(children))
    if cursor := paging.read_cursor(before):
        moment, identifier = cursor
        found = found.filter(Q(created_at__lt=moment) | Q(created_at=moment, id__lt=identifier))
    if newer_than is not None:
        found = found.filter(created_at__gt=newer_than.created_at)
    rows = tuple(found.defer("scene", "params").order_by("-created_at", "-id")[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    return GalleryPage(rows, paging.cursor(rows[-1].created_at, rows[-1].pk) if more else "")


def choices_for(user: User) -> tuple[list[str], list[str]]:
    """The models and the sizes that the user's pictures have, to filter by."""
    kinds = pictures_for(user).values_list("model", "width", "height").distinct()
    found = list(kinds.order_by("model", "width", "height")[:1000])
    sizes = sorted({(width, height) for _, width, height in found})[:40]
    models = sorted({model for model, _, _ in found if model})
    return models, [f"{width}x{height}" for width, height in sizes]


_FAMILY = """
    WITH RECURSIVE ancestors(id, parent_id, depth) AS (
        SELECT id, parent_id, 0 FROM images_picture WHERE id = %s AND owner_id = %s
        UNION ALL
        SELECT p.id, p.parent_id, ancestors.depth + 1
        FROM images_picture p JOIN ancestors ON p.id = ancestors.parent_id
        WHERE p.owner_id = %s AND p.deleted_at IS NULL AND ancestors.depth < 1000
    ), family(id) AS (
        SELECT id FROM ancestors WHERE depth = (SELECT MAX(depth) FROM ancestors)
        UNION
        SELECT p.id FROM images_picture p JOIN family ON p.parent_id = family.id
        WHERE p.owner_id = %s AND p.deleted_at IS NULL
    )
    SELECT id FROM family
"""


def lineage_for(user: User, picture: Picture) -> Lineage:
    """Everything that the picture comes from, and everything that comes from its ancestors.

    One query, however deep it is. A deleted picture ends it on its way up.
    """
    key = Picture._meta.pk.get_db_prep_value(picture.pk, connection)
    family = RawSQL(_FAMILY, (key, user.pk, user.pk, user.pk))  # noqa: S611  # no words in it
    found = list(pictures_for(user).filter(id__in=family).order_by("created_at", "id"))
    ids = {each.pk for each in found}
    children: dict[UUID, tuple[Picture, ...]] = {}
    for each in found:
        if each.parent_id in ids:
            children[each.parent_id] = (*children.get(each.parent_id, ()), each)
    roots = tuple(each for each in found if each.parent_id not in ids)
    return Lineage(roots, children)
