"""What people think of their pictures. Everything takes the user first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from images import selectors
from images.models import PictureRating

REASONS: Mapping[int, Mapping[str, str]] = {
    PictureRating.Thumb.UP: {
        "as_described": "As I described it",
        "beautiful": "Beautiful",
        "style": "Right style",
        "surprising": "A good surprise",
    },
    PictureRating.Thumb.DOWN: {
        "missing": "Something is missing",
        "wrong": "Something is wrong",
        "ugly": "Badly drawn",
        "style": "Wrong style",
        "unsafe": "Unsafe",
    },
}
LONGEST_COMMENT = 4000
"""Characters."""


def rating_of(user: User, picture_id: UUID) -> PictureRating | None:
    """What the user said of the picture, if anything. Raises Picture.DoesNotExist."""
    picture = selectors.picture_for(user, picture_id)
    return PictureRating.objects.filter(picture=picture).first()


def rate(
    user: User, picture_id: UUID, thumb: int, *, reasons: Iterable[str] = (), comment: str = ""
) -> PictureRating:
    """Say what the user thinks of the picture, in the place of what was said before.

    Raises Picture.DoesNotExist, and InvalidRequest for reasons that are not offered.
    """
    picture = selectors.picture_for(user, picture_id)
    given = sorted(set(reasons))
    if unknown := set(given) - set(REASONS[thumb]):
        raise InvalidRequest(f"'{min(unknown)}' is no reason for that.", param="reasons")
    comment = comment.replace("\x00", "").strip()
    if len(comment) > LONGEST_COMMENT:
        raise InvalidRequest(
            f"A comment has at most {LONGEST_COMMENT} characters.", param="comment"
        )
    said = {"thumb": thumb, "reasons": given, "comment": comment, "updated_at": timezone.now()}
    rating, _ = PictureRating.objects.update_or_create(picture=picture, defaults=said)
    return rating


def withdraw(user: User, picture_id: UUID) -> None:
    """Take back what the user said of the picture. Raises Picture.DoesNotExist."""
    picture = selectors.picture_for(user, picture_id)
    PictureRating.objects.filter(picture=picture).delete()
