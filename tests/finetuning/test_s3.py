"""Files in a bucket of S3, as the settings make it the storage."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite.backend.errors import Unavailable
from finetuning import services, storing
from finetuning.browsing import Cursor, examples_page
from finetuning.models import UploadedFile
from tests.finetuning.conftest import LARGE, TWO_LINES, lying
from tests.servers.s3 import s3
from tests.servers.site import ROOT

pytestmark = pytest.mark.django_db

Sent = Callable[..., UploadedFile]
Bucket = dict[str, bytes]


def storages(tmp_path: Path) -> dict[str, object]:
    """What the settings say with a bucket."""
    code = (
        "import django, orjson, sys; from django.conf import settings; "
        "sys.stdout.buffer.write(orjson.dumps(settings.STORAGES['default']))"
    )
    variables = {
        "DJANGO_SETTINGS_MODULE": "chatsite.settings",
        "CHATSITE_DATA_DIR": str(tmp_path / "data"),
        "CHATSITE_S3_BUCKET": "attic",
        "CHATSITE_S3_PREFIX": "chat",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        check=True,
    )
    found: dict[str, object] = orjson.loads(done.stdout)
    return found


@pytest.fixture
def bucket(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, storage: Path
) -> Iterator[Bucket]:
    with s3() as (url, objects):
        for name, value in {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_MAX_ATTEMPTS": "1",
        }.items():
            monkeypatch.setenv(name, value)
        settings.STORAGES = {**settings.STORAGES, "default": storages(tmp_path)}
        yield objects


def test_files_lie_in_a_bucket_and_nowhere_else(
    alice: User, sent: Sent, bucket: Bucket, storage: Path, settings: Settings
) -> None:
    file = sent(alice)
    assert bucket == {f"chat/uploads/{file.id.hex}": TWO_LINES}
    assert lying(storage) == set()
    assert [e.line for e in examples_page(file, Cursor()).examples] == [1, 2]
    with storing.opened(file.id) as content:
        assert content.read() == TWO_LINES
    with storing.local_copy(file.id) as path:
        assert path.read_bytes() == TWO_LINES
    large = sent(alice, LARGE)
    with storing.opened(large.id) as content:
        assert content.readline(2**20) == LARGE.partition(b"\n")[0] + b"\n"
    assert set(storing.stored()) == {file.id, large.id}
    UploadedFile.objects.filter(pk=large.pk).delete()
    assert services.sweep() == 1
    services.delete_file(alice, file.public_id)
    assert bucket == {}
    with pytest.raises(FileNotFoundError):
        storing.opened(file.id)
    assert lying(Path(settings.FILE_UPLOAD_TEMP_DIR)) == set()


def test_a_bucket_that_cannot_be_reached_is_told_of(
    alice: User, sent: Sent, bucket: Bucket, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    settings.STORAGES = {**settings.STORAGES}  # it is opened anew
    with pytest.raises(Unavailable, match="cannot be stored at the moment"):
        sent(alice)
    assert not UploadedFile.objects.exists()
