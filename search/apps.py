from __future__ import annotations

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """One's own conversations and pictures, found by their words."""

    name = "search"

    def ready(self) -> None:
        from chatsite import own_data
        from search.own_data import PART

        own_data.register(self.name, PART)
