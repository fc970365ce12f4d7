"""accounts.periods: days, weeks and months by the site's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.periods import period_end, period_start

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("period", "now", "start", "end"),
    [
        ("day", (2026, 11, 23, 0, 30), (2026, 11, 23), (2026, 11, 24)),
        ("week", (2026, 11, 29, 23, 59), (2026, 11, 23), (2026, 11, 30)),
        ("week", (2026, 11, 23, 0, 0), (2026, 11, 23), (2026, 11, 30)),
        ("month", (2026, 11, 30, 12, 0), (2026, 11, 1), (2026, 12, 1)),
        ("month", (2026, 2, 28, 12, 0), (2026, 2, 1), (2026, 3, 1)),
        ("month", (2026, 12, 31, 23, 0), (2026, 12, 1), (2027, 1, 1)),
        # The clocks are put forward and back in these.
        ("day", (2026, 3, 29, 12, 0), (2026, 3, 29), (2026, 3, 30)),
        ("day", (2026, 10, 25, 12, 0), (2026, 10, 25), (2026, 10, 26)),
        ("month", (2026, 10, 31, 12, 0), (2026, 10, 1), (2026, 11, 1)),
    ],
)
def test_periods_begin_at_the_sites_midnight(
    period: str,
    now: tuple[int, int, int, int, int],
    start: tuple[int, int, int],
    end: tuple[int, int, int],
) -> None:
    moment = datetime(*now, tzinfo=BERLIN)
    with timezone.override(BERLIN):
        assert period_start(period, moment) == datetime(*start, tzinfo=BERLIN)
        assert period_end(period, moment) == datetime(*end, tzinfo=BERLIN)
