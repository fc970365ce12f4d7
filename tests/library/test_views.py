"""library.views: everybody sees the models, administrators change them, in place or by pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from accounts.models import User
from chatsite.backend.registry import get_registry
from chatsite.celery import app as celery
from library import promotion, services
from library.models import Alias, Download, Promotion
from tests.backend.engine.seeing import write_projector
from tests.backend.engine.small_models import skip, write_adapter, write_encoder
from tests.servers.hub import Hub
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

HTMX: Any = {"HTTP_HX_REQUEST": "true"}
State = Download.State


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(administrator: User) -> Client:
    return signed_in(administrator)


def words(response: Any) -> str:
    """The page's text, spaces and line breaks as one."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(text).split())


def notes(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def actions() -> list[tuple[str, str]]:
    """Every request that changes something or shows what is on its way."""
    download, upload = uuid4(), "token"
    return [
        ("get", reverse("library:downloads")),
        ("post", reverse("library:downloads")),
        ("get", reverse("library:progress", args=[download])),
        *(
            ("post", reverse(f"library:{name}", args=[download]))
            for name in ("cancel", "retry", "dismiss")
        ),
        ("post", reverse("library:begin_upload")),
        ("put", reverse("library:upload", args=[upload])),
        ("delete", reverse("library:upload", args=[upload])),
        ("post", reverse("library:remove", args=["mine"])),
        ("post", reverse("library:unload", args=["mine"])),
        ("post", reverse("library:share", args=["mine"])),
        ("post", reverse("library:promote", args=["latest"])),
        ("post", reverse("library:roll_back", args=["latest"])),
        ("post", reverse("library:end_trial", args=["latest"])),
    ]


# --- who may


def test_whoever_is_not_signed_in_is_asked_to(client: Client) -> None:
    everything = [("get", "/models/"), ("get", "/models/list/"), *actions()]
    for method, url in everything:
        answer = getattr(client, method)(url)
        assert (answer.status_code, answer["Location"]) == (
            302,
            f"{reverse('account_login')}?next={'%2F' if method == 'post' else url}",
        )


def test_bob_is_refused_all_that_administrators_may(
    administrator: User, bob: User, models: Path, alphabet: bytes
) -> None:
    (models / "mine.gguf").write_bytes(alphabet)
    client = signed_in(bob)
    for method, url in actions():
        assert (url, getattr(client, method)(url).status_code) == (url, 403)
    assert (models / "mine.gguf").exists()
    # One that an administrator asked for is no more his.
    download = Download.objects.create(reference="ada/tiny", requested_by=administrator)
    for name in ("cancel", "retry", "dismiss"):
        assert client.post(reverse(f"library:{name}", args=[download.id])).status_code == 403
    download.refresh_from_db()
    assert download.state == State.QUEUED


def test_nothing_happens_by_following_a_link(admin: Client) -> None:
    for method, url in actions():
        if method == "post" and url != reverse("library:downloads"):
            assert admin.get(url).status_code == 405


# --- the page


def test_everybody_sees_what_is_there_and_what_is_down(
    bob: User, models: Path, alphabet: bytes
) -> None:
    (models / "mine.gguf").write_bytes(alphabet)
    (models / "cut.gguf").write_bytes(alphabet[:-1])
    text = words(signed_in(bob).get("/models/"))
    assert "Built-in engine Not available The built-in engine is not running." in text
    assert "starter Built in Chatsite starter 8.39 M parameters Q8_0 9.21 MB" in text
    assert "It knows little and is often wrong: for real work, add a bigger one." in text
    assert "mine Alphabet 0.381 M parameters F16 771 kB 4,096 tokens of context licence mit" in text
    assert "cut 771 kB cut.gguf The file is cut off: 771,359 of 771,360 bytes." in text
    assert "Connect a bigger model" in text
    for button in ("Remove", "Unload", "Fetch a model", "Upload"):
        assert button not in text


def test_adapters_name_their_base_and_embedding_models_their_dimensions(
    bob: User, models: Path, alphabet: bytes
) -> None:
    (models / "mine.gguf").write_bytes(alphabet)
    write_adapter(models / "mine.polite.lora.gguf", skip("a", "c"))
    write_encoder(models / "small.gguf")
    text = words(signed_in(bob).get("/models/"))
    assert "mine:polite Alphabet + polite 0.381 M parameters F16" in text
    assert "licence mit adapter of mine mine.polite.lora.gguf" in text
    assert "128 tokens of context 64 dimensions small.gguf" in text


def test_a_model_that_sees_names_what_it_sees_by(
    bob: User, models: Path, alphabet: bytes, tmp_path: Path
) -> None:
    (models / "mine.gguf").write_bytes(alphabet)
    write_projector(models / "mine.mmproj.gguf", name="Eyes")
    write_projector(models / "other.mmproj.gguf", name="Eyes")
    text = words(signed_in(bob).get("/models/"))
    assert "licence mit with mine.mmproj.gguf mine.gguf" in text
    assert "other.mmproj Eyes" in text
    assert "It sees for a model that is not here. Call the file MODEL.mmproj.gguf" in text


def test_administrators_see_what_they_may_do(admin: Client, models: Path, alphabet: bytes) -> None:
    (models / "mine.gguf").write_bytes(alphabet)
    response = admin.get("/models/")
    text = words(response)
    assert "Remove mine" in text
    assert "Remove starter" not in text
    assert "Fetch a model" in text
    assert "Upload a GGUF file" in text
    assert 'data-confirm="Remove mine?"' in response.content.decode()


def test_models_of_other_backends_are_listed_too(
    bob: User, fake_models: object, settings: Settings
) -> None:
    text = words(signed_in(bob).get("/models/"))
    assert "Fake Running fake/echo" in text
    assert "uses tools" in text
    assert "starter" not in text


def test_a_site_without_backends_says_so(bob: User, settings: Settings) -> None:
    settings.ENGINE_ENABLED = False
    from chatsite.backend.registry import get_registry

    get_registry.cache_clear()
    assert "No backend is configured." in words(signed_in(bob).get("/models/"))


def test_the_list_alone_is_for_htmx(bob: User) -> None:
    client = signed_in(bob)
    part = client.get("/models/list/", **HTMX)
    assert "starter" in words(part)
    assert "<html" not in part.content.decode()
    assert client.get("/models/list/")["Location"] == "/models/"


def test_more_rows_take_no_more_queries(
    admin: Client, models: Path, alphabet: bytes, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    admin.get("/models/")
    for count in (1, 2):
        (models / f"model-{count}.gguf").write_bytes(alphabet)
        Download.objects.create(reference=f"ada/{count}", state=State.FAILED)
        Download.objects.create(reference=f"ada/{count}-next")
        get_registry().forget_aliases()
        # Session, user, downloads; aliases, their changes and trials; what was made here; and what
        # the registry reads.
        with django_assert_num_queries(8):
            response = admin.get("/models/")
        assert len(response.context["downloads"]) == 2 * count


# --- downloads


def test_a_model_is_asked_for_in_place_and_by_page(admin: Client) -> None:
    part = admin.post("/models/downloads/", {"reference": "ada/tiny:q8_0"}, **HTMX)
    assert part.status_code == 200
    assert "ada/tiny:Q8_0 Waiting for its turn Cancel" in words(part)
    page = admin.post("/models/downloads/", {"reference": "ada/other"})
    assert (page.status_code, page["Location"]) == (302, "/models/")
    assert Download.objects.count() == 2


@pytest.mark.parametrize("extra", [HTMX, {}])
def test_what_cannot_be_asked_for_is_told_in_place(admin: Client, extra: Any) -> None:
    response = admin.post("/models/downloads/", {"reference": "nonsense"}, **extra)
    assert response.status_code == 422
    assert "Name a model as owner/name, owner/name:Q4_K_M or owner/name/file.gguf." in words(
        response
    )
    assert 'value="nonsense"' in response.content.decode()
    assert not Download.objects.exists()


def test_each_state_has_its_words_and_its_buttons(admin: Client) -> None:
    made: dict[str, Any] = {
        "ada/queued": {"state": State.QUEUED},
        "ada/failed": {"state": State.FAILED, "error": "The disk is full."},
        "ada/cancelled": {
            "state": State.CANCELLED, "bytes_done": 5_000_000, "bytes_total": 20_000_000,
        },
        "ada/running": {
            "state": State.RUNNING, "bytes_done": 5_000_000, "bytes_total": 20_000_000,
            "stage": "fetching",
        },
    }  # fmt: skip
    for reference, fields in made.items():
        Download.objects.create(reference=reference, **fields)
    text = words(admin.get("/models/downloads/", **HTMX))
    assert (
        "ada/running 5 MB of 20 MB Cancel the download of ada/running "
        "ada/cancelled Cancelled at 5 MB of 20 MB Try again to fetch ada/cancelled "
        "Dismiss ada/cancelled "
        "ada/failed Failed The disk is full. Try again to fetch ada/failed Dismiss ada/failed "
        "ada/queued Waiting for its turn Cancel the download of ada/queued"
    ) in text
    running = Download.objects.get(reference="ada/running")
    for stage, said in (
        ("checking", "Checking what has arrived"),
        ("converting", "Converting"),
        ("fetching", "5 MB of 20 MB"),
    ):
        Download.objects.filter(id=running.id).update(stage=stage)
        assert words(admin.get(f"/models/downloads/{running.id}/")) == said


def test_progress_is_asked_for_until_it_has_ended(admin: Client) -> None:
    download = Download.objects.create(reference="ada/tiny")
    url = f"/models/downloads/{download.id}/"
    going = admin.get(url, **HTMX)
    assert 'hx-trigger="every 1s"' in going.content.decode()
    assert not going.has_header("HX-Trigger")
    Download.objects.update(state=State.DONE, model="tiny", ended_at=download.created_at)
    ended = admin.get(url, **HTMX)
    assert "every 1s" not in ended.content.decode()
    assert ended["HX-Trigger"] == "downloads-changed, models-changed"
    assert words(ended) == "Here as tiny"
    Download.objects.all().delete()
    gone = admin.get(url, **HTMX)
    assert (gone.status_code, gone["HX-Trigger"]) == (286, "downloads-changed")


def test_cancelled_tried_again_and_dismissed(admin: Client) -> None:
    download = Download.objects.create(reference="ada/tiny")

    def act(name: str, **extra: Any) -> str:
        response = admin.post(f"/models/downloads/{download.id}/{name}/", **extra)
        return words(response) if extra else response["Location"]

    assert "ada/tiny Cancelled Try again" in act("cancel", **HTMX)
    assert "ada/tiny Waiting for its turn" in act("retry", **HTMX)
    assert act("cancel") == "/models/"
    assert "ada/tiny" not in act("dismiss", **HTMX)
    assert admin.post(f"/models/downloads/{download.id}/cancel/").status_code == 404


def test_what_is_on_its_way_is_not_tried_twice(admin: Client) -> None:
    ended = Download.objects.create(reference="ada/tiny", state=State.FAILED)
    Download.objects.create(reference="ada/tiny")
    response = admin.post(f"/models/downloads/{ended.id}/retry/")
    assert notes(response) == ["ada/tiny is on its way already."]


@pytest.fixture
def at_once() -> Iterator[None]:
    """Tasks run where they are sent from."""
    celery.conf.task_always_eager = True
    yield
    celery.conf.task_always_eager = False


@pytest.mark.django_db(transaction=True)
def test_the_worker_fetches_what_was_asked_for_and_then_what_waits(
    admin: Client, at_once: None, hub: Hub, alphabet: bytes, models: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    Download.objects.create(reference="ada/none")
    assert "Ready Here as tiny" in words(
        admin.post("/models/downloads/", {"reference": "ada/tiny"}, **HTMX)
    )
    states = dict(Download.objects.values_list("reference", "state"))
    assert states == {"ada/tiny": "done", "ada/none": "failed"}
    assert (models / "tiny.gguf").read_bytes() == alphabet
    hub.repositories["ada/none"] = {"none.gguf": alphabet}
    failed = Download.objects.get(reference="ada/none")
    admin.post(f"/models/downloads/{failed.id}/retry/")
    failed.refresh_from_db()
    assert (failed.state, failed.model) == (State.DONE, "none")


# --- uploads


def begin(client: Client, name: str, content: bytes) -> Any:
    about = {"name": name, "size": len(content), "stamp": "1700000000"}
    return client.post("/models/uploads/", about)


def test_a_file_is_sent_in_pieces(admin: Client, models: Path, alphabet: bytes) -> None:
    answer = begin(admin, "Mine.gguf", alphabet).json()
    assert (answer["offset"], answer["piece"]) == (0, 4 * 1024**2)
    url, half = answer["url"], len(alphabet) // 2
    assert admin.put(f"{url}?offset=0", alphabet[:half]).json() == {"offset": half}
    again = admin.put(f"{url}?offset=0", alphabet[:half])
    assert (again.status_code, again.json()) == (409, {"offset": half})
    assert begin(admin, "Mine.gguf", alphabet).json()["offset"] == half
    assert admin.put(f"{url}?offset={half}", alphabet[half:]).json() == {
        "offset": len(alphabet), "done": "mine is here and can be picked.", "problem": False,
    }  # fmt: skip
    assert (models / "Mine.gguf").read_bytes() == alphabet


def test_what_is_no_model_is_refused_where_it_shows(
    admin: Client, models: Path, alphabet: bytes
) -> None:
    for name, content, said in (
        ("x.txt", b"hello", "x.txt is not a GGUF file."),
        ("starter.gguf", alphabet, "A model named starter is here already: "),
    ):
        refused = begin(admin, name, content)
        assert refused.status_code == 400
        assert refused.json()["error"].startswith(said)
    url = begin(admin, "x.gguf", b"hello").json()["url"]
    refused = admin.put(f"{url}?offset=0", b"hello")
    assert (refused.status_code, refused.json()) == (
        400, {"error": "x.gguf: This is not a GGUF file."},
    )  # fmt: skip
    assert begin(admin, "", b"x").status_code == 400
    assert [p.name for p in models.rglob("*") if p.is_file()] == []


def test_an_upload_is_cancelled(admin: Client, models: Path, alphabet: bytes) -> None:
    url = begin(admin, "x.gguf", alphabet).json()["url"]
    admin.put(f"{url}?offset=0", alphabet[:1000])
    assert admin.delete(url).status_code == 204
    assert [p.name for p in models.rglob("*") if p.is_file()] == []
    assert begin(admin, "x.gguf", alphabet).json()["offset"] == 0


def test_pieces_of_another_kind_are_refused(
    admin: Client, alice: User, alphabet: bytes, settings: Settings
) -> None:
    url = begin(admin, "x.gguf", alphabet).json()["url"]
    for offset in ("-1", "x", "", "9" * 5000):
        assert admin.put(f"{url}?offset={offset}", b"x").status_code == 400
    assert admin.put(f"{url[:-2]}x/?offset=0", b"x").status_code == 404
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert admin.put(f"{url}?offset=0", alphabet[:2000]).status_code == 413
    assert begin(admin, "x.gguf", alphabet).json()["piece"] == 1000
    alice.is_staff = True
    alice.save()
    assert signed_in(alice).put(f"{url}?offset=0", alphabet[:9]).status_code == 403


# --- models


def test_a_model_is_removed(admin: Client, models: Path, alphabet: bytes) -> None:
    (models / "mine.gguf").write_bytes(alphabet)
    response = admin.post("/models/stored/mine/remove/")
    assert (response["Location"], notes(response)) == ("/models/", ["mine is removed."])
    assert not (models / "mine.gguf").exists()
    assert admin.post("/models/stored/mine/remove/").status_code == 404
    assert notes(admin.post("/models/stored/starter/remove/"))[-1] == (
        "The starter ships with the site and cannot be removed."
    )


def test_without_an_engine_nothing_is_unloaded(admin: Client) -> None:
    response = admin.post("/models/stored/starter/unload/")
    assert response["Location"] == "/models/"
    assert notes(response)[0].startswith("The built-in engine is not running.")


# --- what an alias stands for


@pytest.fixture
def promoted(fake_models: Upstream, administrator: User) -> Alias:
    """The alias, which has come from fake/tool to fake/echo, with a candidate on trial."""
    fake_models.models = ("echo", "markdown", "tool")
    alias = Alias.objects.get()
    Alias.objects.update(model="fake/tool")
    promotion.promote(administrator, alias.name, "fake/echo", reason="It is shorter.")
    promotion.start_trial(administrator, alias.name, "fake/markdown", 0.25)
    alias.refresh_from_db()
    get_registry().forget_aliases()  # as is done on commit
    return alias


def test_an_alias_is_shown_with_how_it_came_to_that(admin: Client, promoted: Alias) -> None:
    page = admin.get("/models/")
    text = words(page)
    assert "Starter (latest) Default starter:latest stands for fake/echo ." in text
    assert "On trial fake/markdown serves 25 % of conversations since" in text
    assert "fake/tool → to fake/echo" in text
    assert "by administrator@example.com. It is shorter." in text
    assert 'data-confirm="Roll starter:latest back to fake/tool?"' in page.content.decode()


def test_the_trial_stays_blind_for_people(bob: User, promoted: Alias) -> None:
    text = words(signed_in(bob).get("/models/"))
    assert "starter:latest stands for fake/echo ." in text
    for hidden in ("On trial", "Promote", "How it came to that", "Roll back", "It is shorter."):
        assert hidden not in text
    picker = signed_in(bob).get("/").content.decode()
    assert '<option value="starter:latest" selected data-sees>Starter (latest)</option>' in picker
    promotion.end_trial(None, promoted.name)
    get_registry().forget_aliases()
    picker = signed_in(bob).get("/").content.decode()
    assert ">Starter (latest), now fake/echo</option>" in picker


def test_a_trial_is_ended_and_an_alias_goes_back_by_a_button(
    admin: Client, promoted: Alias
) -> None:
    ended = [admin.post(f"/models/aliases/{promoted.name}/end-trial/") for _ in range(2)]
    assert notes(ended[0]) == ["The trial of fake/markdown is over."]
    assert notes(ended[1])[-1] == "No trial of starter:latest is on."
    back = [admin.post(f"/models/aliases/{promoted.name}/roll-back/") for _ in range(2)]
    assert notes(back[0])[-1] == "starter:latest stands for fake/tool again."
    assert notes(back[1])[-1] == "There is no earlier model for starter:latest to go back to."
    assert Alias.objects.get().model == "fake/tool"
    for verb in ("roll-back", "end-trial"):
        assert notes(admin.post(f"/models/aliases/nobody/{verb}/"))[-1].startswith("There is no ")


def test_any_model_that_chats_is_promoted_by_a_button(admin: Client, promoted: Alias) -> None:
    page = admin.get("/models/")
    assert "Promote fake/tool to starter:latest" in words(page)
    assert "Promote fake/echo" not in words(page)  # the alias stands for it
    url = f"/models/aliases/{promoted.name}/promote/"
    assert notes(admin.post(url, {"model": "fake/tool"})) == [
        "starter:latest stands for fake/tool now."
    ]
    assert Alias.objects.get().model == "fake/tool"
    assert "nobody" in notes(admin.post(url, {"model": "nobody"}))[-1]
    assert Alias.objects.get().model == "fake/tool"


def test_a_model_that_is_gone_is_told_of(admin: Client, promoted: Alias) -> None:
    Promotion.objects.create(alias=promoted, from_model="fake/echo", to_model="fake/gone")
    Alias.objects.update(model="fake/gone")
    get_registry().forget_aliases()
    assert "fake/gone is gone. fake/echo, the last one before it" in words(admin.get("/models/"))


def test_the_administration_lists_downloads(admin: Client) -> None:
    Download.objects.create(reference="ada/tiny")
    assert "ada/tiny" in words(admin.get("/admin/library/download/"))
    assert admin.get("/admin/library/download/add/").status_code == 403


# --- models that were made here


def test_a_model_is_its_owners_until_an_administrator_shares_it(
    admin: Client,
    administrator: User,
    alice: User,
    bob: User,
    models: Path,
    alphabet: bytes,
) -> None:
    (models / "ft=a=b==1.gguf").write_bytes(alphabet)
    services.withhold("ft:a:b::1", alice.pk)
    services.withhold("ft:a:b::1", bob.pk)  # which changes nothing
    page, hers, his = "/models/", signed_in(alice), signed_in(bob)
    told = words(admin.get(page))
    assert "ft:a:b::1 Not shared" in told
    assert f"of {alice.email}. Only they and the administrators can use it" in told
    assert "Yours alone" in words(hers.get(page))
    assert "Share" not in words(hers.get(page))
    assert "ft:a:b::1" not in words(his.get(page))
    place = reverse("library:share", args=["ft:a:b::1"])
    answer = admin.post(place, {"for": "everybody"})
    assert notes(answer) == ["ft:a:b::1 is there for everybody within seconds."]
    get_registry().forget_aliases()
    assert "ft:a:b::1" in words(his.get(page))
    assert f"of {alice.email}. Everybody here can use it." in words(admin.get(page))
    admin.post(place, {"for": "owner"})
    get_registry().forget_aliases()
    assert "ft:a:b::1" not in words(his.get(page))
    assert admin.post(reverse("library:share", args=["other"])).status_code == 404


def test_three_made_here_take_as_many_queries_as_one(
    admin: Client,
    alice: User,
    models: Path,
    alphabet: bytes,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for count in (1, 3):
        for number in range(count):
            (models / f"ft=a=b=={number}.gguf").write_bytes(alphabet)
            services.withhold(f"ft:a:b::{number}", alice.pk)
        admin.get("/models/")
        with django_assert_num_queries(7):
            admin.get("/models/")
