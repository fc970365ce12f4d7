"""As much of Amazon S3 as files need: objects of one bucket, put, read, listed and deleted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class _Handler(BaseHTTPRequestHandler):
    objects: dict[str, bytes]

    def log_message(self, *_: Any) -> None:
        pass

    def do_PUT(self) -> None:
        self.objects[self._key()] = self._body()
        self._answer(200)

    def do_HEAD(self) -> None:
        self._send(body=False)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if "prefix" in parse_qs(address.query, keep_blank_values=True):
            self._list(parse_qs(address.query)["prefix"][0])
        else:
            self._send(body=True)

    def do_DELETE(self) -> None:
        self.objects.pop(self._key(), None)
        self._answer(204)

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).partition("/")[2].partition("/")[2]

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers["content-length"]))
        if "aws-chunked" not in self.headers.get("content-encoding", ""):
            return body
        content = b""
        while True:  # "size in hexadecimal;signature", the bytes, and again
            head, _, rest = body.partition(b"\r\n")
            size = int(head.partition(b";")[0], 16)
            if size == 0:
                return content
            content, body = content + rest[:size], rest[size + 2 :]

    def _list(self, prefix: str) -> None:
        rows = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(content)}</Size></Contents>"
            for key, content in sorted(self.objects.items())
            if key.startswith(prefix)
        )
        answer = f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
        self._answer(200, answer.encode())

    def _send(self, *, body: bool) -> None:
        content = self.objects.get(self._key())
        if content is None:
            self._answer(404)
            return
        first, status = 0, 200
        if asked := self.headers.get("range"):
            begin, _, end = asked.removeprefix("bytes=").partition("-")
            first, status = int(begin), 206
            content = content[first : int(end) + 1 if end else None]
        self._answer(status, content, body=body)

    def _answer(
        self,
        status: int,
        content: bytes = b"",
        kind: str = "binary/octet-stream",
        body: bool = True,
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.send_header("last-modified", formatdate(0, usegmt=True))
        self.send_header("etag", '"x"')
        self.end_headers()
        if body:
            self.wfile.write(content)


@contextmanager
def s3() -> Iterator[tuple[str, dict[str, bytes]]]:
    """The address of a server, and its objects by their keys."""
    objects: dict[str, bytes] = {}
    handler = type("Handler", (_Handler,), {"objects": objects})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", objects
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
