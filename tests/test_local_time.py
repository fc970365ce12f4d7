"""chatsite.local_time: times are those of the reader's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import httpx2
import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import User
from chatsite.asgi import application
from chatsite.local_time import zone_of
from conversations.models import Conversation, Message


@pytest.mark.parametrize(
    ("cookies", "zone"),
    [
        (b"timezone=Asia%2FTokyo", "Asia/Tokyo"),
        (b"a=b; timezone=America/New_York; c=d", "America/New_York"),
        (b"", None),
        (b"a=timezone", None),
        (b"timezone=", None),
        (b"timezone=America", None),
        (b"timezone=..%2F..%2Fetc%2Fpasswd", None),
        (b"timezone=" + b"A" * 5000, None),
        (b"timezone=\xff%00", None),
    ],
)
def test_only_a_time_zone_that_there_is_counts(cookies: bytes, zone: str | None) -> None:
    assert zone_of(cookies) == (ZoneInfo(zone) if zone else None)


@pytest.mark.django_db(transaction=True)
def test_a_page_has_the_times_of_its_reader_and_the_next_one_its_own(alice: User) -> None:
    talk = Conversation.objects.create(owner=alice, title="Wombats")
    evening = datetime(2026, 3, 1, 20, tzinfo=UTC)
    Message.objects.create(conversation=talk, role="user", text="A numbat", created_at=evening)
    client = Client()
    client.force_login(alice)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value

    async def dates() -> list[str]:
        shown = []
        for zone in ("Asia%2FTokyo", "", "America%2FNew_York"):
            cookies = {settings.SESSION_COOKIE_NAME: session, "timezone": zone}
            async with httpx2.AsyncClient(
                transport=httpx2.ASGITransport(application),
                base_url="http://localhost",
                cookies=cookies,
            ) as browser:
                page = await browser.get("/search/?q=numbat")
            shown.append(page.text.partition("</time>")[0].rpartition(">")[2])
        return shown

    assert async_to_sync(dates)() == ["2 March 2026", "1 March 2026", "1 March 2026"]
    assert timezone.get_current_timezone_name() == "UTC"
