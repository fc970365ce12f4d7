"""The embedded broker: Celery's filesystem transport, with messages that appear whole.

kombu's own writes a message in place, and a worker that looks at that moment reads half of it and
ends with an error.
"""

from __future__ import annotations

import logging
import uuid
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps

log = logging.getLogger("chatsite.broker")


class Channel(filesystem.Channel):
    """Puts and gets messages as files of the data folder."""

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]  # too
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}"
        partial = folder / f"{name}.partial"
        try:
            partial.write_bytes(str_to_bytes(dumps(message)))
            partial.replace(folder / f"{name}.{queue}.msg")
        except OSError as error:
            raise ChannelError(f"Cannot add a message to {folder}: {error}") from error

    def _get(self, queue: str) -> Any:  # type: ignore[override]  # as its own class has it
        try:
            return super()._get(queue)
        except ValueError:
            # Left by something that died while it wrote in place. What it asked for is found by
            # the sweeps.
            log.warning("a message that cannot be read was dropped")
            raise Empty from None


class Transport(filesystem.Transport):
    Channel = Channel
