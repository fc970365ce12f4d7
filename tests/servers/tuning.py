"""A server with OpenAI's fine-tuning API that trains nothing: each job goes as it is told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import orjson


@dataclass(slots=True)
class TuningServer:
    """`jobs` and `files` are what was sent, by their ids. Use it as a context manager."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    checkpoints: list[dict[str, Any]] = field(default_factory=list)
    refusal: str = ""
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner._answer(self, b"")

            def do_POST(self) -> None:
                owner._answer(self, self.rfile.read(int(self.headers["content-length"] or 0)))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def tell(self, message: str, **data: Any) -> None:
        """Add an event of the only job."""
        self.events.append(
            {
                "id": f"ftevent-{len(self.events)}",
                "object": "fine_tuning.job.event",
                "created_at": 1_700_000_000 + len(self.events),
                "level": "info",
                "message": message,
                "type": "metrics" if data else "message",
                "data": data,
            }
        )

    def _answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path = handler.path.partition("?")[0].removeprefix("/v1")
        status, reply = 200, self._reply(path, body)
        if self.refusal and handler.command == "POST":
            status, reply = (
                400,
                {"error": {"message": self.refusal, "type": "x", "code": "refused"}},
            )
        content = orjson.dumps(reply)
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _reply(self, path: str, body: bytes) -> dict[str, Any]:
        match path.strip("/").split("/"):
            case ["models"]:
                return _list([{"id": "base-1", "object": "model", "created": 1, "owned_by": "x"}])
            case ["files"]:
                id_ = f"file-{len(self.files)}"
                self.files[id_] = body
                return {
                    "id": id_, "object": "file", "bytes": len(body), "created_at": 1,
                    "filename": "x", "purpose": "fine-tune", "status": "processed",
                }  # fmt: skip
            case ["fine_tuning", "jobs"] if body:
                id_ = f"ftjob-there-{len(self.jobs)}"
                self.jobs[id_] = {
                    **orjson.loads(body), "id": id_, "object": "fine_tuning.job", "created_at": 1,
                    "status": "queued", "fine_tuned_model": None, "finished_at": None,
                    "organization_id": "x", "result_files": [], "trained_tokens": None,
                    "error": None, "hyperparameters": {},
                }  # fmt: skip
                return self.jobs[id_]
            case ["fine_tuning", "jobs"]:
                return _list(list(self.jobs.values())[-1:])
            case ["fine_tuning", "jobs", id_, "events"]:
                return _list(self.events[::-1])
            case ["fine_tuning", "jobs", id_, "checkpoints"]:
                return _list(self.checkpoints)
            case ["fine_tuning", "jobs", id_, verb]:
                self.jobs[id_]["status"] = {"cancel": "cancelled", "pause": "paused"}.get(
                    verb, "running"
                )
                return self.jobs[id_]
            case ["fine_tuning", "jobs", id_]:
                return self.jobs[id_]
            case _:
                return {"error": {"message": path, "type": "x", "code": None, "param": None}}


def _list(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": rows, "has_more": False}
