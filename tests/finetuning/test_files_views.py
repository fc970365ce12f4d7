"""finetuning.files_views: the list, a file with its report and examples, uploads, and writing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.contrib.messages import get_messages
from django.test import AsyncClient, Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite.jobs import State
from finetuning import storing
from finetuning.models import UploadedFile
from tests.finetuning.conftest import LARGE, PAIRS, TWO_LINES, jsonl, lying, pairs

pytestmark = pytest.mark.django_db

Sent = Callable[..., UploadedFile]
HTMX: Any = {"HTTP_HX_REQUEST": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(alice: User) -> Client:
    return signed_in(alice)


def words(response: Any) -> str:
    """The page's text, spaces and line breaks as one."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(text).split())


def notes(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def page_of(file: UploadedFile, name: str = "file") -> str:
    return reverse(f"finetuning:{name}", args=[file.public_id])


# --- whose


def test_whoever_is_not_signed_in_is_asked_to(alice: User, sent: Sent) -> None:
    file = sent(alice)
    addresses = [
        ("get", reverse("finetuning:files")),
        ("get", reverse("finetuning:write")),
        ("post", reverse("finetuning:write")),
        ("post", reverse("finetuning:begin_upload")),
        ("put", reverse("finetuning:upload", args=["x"])),
        ("get", page_of(file)),
        ("get", page_of(file, "check")),
        ("get", page_of(file, "content")),
        ("post", page_of(file, "delete")),
    ]
    for method, url in addresses:
        answer = getattr(Client(), method)(url)
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"{reverse('account_login')}?next={'%2F' if method == 'post' else url}",
        )


def test_bob_is_refused_alices_files(
    alice: User, bob: User, client: Client, sent: Sent, storage: Path
) -> None:
    file, other = sent(alice), signed_in(bob)
    for method, name in (
        ("get", "file"), ("get", "check"), ("get", "content"), ("post", "delete"),
    ):  # fmt: skip
        assert getattr(other, method)(page_of(file, name)).status_code == 404
    assert other.get(f"/files/?after={file.public_id}").status_code == 404
    assert "train.jsonl" not in words(other.get("/files/"))
    url = begin(client, b"hello").json()["url"]
    assert other.put(f"{url}?offset=0", b"hello").status_code == 403
    assert other.delete(url).status_code == 403
    assert lying(storage) == {file.id.hex}


def test_nothing_is_deleted_by_following_a_link(client: Client, alice: User, sent: Sent) -> None:
    assert client.get(page_of(sent(alice), "delete")).status_code == 405


# --- the list


def test_an_empty_list_says_what_to_do(client: Client) -> None:
    text = words(client.get("/files/"))
    assert "You have no files yet. To teach a model something, upload examples" in text
    assert "0 bytes of 10.0 GB used" in text
    assert "Up to 512.0 MB." in text
    assert "You have no files of this kind." in words(client.get("/files/?purpose=batch"))


def test_the_list_tells_of_each_file(client: Client, alice: User, sent: Sent) -> None:
    sent(alice)
    sent(alice, b"{}\n", "bad.jsonl")
    sent(alice, b"hello", "notes.txt", purpose="user_data")
    text = words(client.get("/files/"))
    assert "notes.txt 5 bytes · Your own data" in text
    assert "bad.jsonl Cannot be learnt from 3 bytes · Fine-tuning" in text
    assert "train.jsonl Ready to learn from 121 bytes · Fine-tuning" in text
    only = words(client.get("/files/?purpose=user_data"))
    assert "notes.txt" in only
    assert "train.jsonl" not in only
    assert "train.jsonl" in words(client.get("/files/?purpose=nonsense"))


def test_older_files_are_on_another_page(client: Client, alice: User, sent: Sent) -> None:
    for number in range(31):
        sent(alice, b"hello", f"n{number}.txt", purpose="user_data")
    first = client.get("/files/?purpose=user_data")
    assert "n30.txt" in words(first)
    assert "n0.txt" not in words(first)
    [older] = re.findall(r'href="(\?[^"]*after=[^"]*)"', first.content.decode())
    second = client.get(f"/files/{unescape(older)}")
    assert [file.filename for file in second.context["files"]] == ["n0.txt"]
    assert 'href="?purpose=user_data"' in second.content.decode()


def test_more_rows_take_no_more_queries(
    client: Client, alice: User, sent: Sent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/files/")
    for count in (1, 3):
        while UploadedFile.objects.count() < count:
            sent(alice)
        with django_assert_num_queries(4):  # session, user, files, their sizes
            assert len(client.get("/files/").context["files"]) == count


# --- one file


def test_a_file_tells_what_a_model_would_learn(client: Client, alice: User, sent: Sent) -> None:
    more = ("Mail me at ada@lovelace.org", "word " * 3000)
    text = words(client.get(page_of(sent(alice, pairs(*PAIRS, PAIRS[0], more)))))
    assert "Examples 4 " in text
    assert "The examples have the old form of prompt and completion." in text
    assert "1 example is longer than the 1,024 tokens" in text
    assert "The longest stands on line 4." in text
    assert "1 example repeats an earlier one." in text
    assert "Email address found in 1 example." in text
    assert "Line 1 user Translate to French: 'Hello' assistant Bonjour" in text


def test_faults_are_listed_by_line(client: Client, alice: User, sent: Sent) -> None:
    bad = {"messages": [{"role": "user", "content": "<b>Hi</b>"}]}
    response = client.get(page_of(sent(alice, TWO_LINES + jsonl(*[bad] * 25))))
    text = words(response)
    assert "25 of 27 lines cannot be learnt from. These are the first 20." in text
    assert "Line 3, messages[0].role The last message is the user's. End with the" in text
    assert b"<b>Hi" not in response.content


def test_preferences_tools_and_weights_are_shown(client: Client, alice: User, sent: Sent) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    rows = [
        {
            "input": {
                "messages": [{"role": "user", "content": "Hello"}],
                "tools": [{"type": "function", "function": {"name": "add"}}],
            },
            "preferred_output": [{"role": "assistant", "content": "Bonjour"}],
            "non_preferred_output": [{"role": "assistant", "content": "Yo"}],
        }
    ]
    text = words(client.get(page_of(sent(alice, jsonl(*rows)))))
    assert "Line 1 add user Hello Preferred assistant Bonjour Not preferred assistant Yo" in text
    turns = [
        {"role": "user", "content": "1+1"},
        {"role": "assistant", "tool_calls": [call], "weight": 0},
        {"role": "tool", "tool_call_id": "c", "content": "2", "name": "calc"},
        {"role": "assistant", "content": "2"},
    ]
    text = words(client.get(page_of(sent(alice, jsonl({"messages": turns})))))
    assert ('user 1+1 assistant (read, not learnt) add({"a": 1}) tool (calc) 2 assistant 2') in text


def test_a_training_file_is_compared_with_a_validation_file(
    client: Client, alice: User, bob: User, sent: Sent
) -> None:
    train = sent(alice, pairs(*PAIRS, ("a", "b")))
    assert "Compare with" not in words(client.get(page_of(train)))
    other = sent(alice, pairs(PAIRS[1], ("c", "d")), "held-out.jsonl")
    apart = sent(alice, pairs(("e", "f")), "apart.jsonl")
    sent(alice, b"{}", "bad.jsonl")
    assert client.get(page_of(train)).context["others"] == [apart, other]

    def compared(file: UploadedFile) -> str:
        return words(client.get(f"{page_of(train)}?with={file.public_id}"))

    assert "1 example of held-out.jsonl stands in this file, too." in compared(other)
    assert "No example of apart.jsonl stands in this file." in compared(apart)
    bobs = sent(bob)
    assert client.get(f"{page_of(train)}?with={bobs.public_id}").status_code == 404
    UploadedFile.objects.filter(pk=other.pk).update(size=20 * 1024**2)
    assert "Files of more than 21 MB together cannot be compared here." in compared(other)


def test_examples_are_paged_by_their_place_in_the_file(
    client: Client, alice: User, sent: Sent
) -> None:
    file = sent(alice, b"\n" + pairs(*((f"q{n}", f"a{n}") for n in range(23))))
    shown: list[int] = []
    url: str | None = page_of(file)
    while url is not None:
        page = client.get(url).context["examples"]
        shown += [example.line for example in page.examples]
        url = page.following and f"{page_of(file)}?at={page.following}"
    assert shown == list(range(2, 25))
    for strange in ("x", "-", "5", "1-99999999999999999999", "٣-٤", "0--1"):
        assert client.get(f"{page_of(file)}?at={strange}").status_code == 200
    assert "There are no further lines." in words(client.get(f"{page_of(file)}?at=9-9999999"))


def test_a_very_long_turn_is_cut(client: Client, alice: User, sent: Sent) -> None:
    response = client.get(page_of(sent(alice, pairs(("q", "x" * 9000)))))
    assert "x" * 4000 in words(response)
    assert "x" * 4001 not in words(response)
    assert "(cut here; the rest is in the file)" in words(response)


def test_a_file_of_another_kind_has_no_examples(client: Client, alice: User, sent: Sent) -> None:
    text = words(client.get(page_of(sent(alice, TWO_LINES, purpose="assistants"))))
    assert "Kind text/plain" in text
    assert "The examples" not in text


def test_a_check_that_goes_on_is_asked_after(client: Client, alice: User, sent: Sent) -> None:
    file = sent(alice, LARGE)
    page = client.get(page_of(file))
    assert "The file waits for its turn." in words(page)
    assert f'hx-get="{page_of(file, "check")}"' in page.content.decode()
    going = client.get(page_of(file, "check"), **HTMX)
    assert not going.has_header("HX-Refresh")
    UploadedFile.objects.update(state=State.DONE)
    ended = client.get(page_of(file, "check"), **HTMX)
    assert ended["HX-Refresh"] == "true"
    assert "hx-get" not in ended.content.decode()


def test_a_file_is_downloaded_as_it_was_sent(alice: User, sent: Sent) -> None:
    file = sent(alice, TWO_LINES, 'ä".jsonl')

    @async_to_sync
    async def scene() -> Any:
        client = AsyncClient()
        await client.aforce_login(alice)
        response: Any = await client.get(page_of(file, "content"))
        return response, b"".join([block async for block in response.streaming_content])

    response, content = scene()
    assert content == TWO_LINES
    assert response["content-disposition"] == "attachment; filename*=utf-8''%C3%A4%22.jsonl"
    assert response["content-type"] == "application/octet-stream"
    assert response["content-security-policy"].startswith("default-src 'none'")


def test_a_file_is_deleted(client: Client, alice: User, sent: Sent, storage: Path) -> None:
    file = sent(alice)
    response = client.post(page_of(file, "delete"))
    assert (response["Location"], notes(response)) == ("/files/", ["train.jsonl is deleted."])
    assert lying(storage) == set()
    assert client.get(page_of(file)).status_code == 404


def test_a_file_whose_bytes_are_gone_is_still_shown(
    client: Client, alice: User, sent: Sent
) -> None:
    file = sent(alice)
    storing.discard(file.id)
    assert "Line 1" not in words(client.get(page_of(file)))
    assert client.get(page_of(file, "content")).status_code == 404


# --- uploads


def begin(client: Client, content: bytes, name: str = "train.jsonl", **more: Any) -> Any:
    about = {"name": name, "size": len(content), "stamp": "1", "purpose": "fine-tune", **more}
    return client.post("/files/uploads/", about)


def test_a_file_is_sent_in_pieces(client: Client, storage: Path, settings: Settings) -> None:
    answer = begin(client, TWO_LINES).json()
    assert (answer["offset"], answer["piece"]) == (0, 4 * 1024**2)
    url = answer["url"]
    assert client.put(f"{url}?offset=0", TWO_LINES[:50]).json() == {"offset": 50}
    again = client.put(f"{url}?offset=0", TWO_LINES[:50])
    assert (again.status_code, again.json()) == (409, {"offset": 50})
    assert begin(client, TWO_LINES).json()["offset"] == 50
    ended = client.put(f"{url}?offset=50", TWO_LINES[50:]).json()
    file = UploadedFile.objects.get()
    assert ended == {
        "offset": len(TWO_LINES), "done": "train.jsonl is here: 121 bytes.",
        "location": page_of(file),
    }  # fmt: skip
    assert (file.status, file.purpose) == ("processed", "fine-tune")
    assert (storage / file.id.hex).read_bytes() == TWO_LINES
    assert lying(Path(settings.FILE_UPLOAD_TEMP_DIR)) == set()


def test_what_cannot_be_taken_is_refused_where_it_shows(
    client: Client, settings: Settings, storage: Path
) -> None:
    assert begin(client, b"").json() == {"error": "The file is empty."}
    assert begin(client, b"x", purpose="fun").status_code == 400
    settings.FILES_QUOTA_BYTES = 10
    refused = begin(client, TWO_LINES)
    assert refused.status_code == 403
    assert refused.json()["error"].startswith("Your files take 0 bytes of the 10 bytes")
    settings.FILES_QUOTA_BYTES = 0
    settings.MAX_FILE_BYTES = 120
    assert begin(client, TWO_LINES).status_code == 413
    settings.MAX_FILE_BYTES = 1000
    url = begin(client, b"\xff\xfe\0\0").json()["url"]
    binary = client.put(f"{url}?offset=0", b"\xff\xfe\0\0")
    assert binary.status_code == 400
    assert "This one is not text." in binary.json()["error"]
    url = begin(client, b"1234").json()["url"]
    longer = client.put(f"{url}?offset=0", b"12345")
    assert longer.json() == {"error": "train.jsonl is longer than announced."}
    assert (lying(storage), lying(Path(settings.FILE_UPLOAD_TEMP_DIR))) == (set(), set())


def test_room_that_was_taken_meanwhile_is_told_of(
    client: Client, alice: User, sent: Sent, settings: Settings, storage: Path
) -> None:
    settings.FILES_QUOTA_BYTES = 200
    url = begin(client, TWO_LINES).json()["url"]
    sent(alice)
    refused = client.put(f"{url}?offset=0", TWO_LINES)
    assert refused.status_code == 403
    assert refused.json()["error"].endswith("Delete files that you do not need.")
    assert len(lying(storage)) == 1


def test_an_upload_is_cancelled(client: Client, settings: Settings) -> None:
    url = begin(client, TWO_LINES).json()["url"]
    client.put(f"{url}?offset=0", TWO_LINES[:50])
    assert client.delete(url).status_code == 204
    assert lying(Path(settings.FILE_UPLOAD_TEMP_DIR)) == set()
    assert begin(client, TWO_LINES).json()["offset"] == 0


def test_pieces_of_another_kind_are_refused(client: Client, settings: Settings) -> None:
    url = begin(client, TWO_LINES).json()["url"]
    for offset in ("-1", "x", "", "9" * 5000):
        assert client.put(f"{url}?offset={offset}", b"x").status_code == 400
    assert client.put(f"{url[:-2]}x/?offset=0", b"x").status_code == 404
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50
    assert client.put(f"{url}?offset=0", TWO_LINES).status_code == 413


# --- written


def test_examples_are_written_as_questions_and_answers(client: Client, storage: Path) -> None:
    questions, answers = [["", *each, " "] for each in zip(*PAIRS, strict=True)]
    response = client.post(
        "/files/write/", {"filename": "mine.jsonl", "question": questions, "answer": answers}
    )
    file = UploadedFile.objects.get()
    assert response["Location"] == page_of(file)
    assert notes(response) == ["mine.jsonl is saved."]
    rows = [json.loads(line) for line in (storage / file.id.hex).read_bytes().splitlines()]
    assert rows == [
        {
            "messages": [
                {"role": "user", "content": prompt},
                {"role": "assistant", "content": answer},
            ]
        }
        for prompt, answer in PAIRS
    ]


def test_examples_are_pasted_as_json_lines(client: Client, storage: Path) -> None:
    given = {"filename": "mine.jsonl", "lines": TWO_LINES.decode().replace("\n", "\r\n")}
    assert client.post("/files/write/", given).status_code == 302
    report = UploadedFile.objects.get().findings
    assert report is not None
    assert (report.examples, report.format) == (2, "completion")


def test_what_is_wrong_with_written_examples_is_told(client: Client) -> None:
    def told(**given: Any) -> str:
        response = client.post("/files/write/", {"filename": "mine.jsonl", **given})
        assert response.status_code == 422
        return words(response)

    assert "Write at least one example." in told()
    assert "Example 2 has no answer." in told(question=["a", "b"], answer=["c", ""])
    assert "Example 1 has no question." in told(question=[" "], answer=["c"])
    both = told(question=["a"], answer=["b"], lines="{}")
    assert "Give either questions with answers or JSON Lines, not both." in both
    assert "1 of 1 line cannot be learnt from. Line 1: There are no messages" in told(lines="{}")
    assert "This field is required." in told(filename="", question=["a"], answer=["b"])
    assert not UploadedFile.objects.exists()


def test_more_rows_are_there_for_the_asking(client: Client) -> None:
    response = client.post("/files/write/", {"question": ["a"], "answer": ["b"], "more": "1"})
    assert response.status_code == 200
    assert response.context["form"].pairs == [("a", "b"), ("", ""), ("", ""), ("", "")]
    assert "This field is required." not in words(response)
    many = client.post("/files/write/", {"question": ["a"] * 300, "answer": ["b"] * 300, "more": 1})
    assert len(many.context["form"].pairs) == 200
    assert "More examples" not in words(many)


def test_a_file_that_never_was_is_not_found(client: Client) -> None:
    for public_id in (f"file-{uuid4().hex}", "file-x", "x"):
        assert client.get(f"/files/{public_id}/").status_code == 404


def test_the_administration_lists_files(administrator: User, alice: User, sent: Sent) -> None:
    file = sent(alice)
    admin = signed_in(administrator)
    assert "train.jsonl" in words(admin.get("/admin/finetuning/uploadedfile/"))
    assert admin.get(f"/admin/finetuning/uploadedfile/{file.pk}/change/").status_code == 200
    assert admin.get("/admin/finetuning/uploadedfile/add/").status_code == 403
