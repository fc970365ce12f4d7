"""What the loop has made outlives the administrator who asked for it."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.services import create_user
from finetuning.models import TuningJob, UploadedFile
from improvement.models import Dataset
from improvement.own_data import hand_over

pytestmark = pytest.mark.django_db


def file(owner: User) -> UploadedFile:
    return UploadedFile.objects.create(
        owner=owner, filename="a.jsonl", purpose="fine-tune", size=1, sha256="", content_type=""
    )


def test_datasets_and_their_jobs_are_handed_over(administrator: User) -> None:
    heir = create_user("heir@example.com", None)
    User.objects.filter(pk=heir.pk).update(is_staff=True)
    own, of_dataset = file(administrator), file(administrator)
    Dataset.objects.create(number=1, share_held_out=0.2, digest="d", training_judged=of_dataset)
    jobs = [
        TuningJob.objects.create(
            owner=administrator, training_file=of_dataset, base="b", metadata=metadata
        )
        for metadata in (None, {"other": "x"}, {"improvement": "0" * 32})
    ]
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    hand_over(administrator.pk)
    owners = [UploadedFile.objects.get(pk=one.pk).owner for one in (own, of_dataset)]
    owners += [TuningJob.objects.get(pk=one.pk).owner for one in jobs]
    assert owners == [administrator, heir, administrator, administrator, heir]


def test_without_another_administrator_nothing_is_handed_over(administrator: User) -> None:
    kept = file(administrator)
    Dataset.objects.create(number=1, share_held_out=0.2, digest="d", training_judged=kept)
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    hand_over(administrator.pk)
    kept.refresh_from_db()
    assert kept.owner == administrator
