"""`manage.py issue_key EMAIL`: a new API key for scripts."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.keys import TERMS, issue_key
from accounts.models import SCOPES, Allowance, User
from accounts.types import KeyTerms

MOST_DAYS = 36500


class Command(BaseCommand):
    help = "Make an API key for a person and print its secret, and only that, on standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="command line", help="what the key is listed as")
        bounds = parser.add_argument_group("bounds", "Without them it may do what its owner may.")
        for option, name, metavar, said in (
            ("--scope", "scopes", "SCOPE", f"a group of endpoints: {', '.join(SCOPES)}"),
            ("--model", "allowed_models", "MODEL", "a model's id, or the beginning of ids and a *"),
            ("--address", "allowed_addresses", "NETWORK", "where it may be used from"),
        ):
            bounds.add_argument(
                option,
                dest=name,
                metavar=metavar,
                action="append",
                default=[],
                help=f"{said}; may be given several times",
            )
        bounds.add_argument(
            "--days", type=int, help=f"the days for which it works, 1 to {MOST_DAYS}"
        )
        bounds.add_argument("--budget", dest="budget_limit", type=_amount, help="0.5, for example")
        bounds.add_argument("--budget-unit", choices=Allowance.Unit.values, help="usd by default")
        bounds.add_argument(
            "--budget-period", choices=Allowance.Period.values, help="month by default"
        )
        bounds.add_argument("--requests-per-minute", type=int)
        bounds.add_argument("--tokens-per-minute", type=int)

    def handle(self, *_: Any, email: str, name: str, days: int | None, **options: Any) -> None:
        if days is not None and not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days must be from 1 to {MOST_DAYS}, not {days}.")
        for option in ("budget_unit", "budget_period"):
            if options[option] is not None and options["budget_limit"] is None:
                raise CommandError(f"--{option.replace('_', '-')} needs --budget.")
        given = {term: options[term] for term in TERMS if options.get(term) is not None}
        expires_at = None if days is None else timezone.now() + timedelta(days=days)
        terms = KeyTerms(**given, expires_at=expires_at)
        try:
            user = User.objects.get_by_natural_key(email)
        except User.DoesNotExist as error:
            raise CommandError(f"There is no account with the address {email}.") from error
        try:
            issued = issue_key(user, name, terms)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(issued.secret)


def _amount(given: str) -> Decimal:
    try:
        return Decimal(given)
    except InvalidOperation:
        raise ArgumentTypeError(f"{given!r} is not a number") from None
