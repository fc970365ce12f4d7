from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_save


class ConversationsConfig(AppConfig):
    """Conversations with models, what people think of the answers, and the chat endpoints."""

    name = "conversations"

    def ready(self) -> None:
        from chatsite import own_data
        from conversations.deactivating import stop_runs
        from conversations.own_data import PART

        own_data.register(self.name, PART)
        post_save.connect(stop_runs, sender="accounts.User")
