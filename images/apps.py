from __future__ import annotations

from django.apps import AppConfig


class ImagesConfig(AppConfig):
    """Pictures: ordered on the page, in a chat or over the API, made by workers, kept, found."""

    name = "images"

    def ready(self) -> None:
        from chatsite import own_data, pictures
        from images.own_data import PART
        from images.painting import GalleryPainter

        pictures.register(GalleryPainter())
        own_data.register(self.name, PART)
