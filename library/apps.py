from __future__ import annotations

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    """The models page, and the downloads, uploads and removals that administrators ask for."""

    name = "library"
