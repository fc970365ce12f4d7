from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from chatsite.backend.registry import get_registry
from conversations import progress, selectors, services
from conversations.models import Conversation, Message, Run
from tests.servers.answers import Answer
from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db

HTMX: Any = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def page(alice: User, fake_models: Upstream, client: Client) -> Client:
    client.force_login(alice)
    return client


def talk(user: User, text: str = "Hello", answer: str = "Good **day**") -> UUID:
    turn = services.ask(user, uuid4(), text=text, model="fake/echo", nonce=uuid4().hex)
    assert turn.run
    progress.end_run(turn.run, status=Run.Status.FINISHED, text=answer)
    return turn.conversation_id


def html(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_new_chat_has_a_place_of_its_own_and_saves_nothing(page: Client) -> None:
    first, second = page.get("/"), page.get("/")
    assert 'ws-connect="/ws/conversations/' in html(first)
    assert first.context["conversation_id"] != second.context["conversation_id"]
    assert 'value="fake/echo" selected' in " ".join(html(first).split())
    assert not Conversation.objects.exists()


def test_a_new_chat_begins_with_the_model_used_last_unless_one_was_chosen(
    page: Client, alice: User
) -> None:
    turn = services.ask(alice, uuid4(), text="Hi", model="fake/tool", nonce="n")
    assert turn.run
    progress.end_run(turn.run, status=Run.Status.FINISHED, text="x")
    assert page.get("/").context["selected_model"] == "fake/tool"
    alice.default_model = "fake/reasoning"
    alice.save()
    assert page.get("/").context["selected_model"] == "fake/reasoning"


def test_a_conversation_is_shown_with_its_answers_as_html(page: Client, alice: User) -> None:
    conversation = talk(alice)
    text = html(page.get(f"/c/{conversation}/"))
    assert "<p>Good <strong>day</strong></p>" in text
    assert f'href="/c/{conversation}/" aria-current="page"' in text
    assert 'data-version="2"' in text


def test_a_message_is_text_whatever_it_holds(page: Client, alice: User) -> None:
    conversation = talk(alice, "<script>alert(1)</script>", "<img src=x onerror=alert(1)>")
    text = html(page.get(f"/c/{conversation}/"))
    assert "<script>alert" not in text
    assert "<img" not in text


def test_the_policy_allows_nothing_inline(page: Client) -> None:
    policy = page.get("/")["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_backend_that_is_down_is_shown_as_such(page: Client, fake_models: Upstream) -> None:
    fake_models.listing = Answer(status=500)
    assert "Fake" in html(page.get("/models/"))
    assert "Not available" in html(page.get("/models/"))
    assert page.get("/").status_code == 200


def test_rename(page: Client, alice: User) -> None:
    conversation = talk(alice)
    address = f"/c/{conversation}/rename/"
    assert 'name="title"' in html(page.get(address, **HTMX))
    assert "<html" in html(page.get(address))
    assert "Mine" in html(page.post(address, {"title": "Mine"}, **HTMX))
    assert Conversation.objects.get().title == "Mine"
    assert page.post(address, {"title": "  "}, **HTMX).status_code == 422
    assert page.post(address, {"title": "Plain"}).headers["location"] == f"/c/{conversation}/"


def test_delete(page: Client, alice: User) -> None:
    conversation, other = talk(alice), talk(alice)
    assert "gone for good" in html(page.get(f"/c/{conversation}/delete/", **HTMX))
    assert Conversation.objects.count() == 2
    current: Any = {"HTTP_HX_CURRENT_URL": f"http://testserver/c/{conversation}/"}
    response = page.post(f"/c/{conversation}/delete/", **HTMX, **current)
    assert (response.headers["HX-Redirect"], response.content) == ("/", b"")
    assert page.post(f"/c/{other}/delete/").headers["location"] == "/"
    assert not Message.objects.exists()


def test_versions_are_moved_between(page: Client, alice: User) -> None:
    conversation = talk(alice, answer="first")
    first = selectors.thread_for(alice, conversation).messages[-1]
    again = services.regenerate(alice, conversation, first.id, model="fake/echo")
    assert again.run
    progress.end_run(again.run, status=Run.Status.FINISHED, text="second")
    address = f"/c/{conversation}/select/{first.id}/"
    assert "first" in html(page.post(address, **HTMX))
    assert page.get(address).status_code == 405
    assert page.post(address).headers["location"] == f"/c/{conversation}/"
    assert selectors.thread_for(alice, conversation).messages[-1].id == first.id


def test_earlier_messages_come_on_request(page: Client, alice: User) -> None:
    conversation = Conversation.objects.create(owner=alice)
    parent = None
    for number in range(40):
        role = "assistant" if number % 2 else "user"
        parent = Message.objects.create(
            conversation=conversation, parent=parent, role=role, text=f"text {number}."
        )
    conversation.leaf = parent
    conversation.save()
    newest = html(page.get(f"/c/{conversation.id}/"))
    assert "text 10." in newest
    assert "text 9." not in newest
    first = Message.objects.get(text="text 10.")
    earlier = html(page.get(f"/c/{conversation.id}/earlier/{first.id}/", **HTMX))
    assert "text 9." in earlier
    assert "text 10." not in earlier
    assert "<html" in html(page.get(f"/c/{conversation.id}/earlier/{first.id}/"))


def test_the_sidebar_goes_on(page: Client, alice: User) -> None:
    for _ in range(selectors.SIDEBAR_PAGE + 1):
        Conversation.objects.create(owner=alice, title="Talk")
    cursor = page.get("/").context["next_cursor"]
    fragment = html(page.get("/conversations/", {"before": cursor}, **HTMX))
    assert fragment.count('class="row"') == 1
    assert "conversations-today" not in fragment
    assert "<html" in html(page.get("/conversations/"))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_takes_the_same_queries_however_long_the_list(
    page: Client, alice: User, django_assert_num_queries: Any, rows: int
) -> None:
    for _ in range(rows):
        conversation = talk(alice)
    page.get(f"/c/{conversation}/")
    get_registry().forget_aliases()  # which are read again after some seconds
    with django_assert_num_queries(12):
        page.get(f"/c/{conversation}/")


@pytest.mark.parametrize("path", ["", "rename/", "delete/", "select/{m}/", "earlier/{m}/"])
def test_nobody_opens_what_is_somebody_elses(
    client: Client, alice: User, bob: User, fake_models: Upstream, path: str
) -> None:
    conversation = talk(alice)
    message = Message.objects.filter(role="assistant").get()
    address = f"/c/{conversation}/{path.format(m=message.id)}"
    before = (list(Message.objects.values()), list(Conversation.objects.values()))
    client.force_login(bob)
    assert {client.get(address).status_code, client.post(address).status_code} <= {404, 405}
    assert str(conversation) not in html(client.get("/"))
    client.logout()
    for response in (client.get(address), client.post(address)):
        assert response.headers["location"].startswith("/accounts/login/")
    assert (list(Message.objects.values()), list(Conversation.objects.values())) == before


@pytest.mark.parametrize("path", ["/", "/conversations/", "/models/", "/settings/"])
def test_no_page_without_signing_in(client: Client, alice: User, path: str) -> None:
    assert client.get(path).headers["location"].startswith("/accounts/login/")


def test_a_link_leads_to_a_message_however_far_up(page: Client, alice: User) -> None:
    conversation = talk(alice, "first")
    first = Message.objects.get(text="first")
    for number in range(20):
        turn = services.ask(alice, conversation, text=f"{number}", model="fake/echo", nonce="n")
        assert turn.run
        progress.end_run(turn.run, status=Run.Status.FINISHED, text="x")
    assert f'id="m-{first.id}"' not in html(page.get(f"/c/{conversation}/"))
    went = page.get(f"/c/{conversation}/at/{first.id}/")
    assert went["Location"] == f"/c/{conversation}/?message={first.id}#m-{first.id}"
    shown = html(page.get(went["Location"]))
    assert f'id="m-{first.id}"' in shown
    assert 'id="earlier"' not in shown
    assert f'id="m-{first.id}"' not in html(page.get(f"/c/{conversation}/?message=broken"))


def test_a_link_to_a_message_on_another_branch_brings_that_up(page: Client, alice: User) -> None:
    conversation = talk(alice, "before", "an answer")
    said, answer = Message.objects.order_by("created_at")
    turn = services.edit(alice, conversation, said.id, text="instead", model="fake/echo", nonce="n")
    assert turn.run
    progress.end_run(turn.run, status=Run.Status.FINISHED, text="x")
    assert "an answer" not in html(page.get(f"/c/{conversation}/"))
    page.get(f"/c/{conversation}/at/{answer.id}/")
    assert "an answer" in html(page.get(f"/c/{conversation}/"))


def test_nobody_goes_to_somebody_elses_message(client: Client, alice: User, bob: User) -> None:
    conversation = talk(alice)
    said = Message.objects.filter(conversation=conversation).first()
    assert said
    client.force_login(bob)
    assert client.get(f"/c/{conversation}/at/{said.id}/").status_code == 404
    own = talk(bob)
    assert client.get(f"/c/{own}/at/{said.id}/").status_code == 404
