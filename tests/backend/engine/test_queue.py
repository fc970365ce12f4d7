from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsite.backend.engine.queue import FairQueue
from chatsite.backend.errors import Unavailable


class Crowd:
    """Opens and closes tickets by hand, one person's answer each."""

    def __init__(self, slots, limit=1000):
        self.queue = FairQueue(limit)
        self.slots = slots
        self.inside = []

    def join(self, person, count=1):
        stack = ExitStack()
        block = self.queue.join("m", person, slots=self.slots, count=count)
        tickets = stack.enter_context(block)
        self.inside.append((person, tickets, stack))
        return tickets[0]

    def leave(self, number):
        self.inside.pop(number)[2].close()

    def tickets(self):
        return [ticket for _, tickets, _ in self.inside for ticket in tickets]

    def places(self):
        """Everybody's places in the order of their coming."""
        return [ticket.place for ticket in self.tickets()]

    def order(self):
        """Who waits, in the order in which they are to be answered."""
        waiting = sorted((t for t in self.tickets() if t.place), key=lambda t: t.place)
        return [ticket.person for ticket in waiting]


def test_as_many_answers_run_as_there_are_slots():
    async def run():
        crowd = Crowd(slots=2)
        for _ in range(4):
            crowd.join("alice")
        assert crowd.places() == [0, 0, 1, 2]
        crowd.leave(0)
        assert crowd.places() == [0, 0, 1]

    asyncio.run(run())


def test_people_take_turns_and_one_person_s_requests_keep_their_order():
    async def run():
        crowd = Crowd(slots=1)
        for person in ["alice"] * 4 + ["bob", "carol", "bob"]:
            crowd.join(person)
        # Alice's first runs; she was the first to wait, so her second is next.
        assert crowd.order() == ["alice", "bob", "carol", "alice", "bob", "alice"]
        assert crowd.places() == [0, 1, 4, 6, 2, 3, 5]
        crowd.leave(0)
        assert crowd.order() == ["bob", "carol", "alice", "bob", "alice"]

    asyncio.run(run())


def test_who_would_stand_behind_the_limit_is_turned_away_at_once():
    async def run():
        crowd = Crowd(slots=1, limit=3)
        for _ in range(4):
            crowd.join("alice")
        with pytest.raises(Unavailable) as refused:
            crowd.join("alice")
        assert refused.value.status == 503
        assert refused.value.code == "overloaded"
        assert refused.value.retry_after == 20.0  # four answers, each thought to take five seconds
        crowd.join("bob")
        assert crowd.places() == [0, 1, 3, 4, 2]

    asyncio.run(run())


def test_several_choices_count_as_many_and_go_together():
    async def run():
        crowd = Crowd(slots=2, limit=2)
        crowd.join("alice", count=5)
        assert crowd.places() == [0, 0, 1, 2, 3]
        crowd.join("bob")
        assert crowd.places() == [0, 0, 1, 3, 4, 2]
        crowd.leave(0)
        assert crowd.places() == [0]

    asyncio.run(run())


def test_news_comes_when_the_place_changes():
    async def run():
        crowd = Crowd(slots=1)
        crowd.join("alice")
        crowd.join("alice")
        last = crowd.join("alice")
        assert await last.news() == 2
        waiting = asyncio.create_task(last.news())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        crowd.leave(0)
        assert await waiting == 1
        crowd.leave(0)
        assert await last.news() == 0
        assert await last.news() == 0

    asyncio.run(run())


def test_the_time_to_try_again_is_that_of_recent_answers():
    async def run():
        crowd = Crowd(slots=1, limit=0)
        for _ in range(100):
            crowd.join("alice")
            crowd.leave(0)
        crowd.join("alice")
        with pytest.raises(Unavailable) as refused:
            crowd.join("bob")
        assert refused.value.retry_after == 1.0

    asyncio.run(run())


def test_each_model_has_a_queue_of_its_own():
    async def run():
        queue = FairQueue(0)
        with queue.join("one", "alice", slots=1), queue.join("two", "alice", slots=1) as [other]:
            assert other.place == 0

    asyncio.run(run())


people = st.sampled_from(["alice", "bob", "carol"])
steps = st.lists(
    st.tuples(people, st.integers(1, 3)) | st.integers(0, 50) | st.just("more slots"), max_size=40
)


@given(st.integers(1, 4), steps)
def test_whatever_happens_nobody_is_lost_and_no_slot_is_idle(slots, steps):
    async def run():
        crowd = Crowd(slots)
        for step in steps:
            next_up = next((t for t in crowd.tickets() if t.place == 1), None)
            before = len(crowd.inside)
            if isinstance(step, tuple):
                crowd.join(*step)
            elif step == "more slots":
                crowd.slots += 1
                crowd.join("alice")
            elif crowd.inside:
                crowd.leave(step % before)
            places = crowd.places()
            running = places.count(0)
            assert running == min(len(places), crowd.slots)
            assert sorted(place for place in places if place) == [
                *range(1, len(places) - running + 1)
            ]
            for person in ("alice", "bob", "carol"):
                own = [t.place for t in crowd.tickets() if t.person == person]
                assert own == sorted(own)  # first come, first served
            order = crowd.order()
            waiting = len(set(order))
            assert len(set(order[:waiting])) == waiting  # everybody's first before any second
            if next_up is not None and next_up in crowd.tickets():
                assert next_up.place <= 1
        while crowd.inside:
            crowd.leave(0)
        assert crowd.join("alice").place == 0

    asyncio.run(run())


@given(
    st.integers(1, 3),
    st.lists(st.tuples(people, st.integers(1, 3), st.integers(0, 6), st.booleans()), max_size=25),
)
def test_tasks_that_are_cancelled_at_any_moment_give_back_what_they_had(slots, tasks):
    async def run():
        queue, running, most, done = FairQueue(1000), 0, 0, 0

        async def answer(person, count, steps):
            nonlocal running, most, done
            with queue.join("m", person, slots=slots, count=count) as tickets:
                for ticket in tickets:
                    with ticket:
                        while await ticket.news():
                            pass
                        running += 1
                        most = max(most, running)
                        try:
                            for _ in range(steps):
                                await asyncio.sleep(0)
                        finally:
                            running -= 1
            done += 1

        async with asyncio.timeout(5):
            made = []
            for person, count, steps, cancelled in tasks:
                made.append(asyncio.create_task(answer(person, count, steps)))
                await asyncio.sleep(0)
                if cancelled:
                    made[len(made) // 2].cancel()
            await asyncio.gather(*made, return_exceptions=True)
        assert done == sum(not task.cancelled() for task in made)
        assert running == 0
        assert most <= slots
        with queue.join("m", "dora", slots=slots) as [ticket]:
            assert ticket.place == 0

    asyncio.run(run())
