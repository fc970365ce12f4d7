from __future__ import annotations

from django.apps import AppConfig


class ImprovementConfig(AppConfig):
    """The loop: what people think of answers becomes a better model."""

    name = "improvement"
    verbose_name = "Improvement"
