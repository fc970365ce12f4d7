"""`manage.py rebuild_search`: the index of all words anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from fulltext.models import Entry
from search import services


class Command(BaseCommand):
    help = (
        "Index all conversations and pictures anew, while the site runs. It is never needed for "
        "what is new: that is indexed by itself."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        services.rebuild()
        self.stdout.write(f"{Entry.objects.count()} documents can be searched for.")
