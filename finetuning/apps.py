from __future__ import annotations

from django.apps import AppConfig


class FinetuningConfig(AppConfig):
    """Files that people send, and what models learn from them."""

    name = "finetuning"
    verbose_name = "Fine-tuning"

    def ready(self) -> None:
        from chatsite import own_data
        from finetuning.own_data import PART

        own_data.register(self.name, PART)
