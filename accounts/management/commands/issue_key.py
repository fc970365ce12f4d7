"""`manage.py issue_key EMAIL`: a new API key for scripts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.keys import issue_key
from accounts.models import User


class Command(BaseCommand):
    help = "Make an API key for a person and print its secret, and only that, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="command line", help="what the key is listed as")

    def handle(self, *_: Any, email: str, name: str, **__: Any) -> None:
        try:
            user = User.objects.get_by_natural_key(email)
        except User.DoesNotExist as error:
            raise CommandError(f"There is no account with the address {email}.") from error
        self.stdout.write(issue_key(user, name).secret)
