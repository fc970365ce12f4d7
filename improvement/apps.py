from __future__ import annotations

from django.apps import AppConfig


class ImprovementConfig(AppConfig):
    """The loop: what people think of answers becomes a better model."""

    name = "improvement"
    verbose_name = "Improvement"

    def ready(self) -> None:
        from chatsite import own_data
        from improvement.own_data import PART

        own_data.register(self.name, PART)
