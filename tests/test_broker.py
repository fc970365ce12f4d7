"""The embedded broker under several hands at once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from kombu import Connection, Queue

from chatsite.celery import app

MESSAGES = 300
QUEUE: Any = Queue("work", routing_key="work")


def connection(folder: Path) -> Connection:
    for name in ("messages", "control"):
        (folder / name).mkdir(exist_ok=True)
    return Connection(
        "filesystem://",
        transport_options={
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
        },
    )


def test_celery_uses_it() -> None:
    with app.connection_for_write() as link:
        assert type(link.transport).__module__ == "chatsite.broker"


def test_a_message_is_seen_whole_or_not_at_all(tmp_path: Path) -> None:
    """Whoever looks while another writes must not read half a message."""
    body = {"text": "x" * 200_000}

    def send() -> None:
        with connection(tmp_path) as link:
            producer = link.Producer()
            for number in range(MESSAGES):
                producer.publish(body | {"number": number}, routing_key="work", declare=[QUEUE])

    sender = threading.Thread(target=send)
    sender.start()
    received: list[dict[str, object]] = []
    with connection(tmp_path) as link:
        simple = link.SimpleQueue(QUEUE)
        while len(received) < MESSAGES:
            message = simple.get(timeout=20)
            received.append(message.payload)
            message.ack()
        simple.close()
    sender.join()
    assert {each["number"] for each in received} == set(range(MESSAGES))
    assert len(received) == MESSAGES
    assert {each["text"] for each in received} == {body["text"]}


def test_half_a_message_left_by_a_dead_process_stops_nobody(tmp_path: Path) -> None:
    with connection(tmp_path) as link:
        simple = link.SimpleQueue(QUEUE)
        (tmp_path / "messages" / "0_torn.work.msg").write_bytes(b"")
        simple.put({"whole": True})
        assert simple.get(timeout=20).payload == {"whole": True}
        simple.close()
