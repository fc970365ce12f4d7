"""Signed links: whoever has one may see its picture, until it expires."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.urls import reverse

from images.models import Picture

_SALT = "images.link"


def signed_url(request: HttpRequest, picture: Picture) -> str:
    """An absolute link to the original file, for settings.PICTURE_LINK_MINUTES."""
    token = signing.dumps(picture.pk.hex, salt=_SALT)
    name = f"{picture.pk}.{picture.extension}"
    return request.build_absolute_uri(reverse("images:link", args=[token, name]))


def picture_of_link(token: str) -> Picture:
    """The picture of a link that holds. Raises Picture.DoesNotExist."""
    try:
        found = signing.loads(token, salt=_SALT, max_age=settings.PICTURE_LINK_MINUTES * 60)
        return Picture.objects.kept().get(id=UUID(hex=found))
    except (signing.BadSignature, ValueError, TypeError):
        raise Picture.DoesNotExist from None
