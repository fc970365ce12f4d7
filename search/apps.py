from django.apps import AppConfig


class SearchConfig(AppConfig):
    """One's own conversations and pictures, found by their words."""

    name = "search"
