"""The accounts app."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, their API keys and invitations, the limits on them, and the usage ledger."""

    name = "accounts"
    verbose_name = "People"

    def ready(self) -> None:
        from accounts.own_data import PART
        from chatsite import own_data

        own_data.register(self.name, PART)
