"""Two answers to one question: who is offered them, and what becomes of the choice."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from conversations import comparisons, progress, ratings, selectors, services
from conversations.models import Comparison, Conversation, Message, Run
from library.models import Alias, LoopSettings, Trial

pytestmark = pytest.mark.django_db

MODEL = "starter:latest"


@pytest.fixture(autouse=True)
def _always() -> None:
    LoopSettings.objects.update_or_create(id=1, defaults={"comparison_share": 1})


def ask(user: User, conversation: UUID | None = None, comparable: str = "starter") -> services.Turn:
    nonce = uuid4().hex
    where = conversation or uuid4()
    said: dict[str, Any] = {"text": "Hi", "model": MODEL, "nonce": nonce, "comparable": comparable}
    return comparisons.ask(user, where, **said)


def finish(turn: services.Turn, *texts: str) -> Comparison:
    """Both answers come to their ends."""
    for run, text in zip((turn.run, turn.second), texts, strict=True):
        assert run is not None
        assert progress.end_run(run, status=Run.Status.FINISHED, text=text, served="starter")
    return Comparison.objects.get()


def shown(user: User, comparison: Comparison) -> list[str]:
    return [view.text for view in selectors.thread_for(user, comparison.conversation_id).messages]


def test_two_answers_are_written_and_the_better_one_is_gone_on_from(alice: User) -> None:
    turn = ask(alice)
    with pytest.raises(services.Busy):
        ask(alice, turn.conversation_id)
    assert turn.run is not None
    progress.end_run(turn.run, status=Run.Status.FINISHED, text="Hello")
    with pytest.raises(services.Busy):  # the second one is being written still
        ask(alice, turn.conversation_id)
    comparison = Comparison.objects.get()
    with pytest.raises(services.Busy):
        comparisons.choose(alice, comparison.id, "first")
    assert turn.second is not None
    progress.end_run(turn.second, status=Run.Status.FINISHED, text="Hey")
    thread = selectors.thread_for(alice, turn.conversation_id)
    assert [(view.letter, view.text) for view in thread.compared] == [("A", "Hello"), ("B", "Hey")]
    assert thread.pair is not None
    assert thread.pair.comparable
    comparisons.choose(alice, comparison.id, "second")
    comparison.refresh_from_db()
    assert (comparison.choice, comparison.trial) == ("second", None)
    assert comparison.decided_at is not None
    thread = selectors.thread_for(alice, turn.conversation_id)
    assert [view.text for view in thread.messages] == ["Hi", "Hey"]
    assert (thread.pair, thread.messages[-1].number) == (None, 2)


def test_who_simply_goes_on_goes_on_from_the_first(alice: User) -> None:
    turn = ask(alice)
    comparison = finish(turn, "Hello", "Hey")
    ask(alice, turn.conversation_id, comparable="")
    assert shown(alice, comparison) == ["Hi", "Hello", "Hi", ""]
    comparisons.choose(alice, comparison.id, "second")
    assert shown(alice, comparison) == ["Hi", "Hello", "Hi", ""]


@pytest.mark.parametrize(
    ("texts", "shown_now", "comparable"),
    [(("Same", "Same "), ["Hi", "Same"], None), (("", "Hey"), ["Hi", "", "Hey"], False)],
)
def test_answers_of_which_none_can_be_better_are_not_asked_about(
    alice: User, texts: tuple[str, str], shown_now: list[str], comparable: bool | None
) -> None:
    turn = ask(alice)
    comparison = finish(turn, *texts)
    assert shown(alice, comparison) == shown_now
    pair = selectors.thread_for(alice, turn.conversation_id).pair
    assert (None if pair is None else pair.comparable) == comparable
    if pair is not None:
        assert pair.survivor == "B"
        comparisons.choose(alice, comparison.id, "second")
        assert shown(alice, comparison) == ["Hi", "Hey"]
        assert not Comparison.objects.exists()


def test_the_same_answer_twice_is_one_version(alice: User) -> None:
    turn = ask(alice)
    assert turn.run is not None
    assert turn.second is not None
    progress.end_run(turn.second, status=Run.Status.FINISHED, text="Same")
    assert not progress.drop_twin(turn.second)
    assert Comparison.objects.count() == 1  # the other may say something else
    progress.end_run(turn.run, status=Run.Status.FINISHED, text="Same ")
    assert progress.drop_twin(turn.run)
    thread = selectors.thread_for(alice, turn.conversation_id)
    assert [(view.text, view.siblings) for view in thread.messages] == [("Hi", 1), ("Same ", 1)]
    assert not Comparison.objects.exists()


def test_who_is_on_the_second_of_two_equal_answers_stays_there(alice: User) -> None:
    turn = ask(alice)
    comparison = finish(turn, "Same", "Same")
    services.select(alice, turn.conversation_id, comparison.second_id)
    assert turn.run is not None
    assert not progress.drop_twin(turn.run)
    assert shown(alice, comparison) == ["Hi", "Same"]
    assert Comparison.objects.exists()


def test_a_candidate_on_trial_is_compared_with_what_it_is_to_replace_and_never_named(
    alice: User, client: Client
) -> None:
    alias = Alias.objects.get(name=MODEL)
    trial = Trial.objects.create(alias=alias, candidate="ft:candidate", share=0.5)
    turn = ask(alice)
    assert turn.run is not None
    assert turn.second is not None
    assert {turn.run.model, turn.second.model} == {"starter", "ft:candidate"}
    for run in (turn.run, turn.second):
        progress.end_run(run, status=Run.Status.FINISHED, text=run.model[:2], served=run.model)
    assert Comparison.objects.get().trial == trial.id
    answers = Message.objects.filter(role="assistant").values_list("model", "served")
    assert sorted(answers) == [(MODEL, "ft:candidate"), (MODEL, "starter")]
    client.force_login(alice)
    page = client.get(f"/c/{turn.conversation_id}/").content.decode()
    assert "Answer B" in page
    assert "ft:candidate" not in page


@pytest.mark.parametrize(
    "unasked", [{"training_opt_out": True}, {"requests_per_minute": 5}, {"budget_limit": 1}]
)
def test_some_are_never_offered_two(alice: User, unasked: dict[str, Any]) -> None:
    User.objects.filter(pk=alice.pk).update(**unasked)
    alice.refresh_from_db()
    assert ask(alice).second is None


def test_so_many_are_offered_two_as_administrators_wish(alice: User) -> None:
    assert ask(alice, comparable="").second is None  # a model of somebody else's costs money
    LoopSettings.objects.update(comparison_share=0)
    assert ask(alice).second is None


def test_runs_of_a_dead_process_leave_both_answers_interrupted(alice: User) -> None:
    turn = ask(alice)
    Run.objects.update(process="gone 1 0", heartbeat_at="2020-01-01T00:00Z")
    assert len(progress.settle_orphans(turn.conversation_id)) == 2
    statuses = Message.objects.filter(role="assistant").values_list("status", flat=True)
    assert list(statuses) == ["interrupted", "interrupted"]


def test_a_new_version_is_compared_with_the_one_before(alice: User, bob: User) -> None:
    conversation = Conversation.objects.create(owner=alice)
    question = Message.objects.create(conversation=conversation, role="user", text="Hi")
    first, second, third = (
        Message.objects.create(
            conversation=conversation, parent=question, role="assistant", text=text
        )
        for text in ("One", "Two", "Two")
    )

    def questioned(leaf: Message) -> bool:
        Conversation.objects.update(leaf=leaf)
        return selectors.thread_for(alice, conversation.id).messages[-1].questioned

    assert not questioned(third)  # it says the same
    third.delete()
    assert questioned(second)
    assert not questioned(first)
    comparisons.compare_versions(alice, second.id, "second")
    again = comparisons.compare_versions(alice, second.id, "first")
    assert (again.first_id, again.second_id, again.choice) == (first.id, second.id, "first")
    assert Comparison.objects.count() == 1
    assert not questioned(second)
    with pytest.raises(ratings.NotFound):
        comparisons.compare_versions(alice, first.id, "first")
    with pytest.raises(ratings.NotFound):
        comparisons.compare_versions(bob, second.id, "first")
    with pytest.raises(InvalidRequest):
        comparisons.compare_versions(alice, second.id, "third")


def test_nobody_decides_or_sees_somebody_elses(alice: User, bob: User, client: Client) -> None:
    turn = ask(alice)
    comparison = finish(turn, "Hello", "Hey")
    for act in (comparisons.comparison_for, comparisons.withdraw_comparison):
        with pytest.raises(ratings.NotFound):
            act(bob, comparison.id)
    client.force_login(bob)
    for path in (f"/comparisons/{comparison.id}/", f"/comparisons/{comparison.id}/withdraw/",
                 f"/c/{turn.conversation_id}/choose/{comparison.id}/"):  # fmt: skip
        assert client.post(path, {"choice": "first"}).status_code == 404
    assert client.get(f"/comparisons/{comparison.id}/").status_code == 404
    comparison.refresh_from_db()
    assert comparison.choice == ""
    client.force_login(alice)
    client.post(f"/comparisons/{comparison.id}/", {"choice": "both"})
    comparison.refresh_from_db()
    assert comparison.choice == "both"


def test_a_newcomer_is_not_asked_at_once(alice: User) -> None:
    LoopSettings.objects.update(comparison_share=0.999999)
    second = []
    for _ in range(comparisons.ACQUAINTED + 1):
        turn = ask(alice)
        second.append(turn.second is not None)
    assert second == [False] * comparisons.ACQUAINTED + [True]
