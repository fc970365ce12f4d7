"""What administrators see of pictures: that there are some, never what they show."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from images.models import Drawing, Picture

pytestmark = pytest.mark.django_db

SECRET = "a secret birthday present"


def test_an_administrator_reads_no_prompts(
    client: Client, alice: User, administrator: User
) -> None:
    order = Drawing.objects.create(owner=alice, operation="generation", prompt=SECRET, model="m")
    picture = Picture.objects.create(
        owner=alice, drawing=order, operation="generation", prompt=SECRET, change=SECRET,
        revised_prompt=SECRET, model="m", width=64, height=48, extension="png", bytes=1, sha256="1",
    )  # fmt: skip
    client.force_login(administrator)
    for kind, row in (("picture", picture), ("drawing", order)):
        listed = client.get(f"/admin/images/{kind}/")
        shown = client.get(f"/admin/images/{kind}/{row.pk}/change/")
        for answer in (listed, shown):
            assert answer.status_code == 200
            assert "alice@example.com" in answer.content.decode()
            assert SECRET not in answer.content.decode()
        refused = client.post(f"/admin/images/{kind}/{row.pk}/delete/", {"post": "yes"})
        assert refused.status_code == 403
