"""/v1/files with the official client, every reply held to the official specification."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import openai
import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.keys import issue_key
from accounts.models import User
from accounts.types import KeyTerms
from chatsite.celery import app as celery
from finetuning import storing
from finetuning.models import UploadedFile
from tests.finetuning.conftest import LARGE, TWO_LINES, lying
from tests.gateway import error, get, send, with_client

pytestmark = pytest.mark.django_db

Sent = Callable[..., UploadedFile]


@pytest.fixture
def key(alice: User) -> str:
    return issue_key(alice, "tests").secret


@pytest.fixture
def other_key(bob: User) -> str:
    return issue_key(bob, "tests").secret


def upload(secret: str, content: bytes, name: str = "train.jsonl", **more: Any) -> Any:
    purpose = more.pop("purpose", "fine-tune")

    async def scene(client: openai.AsyncOpenAI) -> Any:
        return await client.files.create(file=(name, content), purpose=purpose, **more)

    return with_client(secret, scene)


def form(secret: str, *parts: tuple[str, str, bytes], **headers: str) -> Any:
    """A plain form, whose parts have a name, more of the disposition, and content."""
    body = b"".join(
        f'--x\r\ncontent-disposition: form-data; name="{name}"{more}\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, more, content in parts
    )
    kind = {"content-type": "multipart/form-data; boundary=x"}
    return send(secret, "POST", "/files", body + b"--x--\r\n", **{**kind, **headers})


PURPOSE = ("purpose", "", b"fine-tune")
FILE = ("file", '; filename="a.jsonl"', TWO_LINES)


# --- sent


def test_a_file_is_sent_looked_up_listed_read_and_deleted(key: str, storage: Path) -> None:
    async def scene(client: openai.AsyncOpenAI) -> None:
        made = await client.files.create(file=("train.jsonl", TWO_LINES), purpose="fine-tune")
        assert (made.filename, made.bytes, made.purpose, made.status, made.expires_at) == (
            "train.jsonl", len(TWO_LINES), "fine-tune", "processed", None,
        )  # fmt: skip
        assert lying(storage) == {made.id.removeprefix("file-")}
        assert await client.files.retrieve(made.id) == made
        listed = [each async for each in client.files.list()]
        assert listed == [made]
        content = await client.files.content(made.id)
        assert content.content == TWO_LINES
        assert content.response.headers["content-disposition"] == (
            'attachment; filename="train.jsonl"'
        )
        gone = await client.files.delete(made.id)
        assert (gone.id, gone.deleted, gone.object) == (made.id, True, "file")
        assert lying(storage) == set()
        with pytest.raises(openai.NotFoundError, match="No such File object"):
            await client.files.retrieve(made.id)

    with_client(key, scene)


def test_what_arrived_leaves_nothing_behind(key: str, settings: Settings) -> None:
    upload(key, TWO_LINES)
    upload(key, b"x" * 3_000_000, purpose="user_data")
    assert lying(Path(settings.FILE_UPLOAD_TEMP_DIR)) == set()


def test_a_file_that_cannot_be_learnt_from_is_kept_and_says_why(key: str) -> None:
    made = upload(key, TWO_LINES + b'{"prompt": "x"}\n')
    assert made.status == "error"
    assert made.status_details == (
        "1 of 3 lines cannot be learnt from. Line 3, completion: It is missing. "
        'Write {"prompt": "...", "completion": "..."}.'
    )


@pytest.mark.parametrize("purpose", ["assistants", "batch", "user_data"])
def test_other_purposes_need_no_check(key: str, purpose: str) -> None:
    made = upload(key, b'{"custom_id": "1"}\n', purpose=purpose)
    assert (made.purpose, made.status) == (purpose, "processed")
    lasts = None if made.expires_at is None else made.expires_at - made.created_at
    assert lasts == (30 * 24 * 3600 if purpose == "batch" else None)


def test_evaluations_are_a_purpose_that_the_official_type_of_replies_lacks(key: str) -> None:
    response = form(key, ("purpose", "", b"evals"), FILE)
    assert response.json()["purpose"] == "evals"


def test_pictures_are_told_by_their_content(key: str) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
    made = upload(key, png, "picture.txt", purpose="vision")
    row = UploadedFile.objects.get()
    assert (made.status, row.content_type) == ("processed", "image/png")
    with pytest.raises(openai.BadRequestError, match="is a picture: PNG, JPEG, WebP or GIF"):
        upload(key, b"<svg></svg>", "picture.png", purpose="vision")


def test_a_file_can_be_asked_to_expire(key: str) -> None:
    made = upload(key, TWO_LINES, expires_after={"anchor": "created_at", "seconds": 3600})
    assert made.expires_at == made.created_at + 3600
    UploadedFile.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert get(key, "/files").json()["data"] == []
    assert get(key, f"/files/{made.id}").status_code == 404


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\train.jsonl", "train.jsonl"),
        ("a\u202eb\u0085.jsonl", "ab.jsonl"),
        ("x" * 300 + ".jsonl", "x" * 249 + ".jsonl"),
        ("übung 日本.jsonl", "übung 日本.jsonl"),
    ],
)
def test_a_name_is_shown_and_is_never_a_path(
    key: str, storage: Path, name: str, shown: str
) -> None:
    made = upload(key, TWO_LINES, name)
    assert made.filename == shown
    assert lying(storage) == {made.id.removeprefix("file-")}


# --- refused


def test_what_is_no_form_with_a_file_and_a_purpose_is_refused(key: str) -> None:
    refused = {
        "none": error(send(key, "POST", "/files", {"purpose": "fine-tune"})),
        "no file": error(form(key, PURPOSE)),
        "no purpose": error(form(key, FILE)),
        "text for a file": error(form(key, PURPOSE, ("file", "", b"hello"))),
        "file for a purpose": error(form(key, FILE, ("purpose", '; filename="a"', b"batch"))),
        "other purpose": error(form(key, FILE, ("purpose", "", b"fun"))),
        "other field": error(form(key, FILE, PURPOSE, ("model", "", b"x"))),
        "anchor": error(form(key, FILE, PURPOSE, ("expires_after[anchor]", "", b"now"))),
        "broken": error(form(key, FILE, **{"content-type": "multipart/form-data"})),
        "empty": error(form(key, PURPOSE, ("file", '; filename="a"', b""))),
    }
    told = {name: (status, e["param"], e["code"]) for name, (status, e) in refused.items()}
    missing = "missing_required_parameter"
    assert told == {
        "none": (400, None, None),
        "no file": (400, "file", missing),
        "no purpose": (400, "purpose", missing),
        "text for a file": (400, "file", missing),
        "file for a purpose": (400, "purpose", missing),
        "other purpose": (400, "purpose", "invalid_value"),
        "other field": (400, "model", "unknown_parameter"),
        "anchor": (400, "expires_after.anchor", "invalid_value"),
        "broken": (400, None, None),
        "empty": (400, "file", None),
    }
    assert UploadedFile.objects.count() == 0


@pytest.mark.parametrize("seconds", ["3599", "2592001", "-1", "x", "", "9" * 30, "٣٦٠٠"])
def test_a_file_lasts_from_an_hour_to_thirty_days(key: str, seconds: str) -> None:
    anchor = ("expires_after[anchor]", "", b"created_at")
    response = form(key, FILE, PURPOSE, anchor, ("expires_after[seconds]", "", seconds.encode()))
    status, told = error(response)
    assert (status, told["param"]) == (400, "expires_after.seconds")


def test_a_file_that_is_too_large_is_refused(key: str, settings: Settings, storage: Path) -> None:
    settings.MAX_FILE_BYTES = len(TWO_LINES) - 1
    with pytest.raises(openai.APIStatusError, match="The file has 121 bytes; 120 bytes") as caught:
        upload(key, TWO_LINES)
    assert (caught.value.status_code, caught.value.code) == (413, "file_too_large")
    assert (lying(storage), lying(Path(settings.FILE_UPLOAD_TEMP_DIR))) == (set(), set())


def test_a_person_has_so_much_room(
    key: str, other_key: str, settings: Settings, storage: Path
) -> None:
    settings.FILES_QUOTA_BYTES = 2 * len(TWO_LINES)
    first = upload(key, TWO_LINES)
    upload(key, TWO_LINES)
    with pytest.raises(openai.PermissionDeniedError, match="Delete files that you do not need"):
        upload(key, TWO_LINES)
    assert len(lying(storage)) == 2
    upload(other_key, TWO_LINES)
    assert send(key, "DELETE", f"/files/{first.id}").status_code == 200
    upload(key, TWO_LINES)


def test_what_is_to_be_lines_is_text(key: str, storage: Path) -> None:
    for purpose in ("fine-tune", "batch"):
        with pytest.raises(openai.BadRequestError, match="This one is not text") as caught:
            upload(key, b"%PDF-1.7\xff\xfe\0", purpose=purpose)
        assert caught.value.code == "invalid_file_format"
    assert lying(storage) == set()


def test_a_body_without_its_length_is_refused(key: str) -> None:
    async def scene(client: openai.AsyncOpenAI) -> Any:
        async def pieces() -> Any:
            yield b"--x--\r\n"

        return await client._client.post(
            "http://localhost/v1/files",
            content=pieces(),
            headers={
                "authorization": f"Bearer {key}",
                "content-type": "multipart/form-data; boundary=x",
            },
        )

    status, told = error(with_client(key, scene))
    assert (status, told["code"]) == (411, "length_required")


# --- listed


def test_the_list_is_read_page_by_page_in_both_orders(key: str) -> None:
    made = [upload(key, TWO_LINES, f"{n}.jsonl", purpose="user_data") for n in range(3)]
    ids = [each.id for each in made]

    async def scene(client: openai.AsyncOpenAI) -> None:
        newest = [each.id async for each in client.files.list(limit=1)]
        assert newest == ids[::-1]
        oldest = [each.id async for each in client.files.list(limit=2, order="asc")]
        assert oldest == ids
        page = await client.files.list(limit=2, after=ids[2])
        assert ([each.id for each in page.data], page.has_more) == ([ids[1], ids[0]], False)
        assert (await client.files.list(purpose="batch")).data == []

    with_client(key, scene)


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "order=up", "limit=x"])
def test_the_lists_bounds(key: str, query: str) -> None:
    assert error(get(key, f"/files?{query}"))[0] == 400


def test_more_files_take_no_more_queries(
    key: str, alice: User, sent: Sent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    get(key, "/files")
    for count in (1, 3):
        while UploadedFile.objects.count() < count:
            sent(alice)
        with django_assert_num_queries(2):  # the key, the files
            assert len(get(key, "/files").json()["data"]) == count


# --- whose


def test_bob_is_refused_alices_files(key: str, other_key: str, storage: Path) -> None:
    made = upload(key, TWO_LINES)
    address = f"/files/{made.id}"
    refused = [
        error(send(other_key, method, path))
        for method, path in (
            ("GET", address),
            ("GET", f"{address}/content"),
            ("DELETE", address),
            ("GET", f"/files?after={made.id}"),
        )
    ]
    assert [(status, told["message"]) for status, told in refused] == [
        (404, f"No such File object: {made.id}")
    ] * 4
    assert get(other_key, "/files").json()["data"] == []
    assert len(lying(storage)) == 1
    for strange in ("file-x", "file-" + "0" * 32, "x", "file-../a"):
        assert get(key, f"/files/{strange}").status_code == 404


def test_a_key_needs_the_scope(alice: User) -> None:
    secret = issue_key(alice, "chat alone", KeyTerms(scopes=["chat"])).secret
    status, told = error(form(secret, FILE, PURPOSE))
    assert (status, told["code"]) == (403, "missing_scope")
    status, _ = error(form("", FILE, PURPOSE))
    assert status == 401
    allowed = issue_key(alice, "files", KeyTerms(scopes=["files"])).secret
    assert form(allowed, FILE, PURPOSE).status_code == 200


# --- checked by the worker


@pytest.fixture
def at_once() -> Any:
    """Tasks run where they are sent from."""
    celery.conf.task_always_eager = True
    yield
    celery.conf.task_always_eager = False


@pytest.mark.django_db(transaction=True)
def test_a_large_file_is_checked_by_the_worker(key: str, at_once: None) -> None:
    made = upload(key, LARGE)
    assert made.status == "uploaded"
    assert get(key, f"/files/{made.id}").json()["status"] == "processed"
    report = UploadedFile.objects.get().findings
    assert report is not None
    assert (report.examples, report.truncated) == (12, 12)


def test_a_file_whose_bytes_are_gone_says_so(key: str, alice: User, sent: Sent) -> None:
    file = sent(alice)
    storing.discard(file.id)
    status, told = error(get(key, f"/files/{file.public_id}/content"))
    assert (status, told["param"]) == (404, "id")
