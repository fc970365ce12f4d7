from __future__ import annotations

from uuid import UUID, uuid4

import psutil
import pytest
from django.utils import timezone

from accounts.models import User
from chatsite import processes
from chatsite.backend.errors import InvalidRequest
from conversations import progress, selectors, services
from conversations.models import Conversation, Message, Run
from conversations.threads import MessageView
from conversations.titles import clean_title

pytestmark = pytest.mark.django_db


def ask(user: User, text: str = "Hello", conversation: UUID | None = None) -> services.Turn:
    return services.ask(
        user, conversation or uuid4(), text=text, model="fake/echo", nonce=uuid4().hex
    )


def finish(turn: services.Turn, text: str = "Hi", status: Run.Status = Run.Status.FINISHED) -> None:
    assert turn.run is not None
    assert progress.end_run(turn.run, status=status, text=text)


def shown(user: User, conversation: UUID) -> list[tuple[str, str, str]]:
    thread = selectors.thread_for(user, conversation)
    return [(m.role, m.text, f"{m.number}/{m.siblings}") for m in thread.messages]


def last(user: User, conversation: UUID) -> MessageView:
    return selectors.thread_for(user, conversation).messages[-1]


def test_the_first_ask_makes_the_conversation_with_a_title(alice: User) -> None:
    turn = ask(alice, "What is the capital of Japan?")
    conversation = Conversation.objects.get(id=turn.conversation_id)
    assert turn.moved
    assert (conversation.owner, conversation.title) == (alice, "What is the capital of Japan?")
    assert shown(alice, conversation.id) == [
        ("user", "What is the capital of Japan?", "1/1"),
        ("assistant", "", "1/1"),
    ]
    assert last(alice, conversation.id).status == "streaming"


def test_a_repeated_ask_is_saved_once(alice: User) -> None:
    conversation = uuid4()
    first = services.ask(alice, conversation, text="Hello", model="m", nonce="n1")
    again = services.ask(alice, conversation, text="Hello", model="m", nonce="n1")
    assert (first.repeated, again.repeated, again.run) == (False, True, None)
    assert Message.objects.filter(conversation=conversation).count() == 2


def test_one_answer_at_a_time(alice: User) -> None:
    turn = ask(alice)
    with pytest.raises(services.Busy):
        ask(alice, "More", turn.conversation_id)
    assert Message.objects.filter(conversation=turn.conversation_id).count() == 2
    finish(turn)
    ask(alice, "More", turn.conversation_id)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("   ", "Write something first."),
        ("\x00", "Write something first."),
        (
            "x" * 200_001,
            "This message has 200,001 characters; 200,000 is the most. Send it in parts.",
        ),
    ],
)
def test_messages_that_cannot_be_sent(alice: User, text: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ask(alice, text)
    assert caught.value.message == message
    assert not Conversation.objects.exists()


def test_editing_makes_a_sibling_and_keeps_the_old_branch(alice: User) -> None:
    turn = ask(alice, "Helo")
    finish(turn, "Hi")
    said = selectors.thread_for(alice, turn.conversation_id).messages[0]
    edited = services.edit(
        alice, turn.conversation_id, said.id, text="Hello", model="fake/echo", nonce="n2"
    )
    finish(edited, "Good day")
    assert shown(alice, turn.conversation_id) == [
        ("user", "Hello", "2/2"),
        ("assistant", "Good day", "1/1"),
    ]
    services.select(alice, turn.conversation_id, said.id)
    assert shown(alice, turn.conversation_id) == [
        ("user", "Helo", "1/2"),
        ("assistant", "Hi", "1/1"),
    ]


def test_an_answer_cannot_be_edited(alice: User) -> None:
    turn = ask(alice)
    finish(turn)
    answer = last(alice, turn.conversation_id)
    with pytest.raises(InvalidRequest):
        services.edit(alice, turn.conversation_id, answer.id, text="x", model="m", nonce="n")


def test_regenerating_keeps_both_answers(alice: User) -> None:
    turn = ask(alice)
    finish(turn, "first")
    answer = last(alice, turn.conversation_id)
    again = services.regenerate(alice, turn.conversation_id, answer.id, model="fake/echo")
    finish(again, "second")
    assert shown(alice, turn.conversation_id)[1] == ("assistant", "second", "2/2")
    assert last(alice, turn.conversation_id).previous == answer.id


def test_it_is_known_which_answers_a_model_gives_anew(alice: User) -> None:
    turn = ask(alice)
    finish(turn, "first")
    answer = last(alice, turn.conversation_id)
    again = services.regenerate(alice, turn.conversation_id, answer.id, model="fake/echo")
    finish(again, "second")
    other = services.regenerate(alice, turn.conversation_id, answer.id, model="m")
    finish(other, "third")
    more = ask(alice, "More", turn.conversation_id)
    runs = (turn.run, again.run, other.run, more.run)
    before = [run is not None and selectors.answered_before(run) for run in runs]
    assert before == [False, True, False, False]


def test_retrying_an_answer_that_never_began_leaves_no_empty_sibling(alice: User) -> None:
    turn = ask(alice)
    finish(turn, "", Run.Status.FAILED)
    failed = last(alice, turn.conversation_id)
    finish(services.regenerate(alice, turn.conversation_id, failed.id, model="m"), "now")
    assert shown(alice, turn.conversation_id)[1] == ("assistant", "now", "1/1")


def test_retrying_never_takes_later_turns_away(alice: User) -> None:
    turn = ask(alice, "First")
    finish(turn, "", Run.Status.FAILED)
    failed = last(alice, turn.conversation_id)
    finish(ask(alice, "Second", turn.conversation_id), "answer")
    finish(services.regenerate(alice, turn.conversation_id, failed.id, model="m"), "now")
    assert sorted(Message.objects.values_list("text", flat=True)) == [
        "", "First", "Second", "answer", "now",
    ]  # fmt: skip
    assert shown(alice, turn.conversation_id)[1] == ("assistant", "now", "2/2")


def test_continuing_in_the_middle_keeps_what_follows_in_view(alice: User) -> None:
    turn = ask(alice, "First")
    finish(turn, "broke", Run.Status.STOPPED)
    broken = last(alice, turn.conversation_id)
    finish(ask(alice, "Second", turn.conversation_id), "answer")
    more = services.continue_answer(alice, turn.conversation_id, broken.id)
    finish(more, "broke no more")
    texts = [text for _, text, _ in shown(alice, turn.conversation_id)]
    assert texts == ["First", "broke no more", "Second", "answer"]


def test_other_words_under_a_used_nonce_are_not_taken_for_the_first(alice: User) -> None:
    conversation = uuid4()
    finish(services.ask(alice, conversation, text="One", model="m", nonce="n"))
    second = services.ask(alice, conversation, text="Two", model="m", nonce="n")
    assert (second.repeated, len(shown(alice, conversation))) == (False, 4)


@pytest.mark.parametrize("model", ["", "x" * 201, "a\x00b"])
def test_a_model_that_cannot_be_one_leaves_nothing_behind(alice: User, model: str) -> None:
    with pytest.raises(InvalidRequest):
        services.ask(alice, uuid4(), text="Hello", model=model, nonce="n")
    assert not Conversation.objects.exists()


def test_a_run_that_was_taken_for_dead_writes_no_more(alice: User) -> None:
    turn = ask(alice)
    finish(turn, "so far", Run.Status.INTERRUPTED)
    answer = last(alice, turn.conversation_id)
    more = services.continue_answer(alice, turn.conversation_id, answer.id)
    assert turn.run
    assert more.run
    assert not progress.save_progress(turn.run.id, answer.id, "from the dead", beat=True)
    assert progress.save_progress(more.run.id, answer.id, "so far and more", beat=True)


def test_names_in_the_administration_say_nothing_of_what_was_said(alice: User) -> None:
    turn = ask(alice, "A secret")
    assert turn.run
    names = [*map(str, Message.objects.all()), *map(str, Conversation.objects.all()), str(turn.run)]
    assert "secret" not in "".join(names)


def test_continuing_goes_on_in_the_same_message(alice: User) -> None:
    turn = ask(alice)
    finish(turn, "one two", Run.Status.STOPPED)
    answer = last(alice, turn.conversation_id)
    assert answer.continuable
    more = services.continue_answer(alice, turn.conversation_id, answer.id)
    finish(more, "one two three")
    assert shown(alice, turn.conversation_id)[1] == ("assistant", "one two three", "1/1")
    assert last(alice, turn.conversation_id).id == answer.id


def test_a_complete_answer_cannot_be_continued(alice: User) -> None:
    turn = ask(alice)
    finish(turn)
    with pytest.raises(InvalidRequest):
        services.continue_answer(alice, turn.conversation_id, last(alice, turn.conversation_id).id)


def test_a_run_ends_once(alice: User) -> None:
    turn = ask(alice)
    finish(turn, "kept")
    assert turn.run is not None
    assert not progress.end_run(turn.run, status=Run.Status.FAILED, text="lost")
    assert last(alice, turn.conversation_id).text == "kept"


def test_progress_is_not_written_into_an_answer_that_has_ended(alice: User) -> None:
    turn = ask(alice)
    finish(turn, "kept")
    answer = last(alice, turn.conversation_id)
    assert turn.run is not None
    assert not progress.save_progress(turn.run.id, answer.id, "late", beat=True)
    assert last(alice, turn.conversation_id).text == "kept"


def test_a_run_whose_process_died_is_interrupted_and_keeps_its_text(alice: User) -> None:
    turn = ask(alice)
    answer = last(alice, turn.conversation_id)
    assert turn.run is not None
    progress.save_progress(turn.run.id, answer.id, "so far", beat=False)
    assert progress.settle_orphans() == ()
    dead = processes.identity().rsplit("/", 2)[0] + f"/{_unused_pid()}/1"
    Run.objects.update(process=dead)
    assert progress.settle_orphans(turn.conversation_id) == (turn.run,)
    settled = last(alice, turn.conversation_id)
    assert (settled.status, settled.text, settled.continuable) == ("interrupted", "so far", True)


def test_a_later_process_of_the_same_number_is_not_mistaken_for_the_first(alice: User) -> None:
    ask(alice)
    host, pid, _ = processes.identity().rsplit("/", 2)
    Run.objects.update(process=f"{host}/{pid}/1.00")
    assert len(progress.settle_orphans()) == 1


def test_a_run_that_was_saved_and_never_started_does_not_block_for_good(alice: User) -> None:
    turn = ask(alice)
    Run.objects.update(heartbeat_at=timezone.now() - progress.SILENCE / 2)
    assert progress.settle_orphans() == ()
    Run.objects.update(heartbeat_at=timezone.now() - 2 * progress.SILENCE)
    assert progress.settle_orphans(turn.conversation_id) == (turn.run,)
    ask(alice, "More", turn.conversation_id)


def _unused_pid() -> int:
    pid = 400_000
    while psutil.pid_exists(pid):
        pid += 1
    return pid


def test_the_owners_title_stays(alice: User) -> None:
    turn = ask(alice)
    assert services.entitle(turn.conversation_id, "By a model")
    services.rename(alice, turn.conversation_id, "  Mine  ")
    assert not services.entitle(turn.conversation_id, "By a model again")
    assert Conversation.objects.get(id=turn.conversation_id).title == "Mine"
    with pytest.raises(InvalidRequest):
        services.rename(alice, turn.conversation_id, "  ")


def test_deleting_a_conversation_ends_its_run(alice: User) -> None:
    turn = ask(alice)
    answer = last(alice, turn.conversation_id)
    services.delete(alice, turn.conversation_id)
    assert turn.run is not None
    assert not progress.save_progress(turn.run.id, answer.id, "x", beat=True)
    assert not progress.end_run(turn.run, status=Run.Status.FINISHED, text="x")
    assert not Message.objects.exists()


def test_nobody_touches_what_is_somebody_elses(alice: User, bob: User) -> None:
    turn = ask(alice)
    finish(turn, "broke off", Run.Status.STOPPED)
    conversation, answer = turn.conversation_id, last(alice, turn.conversation_id).id
    before = list(Message.objects.order_by("id").values())
    gone = (Conversation.DoesNotExist, Message.DoesNotExist)
    with pytest.raises(gone):
        ask(bob, "Hello", conversation)
    with pytest.raises(gone):
        services.edit(bob, conversation, answer, text="x", model="m", nonce="n")
    with pytest.raises(gone):
        services.regenerate(bob, conversation, answer, model="m")
    with pytest.raises(gone):
        services.continue_answer(bob, conversation, answer)
    with pytest.raises(gone):
        services.select(bob, conversation, answer)
    with pytest.raises(gone):
        services.rename(bob, conversation, "Mine now")
    with pytest.raises(gone):
        services.delete(bob, conversation)
    assert list(Message.objects.order_by("id").values()) == before


def test_a_message_is_reached_through_its_own_conversation_only(alice: User) -> None:
    one, other = ask(alice), ask(alice)
    message = last(alice, one.conversation_id)
    with pytest.raises(Message.DoesNotExist):
        services.select(alice, other.conversation_id, message.id)


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ('"A walk by the sea."', "A walk by the sea"),
        ("Title: The answer is **40**", "The answer is 40"),
        ("\n\nUse `git rebase`\nand more", "Use git rebase"),
        ("word " * 40, ""),
    ],
)
def test_a_models_title_is_cleaned(said: str, title: str) -> None:
    assert clean_title(said) == title
