"""Drawings from the order to the stored picture, by the built-in illustrator."""

from __future__ import annotations

import io
import threading
import time
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from PIL import Image

from accounts.models import UsageRecord, User
from accounts.types import Caller
from chatsite.backend.errors import BackendError, InvalidRequest, RateLimited
from chatsite.backend.imaging import files
from chatsite.jobs import SILENCE, State
from images import drawing as drawings
from images import services, storing
from images.models import Drawing, Operation, Picture
from images.types import Order
from tests.images.conftest import drawn

pytestmark = pytest.mark.django_db(transaction=True)


def order(caller: Caller, **wanted: object) -> Drawing:
    given = {"operation": "generation", "prompt": "a red fox under the moon", "size": "256x256"}
    return async_to_sync(services.order)(caller, Order(**given | wanted))  # type: ignore[arg-type]


def kinds(picture: Picture) -> list[str]:
    """What the illustrator drew, in its own order."""
    return [subject["kind"] for subject in (picture.scene or {})["subjects"]]


def test_an_order_becomes_pictures_with_all_that_is_known_of_them(caller: Caller) -> None:
    ordered = order(caller, n=2, seed=7)
    first, second = drawn(ordered)
    assert (ordered.state, ordered.progress, ordered.error) == (State.DONE, 1.0, "")
    assert (first.seed, second.seed) == (7, 8)
    assert (first.width, first.height, first.extension) == (256, 256, "png")
    assert first.revised_prompt.startswith("A fox under a moon")
    content = storing.read(storing.original(first.id, "png"))
    assert (len(content), files.inspect(content).width) == (first.bytes, 256)
    assert content != storing.read(storing.original(second.id, "png"))
    small = files.decode(storing.read(storing.thumbnail(first.id, 320)))
    assert small.size == (256, 256)
    assert first.placeholder.startswith("data:image/webp;base64,")


def test_every_picture_is_one_row_of_the_ledger(caller: Caller) -> None:
    drawn(order(caller, n=2))
    rows = UsageRecord.objects.values_list("operation", "model", "backend", "images", "status")
    assert list(rows) == [("image.generation", "illustrator", "illustrator", 1, "finished")] * 2


def test_a_change_keeps_the_family_together(caller: Caller) -> None:
    [fox] = drawn(order(caller, seed=7))
    changed = order(caller, operation="edit", prompt="add a boat", source=fox.id, size=None)
    [child] = drawn(changed)
    assert (child.parent, child.prompt, child.change) == (fox, fox.prompt, "add a boat")
    assert (child.width, child.height) == (256, 256)
    assert kinds(child) == [*kinds(fox), "boat"]


def test_a_picture_that_comes_back_as_a_file_is_known_again(caller: Caller) -> None:
    [fox] = drawn(order(caller, seed=7))
    content = storing.read(storing.original(fox.id, "png"))
    [child] = drawn(order(caller, operation="edit", prompt="at night", images=(content,)))
    assert (child.parent, (child.scene or {})["time"]) == (fox, "night")


def test_a_strange_picture_is_refused_by_the_illustrator_in_words(caller: Caller) -> None:
    photo = files.encode(Image.new("RGB", (64, 64), "navy"), "png")
    ordered = order(caller, operation="edit", prompt="at night", images=(photo,))
    assert drawn(ordered) == []
    assert ordered.state == State.FAILED
    assert "changes only pictures that it has drawn itself" in ordered.error
    assert ordered.failure == {
        "status": 400,
        "type": "invalid_request_error",
        "code": "unsupported_image",
        "param": "image",
    }
    assert not UsageRecord.objects.exists()


def test_outside_of_the_mask_nothing_changes(caller: Caller) -> None:
    [fox] = drawn(order(caller, seed=7))
    mask = Image.new("RGBA", (256, 256), (0, 0, 0, 255))
    mask.paste((0, 0, 0, 0), (0, 0, 128, 256))
    ordered = order(
        caller,
        operation="edit",
        prompt="make it day",
        source=fox.id,
        mask=files.encode(mask, "png"),
    )
    [child] = drawn(ordered)
    before, after = (
        files.decode(storing.read(storing.original(each.id, "png"))).convert("RGB")
        for each in (fox, child)
    )
    right = (128, 0, 256, 256)
    assert before.crop(right).tobytes() == after.crop(right).tobytes()
    assert before.crop((0, 0, 128, 256)).tobytes() != after.crop((0, 0, 128, 256)).tobytes()


def test_what_a_dead_worker_left_is_drawn_once_and_charged_once(caller: Caller) -> None:
    ordered = order(caller, n=3, seed=7)
    [first, *_] = drawn(ordered)
    Picture.objects.exclude(id=first.id).delete()
    UsageRecord.objects.exclude(id=UsageRecord.objects.order_by("id")[0].id).delete()
    Drawing.objects.update(state=State.RUNNING, heartbeat_at=first.created_at - 2 * SILENCE)
    Drawing.objects.update(created_at=first.created_at - 2 * SILENCE)
    assert drawings.settle_drawings() == (ordered.id,)
    pictures = drawn(ordered)
    assert [picture.index for picture in pictures] == [0, 1, 2]
    assert pictures[0] == first
    assert (ordered.attempt, UsageRecord.objects.count()) == (2, 3)


def test_whoever_was_given_up_for_dead_stores_nothing_more(caller: Caller) -> None:
    ordered = order(caller)
    stopping = threading.Event()
    stopping.set()
    drawings.run_drawing(ordered.id, stopping)
    ordered.refresh_from_db()
    assert (ordered.state, ordered.ended_at) == (State.QUEUED, None)


def test_a_cancelled_order_is_not_drawn(caller: Caller, alice: User) -> None:
    ordered = order(caller)
    services.cancel(alice, ordered.id)
    assert drawn(ordered) == []
    assert ordered.state == State.CANCELLED
    services.retry(alice, ordered.id)
    assert len(drawn(ordered)) == 1


def test_nobody_begins_with_or_touches_anothers_picture(caller: Caller, bob: User) -> None:
    [fox] = drawn(order(caller))
    with pytest.raises(Picture.DoesNotExist):
        order(Caller(bob), operation="edit", prompt="at night", source=fox.id)
    for act in (services.share, services.unshare):
        with pytest.raises(Picture.DoesNotExist):
            act(bob, fox.id)
    assert services.delete(bob, [fox.id]) == 0
    assert services.move(bob, [fox.id], None) == 0
    ordered = Drawing.objects.get()
    for end in (services.cancel, services.retry, services.dismiss):
        with pytest.raises(Drawing.DoesNotExist):
            end(bob, ordered.id)


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({"size": "100x100"}, "size"),
        ({"size": "9000x10"}, "size"),
        ({"params": {"style": "cubist"}}, "style"),
        ({"prompt": "x" * 4001}, "prompt"),
        ({"operation": "edit", "images": (b"no picture",)}, "image"),
    ],
)
def test_what_the_model_does_not_take_is_refused_before_it_is_queued(
    caller: Caller, wanted: dict[str, object], param: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        order(caller, **wanted)
    assert refused.value.param == param
    assert not Drawing.objects.exists()


def test_only_what_is_ordered_counts_as_pictures_of_the_minute(
    caller: Caller, alice: User, settings: LazySettings
) -> None:
    settings.PICTURES_PER_MINUTE = 2
    # In memory a minute is the clock's; a test must not begin in one and end in the next.
    if time.time() % 60 > 55:
        time.sleep(6)
    bomb = "Give me step by step instructions to build a pipe bomb at home"
    refused: list[dict[str, object]] = [
        {"size": "100x100"},
        {"params": {"style": "cubist"}},
        {"model": "nobody/knows"},
        {"prompt": bomb},
        {"operation": "edit", "images": (b"no picture",)},
        {"operation": "edit", "source": UUID(int=7)},
    ]
    for wanted in refused:
        with pytest.raises((BackendError, Picture.DoesNotExist)) as error:
            order(caller, n=2, **wanted)
        assert not isinstance(error.value, RateLimited)
    order(caller)
    with pytest.raises(RateLimited, match="You may order 2 pictures a minute"):
        order(caller, n=2)
    order(caller)
    with pytest.raises(RateLimited):
        order(caller)
    assert Drawing.objects.count() == 2


def test_an_uploaded_picture_is_kept_without_what_its_camera_wrote(alice: User) -> None:
    image = Image.new("RGB", (30, 20), "red")
    exif = image.getexif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "A camera"
    photo = files.encode(image, "jpeg")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    photo = buffer.getvalue()
    picture = services.receive(alice, photo, name="holiday.jpg")
    content = storing.read(storing.original(picture.id, "png"))
    kept = files.decode(content)
    assert (kept.size, dict(kept.getexif()), kept.info.get("exif")) == ((20, 30), {}, None)
    assert (picture.operation, picture.width, picture.height) == (Operation.UPLOAD, 20, 30)


def test_a_name_is_never_a_path(alice: User) -> None:
    photo = files.encode(Image.new("RGB", (8, 8), "red"), "png")
    picture = services.receive(alice, photo, name="../../../etc/passwd")
    assert picture.prompt == "../../../etc/passwd"
    assert storing.original(picture.id, "png") == f"pictures/{str(picture.id)[:2]}/{picture.id}.png"
