from __future__ import annotations

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Conversations with models, what people think of the answers, and the chat endpoints."""

    name = "conversations"

    def ready(self) -> None:
        from chatsite import own_data
        from conversations.own_data import PART

        own_data.register(self.name, PART)
