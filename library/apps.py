from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.db.models.signals import post_migrate

from chatsite.backend.engine import LATEST_ID, STARTER_ID


class LibraryConfig(AppConfig):
    """The models page, and the downloads, uploads and removals that administrators ask for."""

    name = "library"

    def ready(self) -> None:
        post_migrate.connect(_name_the_latest, sender=self)


def _name_the_latest(using: str, apps: Any = installed, **_: Any) -> None:
    """Every site's alias, there as soon as its table is, and after `flush`, which tells no apps."""
    try:
        alias = apps.get_model("library", "Alias")
    except LookupError:  # migrated to before there were aliases
        return
    alias.objects.using(using).get_or_create(name=LATEST_ID, defaults={"model": STARTER_ID})
