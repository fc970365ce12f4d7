"""Pictures put to messages: taken in, sent, shown to models that see, taken out, deleted."""

from __future__ import annotations

import base64
import io
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageStat
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from conversations import attachments, own_data, selectors, services
from conversations.models import Attached, Attachment, Conversation, Message, attached_in
from conversations.picture_tool import UNSEEN, messages
from tests.accounts.own_data import unpacked
from tests.backend.engine.alphabet import running_manager, write_alphabet
from tests.backend.engine.seeing import write_projector
from tests.conversations.test_consumer import COMPLETE, Page, answer, in_a_loop, opened
from tests.images.test_own_data import files, storage
from tests.servers.upstream import Upstream

__all__ = ["storage"]

pytestmark = pytest.mark.django_db


def drawn(color: Any = "blue", size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA" if isinstance(color, tuple) else "RGB", size, color).save(buffer, kind)
    return buffer.getvalue()


def noise(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.frombytes("RGB", size, os.urandom(3 * size[0] * size[1])).save(buffer, "PNG")
    return buffer.getvalue()


def attach(user: User, data: bytes) -> Attachment:
    return async_to_sync(attachments.attach)(user, data)


def said_with(user: User, *pictures: bytes, conversation: UUID | None = None) -> Message:
    """A question with pictures, answered by nobody."""
    rows = [attach(user, each) for each in pictures]
    turn = services.ask(
        user,
        conversation or uuid4(),
        text="What is this?",
        model="m",
        nonce=uuid4().hex,
        pictures=[row.id for row in rows],
    )
    assert turn.run is not None
    turn.run.delete()  # so that the next may be asked
    parent = turn.run.message.parent
    assert parent is not None
    return parent


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sent(client: Client, *contents: bytes) -> HttpResponse:
    given = [SimpleUploadedFile(f"{i}.png", each) for i, each in enumerate(contents)]
    return client.post("/attachments/", {"picture": given})  # type: ignore[return-value]


# --- taken in


@pytest.mark.parametrize(
    ("given", "extension", "size"),
    [
        (drawn(), "png", (40, 30)),
        (drawn(kind="WEBP"), "png", (40, 30)),
        (drawn(kind="GIF"), "png", (40, 30)),
        (drawn(kind="JPEG"), "jpeg", (40, 30)),
        (drawn(size=(4096, 1024)), "png", (2048, 512)),
        (noise((900, 900)), "jpeg", (900, 900)),
    ],
    ids=["png", "webp", "gif", "jpeg", "large", "a photograph saved as PNG"],
)
def test_a_picture_is_kept_as_any_model_reads_it(
    alice: User, storage: Path, given: bytes, extension: str, size: tuple[int, int]
) -> None:
    row = attach(alice, given)
    content = attachments.read(attachments.original(row.id, row.extension))
    image = Image.open(io.BytesIO(content))
    small = Image.open(io.BytesIO(attachments.read(attachments.small(row.id))))
    assert (row.extension, (row.width, row.height)) == (extension, size)
    assert (image.format, image.size, image.mode) == (extension.upper(), size, "RGB")
    assert (row.size_bytes, len(files(storage))) == (len(content), 2)
    assert max(small.size) == min(640, max(size))


def test_nothing_but_pixels_is_kept(alice: User, storage: Path) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"  # held upright, and where
    Image.new("RGB", (40, 30), "red").save(buffer, "JPEG", exif=exif)
    row = attach(alice, buffer.getvalue())
    content = attachments.read(attachments.original(row.id, row.extension))
    assert (row.width, row.height) == (30, 40)
    assert b"taken at home" not in content
    assert dict(Image.open(io.BytesIO(content)).getexif()) == {}


def test_what_is_no_picture_is_refused_by_its_name(alice: User, storage: Path) -> None:
    response = sent(signed_in(alice), drawn(), b"hello")
    text = response.content.decode()
    assert text.count('name="attached"') == 1
    assert "1.png is not a PNG, JPEG, WebP or GIF file that can be read." in text
    assert Attachment.objects.count() == 1
    assert len(files(storage)) == 2
    assert "Choose a picture first." in sent(signed_in(alice)).content.decode()


def test_of_those_that_wait_to_be_sent_the_oldest_give_way(
    alice: User, bob: User, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty that nobody sees any more, of pages long closed, kept their owner from attaching."""
    monkeypatch.setattr(attachments, "MOST_IDLE", 2)
    said_with(alice, drawn())
    waiting = [attach(alice, drawn()) for _ in range(3)]
    attach(bob, drawn())
    assert list(attachments.idle(alice).order_by("created_at")) == waiting[1:]
    assert Attachment.objects.count() == 4
    assert len(files(storage)) == 8


def test_no_more_is_kept_than_the_quota(alice: User, storage: Path, settings: Settings) -> None:
    settings.FILES_QUOTA_BYTES = 1
    attach(alice, drawn())
    with pytest.raises(InvalidRequest, match="Your conversations hold as many pictures as are"):
        attach(alice, drawn())


def test_one_bad_file_keeps_no_other_out(alice: User, storage: Path) -> None:
    name = "a very long name of a picture that some telephone has made up.heic"
    given = [
        SimpleUploadedFile("first.png", drawn()),
        SimpleUploadedFile(name, b"x"),
        SimpleUploadedFile("last.png", drawn()),
    ]
    text = signed_in(alice).post("/attachments/", {"picture": given}).content.decode()
    assert text.count('name="attached"') == 2
    assert "a very long name of a pi…made up.heic is not a PNG" in text


def test_deep_and_indexed_colours_are_kept(alice: User, storage: Path) -> None:
    """Of 16 bits all but black became white, and of a palette every other line was dropped."""
    deep = Image.new("I;16", (256, 1))
    for x in range(256):
        deep.putpixel((x, 0), 257 * x)
    lines = Image.new("P", (4096, 64))
    lines.putpalette([0, 0, 0, 255, 255, 255])
    for y in range(0, 64, 2):
        lines.paste(1, (0, y, 4096, y + 1))
    shades = []
    for image in (deep, lines):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        row = attach(alice, buffer.getvalue())
        kept = Image.open(io.BytesIO(attachments.read(attachments.original(row.id, "png"))))
        shades.append((kept.size, abs(ImageStat.Stat(kept).mean[0] - 127.5) < 1))
    assert shades == [((256, 1), True), ((2048, 32), True)]


# --- sent


def test_a_message_names_its_pictures_in_their_order(alice: User, storage: Path) -> None:
    message = said_with(alice, drawn("red"), drawn(size=(10, 20)))
    found = attached_in(message.attached)
    rows = Attachment.objects.in_bulk([each.id for each in found])
    assert [(each.extension, each.width, each.height) for each in found] == [
        ("png", 40, 30),
        ("png", 10, 20),
    ]
    assert {row.conversation_id for row in rows.values()} == {message.conversation_id}
    [view, _] = selectors.thread_for(alice, message.conversation_id).messages
    assert view.attached == found
    [line] = selectors.history_for(alice, message.conversation_id, message.id)
    assert line.attached == found


def test_only_ones_own_unsent_pictures_are_sent(alice: User, bob: User, storage: Path) -> None:
    bobs = attach(bob, drawn())
    [used] = attached_in(said_with(alice, drawn()).attached)
    mine = attach(alice, drawn())
    for picture in (bobs.id, used.id, uuid4()):
        with pytest.raises(InvalidRequest, match=r"not here any more\. Attach it again"):
            services.ask(
                alice, uuid4(), text="Hi", model="m", nonce="n", pictures=[mine.id, picture]
            )
    assert list(attachments.idle(alice)) == [mine]
    assert list(attachments.idle(bob)) == [bobs]
    assert Conversation.objects.count() == 1


def test_a_message_takes_so_many(alice: User, storage: Path) -> None:
    with pytest.raises(InvalidRequest, match="A message takes 8 pictures"):
        said_with(alice, *[drawn()] * 9)


def test_a_message_that_is_edited_keeps_its_pictures(alice: User, storage: Path) -> None:
    message = said_with(alice, drawn())
    turn = services.edit(
        alice, message.conversation_id, message.id, text="And now?", model="m", nonce="e"
    )
    assert turn.run is not None
    edited = turn.run.message.parent
    assert edited is not None
    assert (edited.text, edited.attached) == ("And now?", message.attached)


# --- seen


@pytest.mark.engine
def test_a_model_that_sees_is_shown_them_and_another_is_told(
    alice: User, fake_models: Upstream, storage: Path, tmp_path: Path, settings: Settings
) -> None:
    settings.DATA_DIR, settings.ENGINE_ENABLED = tmp_path, True
    conversation = uuid4()
    write_alphabet(tmp_path / "models" / "blind.gguf", name="Blind")
    write_alphabet(tmp_path / "models" / "seer.gguf", sees=True)
    write_projector(tmp_path / "models" / "seer.mmproj.gguf")
    row = attach(alice, drawn("blue"))

    async def scene() -> None:
        async with opened(Page(alice, conversation)) as page:
            asked = {"action": "ask", "text": "draw a cat like this", "attached": str(row.id)}
            await page.send(**asked, model="blind", nonce="1")
            await page.until("blind does not see pictures. Pick a model that does, or take them")
            await page.send(**asked, model="nobody", nonce="1")
            await page.until("nobody.*does not exist")
            await page.send(**asked, model="fake/echo", nonce="1", mode="picture")
            await page.until("Nothing can be drawn of an attached picture here")
            await page.send(**asked, model="fake/echo", nonce="1")
            await page.until(COMPLETE)
            page.heard = ""
            await page.send(action="ask", text="Hi", model="seer", nonce="2")
            await page.until("bbbb.*Answer")
            page.heard = ""
            await page.send(action="ask", text="Hi", model="blind", nonce="3")
            await page.until(COMPLETE)

    with running_manager(tmp_path, "--threads", "1"):
        in_a_loop(scene)
    [first] = [each for each in fake_models.chats if "title" not in str(each.json["messages"][0])]
    content = first.json["messages"][-1]["content"]
    file = attachments.read(attachments.original(row.id, "png"))
    address = f"data:image/png;base64,{base64.b64encode(file).decode()}"
    assert content == [
        {"type": "image_url", "image_url": {"url": address}},
        {"type": "text", "text": "draw a cat like this"},
    ]
    assert Message.objects.filter(drawing=None).count() == Message.objects.count() == 6
    assert attached_in(Message.objects.earliest("created_at").attached) == (
        Attached(row.id, "png", 40, 30),
    )


def test_an_ask_with_a_picture_sent_twice_is_answered_once(
    alice: User, fake_models: Upstream, storage: Path
) -> None:
    row = attach(alice, drawn())

    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            asked = {"action": "ask", "text": "Hi", "model": "fake/words-3", "nonce": "same"}
            for _ in range(2):
                await page.socket.send_json_to({**asked, "attached": [str(row.id)]})
            await page.until('data-acknowledged="same".*data-acknowledged="same"')
            await page.until(COMPLETE)

    in_a_loop(scene)
    assert answer().text == "one1 two2 three3"


def test_other_pictures_under_the_same_words_are_another_message(
    alice: User, fake_models: Upstream, storage: Path
) -> None:
    """After a lost acknowledgement "What is this?" of a second picture was taken for the first."""
    rows = [attach(alice, drawn(color)) for color in ("red", "blue")]

    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            for row in rows:
                page.heard = ""
                asked = {"action": "ask", "text": "What is this?", "model": "fake/words-3"}
                await page.send(**asked, nonce="same", attached=str(row.id))
                await page.until(COMPLETE)

    in_a_loop(scene)
    said = Message.objects.filter(role="user").order_by("created_at")
    assert [attached_in(each.attached)[0].id for each in said] == [row.id for row in rows]


@pytest.mark.engine
def test_another_answer_to_a_picture_is_of_a_model_that_sees(
    alice: User, fake_models: Upstream, storage: Path, tmp_path: Path, settings: Settings
) -> None:
    """Edited into a wish for a drawing it lost its pictures; a blind model answered by guessing."""
    settings.DATA_DIR, settings.ENGINE_ENABLED = tmp_path, True
    write_alphabet(tmp_path / "models" / "blind.gguf", name="Blind")
    row = attach(alice, drawn("blue"))

    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            await page.send(
                action="ask", text="Hi", model="fake/words-3", nonce="1", attached=str(row.id)
            )
            await page.until(COMPLETE)
            said = await Message.objects.aget(role="user")
            answered = await Message.objects.aget(role="assistant")
            page.heard = ""
            await page.send(action="regenerate", message=str(answered.id), model="blind")
            await page.until("blind does not see pictures")
            page.heard = ""
            edited = {"action": "edit", "message": str(said.id), "text": "draw a cat"}
            await page.send(**edited, model="blind", nonce="2")
            await page.until("blind does not see pictures")
            page.heard = ""
            await page.send(**edited, model="fake/words-3", nonce="3")
            await page.until('id="announcer".*Answer complete')

    with running_manager(tmp_path, "--threads", "1"):
        in_a_loop(scene)
    kept = Message.objects.filter(role="user").values_list("attached", flat=True)
    assert len(kept) == 2
    assert len(set(kept)) == 1
    assert not Message.objects.exclude(drawing=None).exists()


@pytest.mark.engine
def test_pictures_that_take_more_than_was_thought_leave_older_turns_out(
    alice: User, storage: Path, tmp_path: Path, settings: Settings
) -> None:
    """Such a conversation failed for good: the turns that were too much were never left out."""
    settings.DATA_DIR, settings.ENGINE_ENABLED, settings.BACKENDS = tmp_path, True, []
    write_projector(tmp_path / "models" / "seer.mmproj.gguf", side=512)  # 1,024 tokens
    write_alphabet(tmp_path / "models" / "seer.gguf", sees=True)
    rows = [attach(alice, drawn()) for _ in range(6)]

    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            for number, row in enumerate(rows):
                page.heard = ""
                asked = {"action": "ask", "text": "Look", "model": "seer", "nonce": f"n{number}"}
                await page.send(**asked, attached=str(row.id))
                await page.until("Answer (complete|stopped)|The answer failed")

    with running_manager(tmp_path, "--threads", "1", "--slots", "1"):
        in_a_loop(scene)
    answers = Message.objects.filter(role="assistant").order_by("created_at")
    assert [(each.text[:3], each.error) for each in answers] == [("bbb", answers[0].error)] * 6
    omitted = [each.omitted for each in answers]
    assert omitted == sorted(omitted)
    assert (omitted[0], omitted[5] >= 4) == (0, True)


@pytest.mark.parametrize("given", ["nonsense", ["x"], [3], {"a": 1}])
def test_what_names_no_picture_is_refused(
    alice: User, fake_models: Upstream, storage: Path, given: Any
) -> None:
    async def scene() -> None:
        async with opened(Page(alice, uuid4())) as page:
            asked = {"action": "ask", "text": "Hi", "model": "fake/echo", "nonce": "n"}
            await page.socket.send_json_to({**asked, "attached": given})
            await page.until("cannot be found. Attach it again")

    in_a_loop(scene)
    assert not Message.objects.exists()


def test_a_model_is_shown_the_newest_and_told_of_the_others(alice: User, storage: Path) -> None:
    chat = uuid4()
    for color in ("red", "lime", "blue"):
        last = said_with(alice, *[drawn(color)] * 4, conversation=chat)
    lines = selectors.history_for(alice, chat, last.id)
    pictures = [picture for line in lines for picture in line.attached]
    seen = attachments.addresses(pictures)
    assert list(seen) == [picture.id for picture in pictures[-8:]]
    read = messages(lines, with_calls=False, seen=seen)
    assert read[0].content == UNSEEN * 4 + "What is this?"
    assert [len(each.content) for each in read[1:] if each.role == "user"] == [5, 5]


def test_a_lost_file_takes_no_answer_away(alice: User, storage: Path) -> None:
    [picture] = attached_in(said_with(alice, drawn()).attached)
    (storage / attachments.original(picture.id, "png")).unlink()
    assert attachments.addresses([picture]) == {}


# --- shown


def test_bob_is_refused_what_alice_attached(alice: User, bob: User, storage: Path) -> None:
    row = attach(alice, drawn())
    [shown] = attached_in(said_with(alice, drawn()).attached)
    mine, his = signed_in(alice), signed_in(bob)
    for each in (row.id, shown.id):
        for place in (f"/attachments/{each}/", f"/attachments/{each}/small/"):
            assert mine.get(place).status_code == 200
            assert his.get(place).status_code == 404
            assert Client().get(place).status_code == 302
    his.post(f"/attachments/{row.id}/remove/")
    assert mine.get(f"/attachments/{row.id}/").status_code == 200
    assert Client().post("/attachments/").status_code == 302
    assert 'name="attached"' not in his.get(f"/attachments/?id={row.id}").content.decode()
    # What was sent stays with its message.
    for each in (shown.id, row.id, row.id):  # a page may not know yet that it is off
        assert mine.post(f"/attachments/{each}/remove/").status_code == 200
    assert mine.get(f"/attachments/{shown.id}/").status_code == 200
    assert mine.get(f"/attachments/{row.id}/").status_code == 404
    assert [path for path in files(storage) if str(row.id) in path] == []


def test_a_file_is_told_to_be_a_picture_and_nothing_else(alice: User, storage: Path) -> None:
    row = attach(alice, drawn())
    response = signed_in(alice).get(f"/attachments/{row.id}/")
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_page_that_was_loaded_again_asks_for_what_it_had(alice: User, storage: Path) -> None:
    rows = [attach(alice, drawn()) for _ in range(2)]
    [used] = attached_in(said_with(alice, drawn()).attached)
    wanted = [rows[1].id, used.id, "nonsense", rows[0].id]
    query = "&".join(f"id={each}" for each in wanted)
    text = signed_in(alice).get(f"/attachments/?{query}").content.decode()
    assert [str(row.id) in text for row in rows] == [True, True]
    assert text.index(str(rows[1].id)) < text.index(str(rows[0].id))
    assert str(used.id) not in text


def test_a_message_shows_its_pictures(alice: User, storage: Path) -> None:
    message = said_with(alice, drawn(), drawn())
    page = signed_in(alice).get(f"/c/{message.conversation_id}/").content.decode()
    for number, picture in enumerate(attached_in(message.attached), 1):
        assert f'<a href="/attachments/{picture.id}/" target="_blank">' in page
        assert f'src="/attachments/{picture.id}/small/" width="40" height="30"' in page
        assert f'alt="Picture {number} of this message"' in page


# --- gone


def test_pictures_go_with_their_conversation(alice: User, storage: Path) -> None:
    message, kept = said_with(alice, drawn(), drawn()), said_with(alice, drawn())
    services.delete(alice, message.conversation_id)
    [left] = Attachment.objects.all()
    assert left.conversation_id == kept.conversation_id
    assert len(files(storage)) == 2


def test_what_was_never_sent_is_swept_and_so_are_strays(alice: User, storage: Path) -> None:
    old, young = (attach(alice, drawn()) for _ in range(2))
    shown = said_with(alice, drawn())
    past = timezone.now() - timedelta(days=2)
    Attachment.objects.exclude(pk=young.pk).update(created_at=past)
    stray = uuid4()
    place = storage / attachments.original(stray, "png")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"x")
    assert attachments.sweep() == 1
    assert place.exists()  # its row may be on its way
    os.utime(place, (time.time() - 7200,) * 2)
    assert attachments.sweep() == 1
    assert not place.exists()
    [picture] = attached_in(shown.attached)
    assert set(Attachment.objects.values_list("id", flat=True)) == {young.id, picture.id}
    assert not any(str(old.id) in name for name in files(storage))


def test_they_are_taken_out_and_deleted_with_the_person(
    alice: User, bob: User, storage: Path, settings: Settings
) -> None:
    message = said_with(alice, drawn())
    attach(alice, drawn())
    said_with(bob, drawn())
    found = unpacked(own_data.members(alice.pk))
    [picture] = attached_in(message.attached)
    name = f"conversations/{picture.id}.png"
    assert found[name] == attachments.read(attachments.original(picture.id, "png"))
    assert [each for each in found if each.startswith("conversations/")] == [name]
    [conversation] = found["conversations.json"]
    assert conversation["messages"][0]["pictures"] == [name]
    assert "pictures" not in conversation["messages"][1]
    own_data.erase(alice.pk)
    assert [row.owner for row in Attachment.objects.all()] == [bob]
    assert len(files(storage)) == 2
