"""`manage.py openapi`: the OpenAPI document of /v1."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from chatsite.api import document


class Command(BaseCommand):
    help = "Print the OpenAPI document of /v1, the one that /v1/openapi.json has."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        sys.stdout.buffer.write(document())
