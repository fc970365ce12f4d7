"""A model hub: a real HTTP server with the part of the hub's protocol that downloads use.

What it says of a repository, its tree, and its files by HEAD and GET is as huggingface_hub expects
it: ETag, X-Repo-Commit, ranges, and for large files a redirect to another address. It serves what a
test gives it, and throttles, drops and spoils it as told.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

LFS_BYTES = 100_000
"""Files from this size on are kept apart and redirected to, as the hub does with large ones."""
COMMIT = "5" * 40
PIECE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived: `begin` is where its range starts, 0 without one."""

    method: str
    path: str
    begin: int
    token: str


class Hub:
    """The server, in a thread of its own. Use it as a context manager."""

    def __init__(self) -> None:
        self.port = 0
        self.reset()

    def reset(self) -> None:
        """Forget the repositories, what was asked, and every misbehaviour."""
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.license = "mit"
        self.asked: list[Asked] = []
        self.drops: deque[int] = deque()
        """Transfers of large files are broken off after so many bytes, one for each number."""
        self.bytes_per_second = 0
        """0 for as fast as it goes."""
        self.statuses: deque[int] = deque()
        """Transfers of large files are answered by these, one each, before they go well."""
        self.spoiled = False
        self.surplus = 0
        """So many bytes more than announced are sent."""
        self.ignores_ranges = False
        self.gated_for = ""
        """The one token that is let in; "" for everybody."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def transfers(self) -> list[int]:
        """Where each transfer of a large file began."""
        return [asked.begin for asked in self.asked if asked.path.startswith("/cdn/")]

    # --- life

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        if not started.wait(10):
            raise RuntimeError("The hub did not start.")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(10)

    def _run(self, started: threading.Event) -> None:
        asyncio.run(self._serve(started))

    async def _serve(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        application = web.Application()
        router = application.router
        router.add_get("/api/models/{repository:[^/]+/[^/]+}", self._info)
        router.add_get("/api/models/{repository:[^/]+/[^/]+}/revision/{revision}", self._info)
        router.add_get("/api/models/{repository:[^/]+/[^/]+}/tree/{revision}", self._tree)
        router.add_get("/{repository:[^/]+/[^/]+}/resolve/{revision}/{path:.+}", self._resolve)
        router.add_get("/cdn/{digest}", self._transfer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = runner.addresses[0][1]
        started.set()
        await self._closing.wait()
        await runner.cleanup()

    # --- endpoints

    async def _info(self, request: web.Request) -> web.Response:
        files = self._files(request)
        siblings = []
        for path, content in files.items():
            entry = _entry(path, content)
            sibling: dict[str, Any] = {"rfilename": path}
            if request.query.get("blobs"):
                sibling |= {"size": entry["size"], "blobId": entry["oid"]}
                if "lfs" in entry:
                    sibling["lfs"] = {**entry["lfs"], "sha256": entry["lfs"]["oid"]}
            siblings.append(sibling)
        repository = request.match_info["repository"]
        return web.json_response(
            {
                "_id": "1",
                "id": repository,
                "modelId": repository,
                "sha": COMMIT,
                "private": False,
                "gated": bool(self.gated_for),
                "tags": [f"license:{self.license}"],
                "cardData": {"license": self.license},
                "siblings": siblings,
            }
        )

    async def _tree(self, request: web.Request) -> web.Response:
        return web.json_response(
            [_entry(path, content) for path, content in self._files(request).items()],
            headers={"X-Repo-Commit": COMMIT},
        )

    async def _resolve(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        content = self._files(request).get(path)
        if content is None:
            raise web.HTTPNotFound(
                headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}
            )
        entry = _entry(path, content)
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{entry["oid"]}"', "Accept-Ranges": "bytes"}
        if "lfs" not in entry:
            return web.Response(body=content, headers=headers)
        headers |= {
            "X-Linked-Size": str(len(content)),
            "X-Linked-ETag": f'"{entry["lfs"]["oid"]}"',
            # An address on another host, as far as a client can tell.
            "Location": f"http://localhost:{self.port}/cdn/{entry['lfs']['oid']}",
        }
        return web.Response(status=302, headers=headers)

    async def _transfer(self, request: web.Request) -> web.StreamResponse:
        asked = self._record(request)
        digest = request.match_info["digest"]
        contents = (c for files in self.repositories.values() for c in files.values())
        content = next(c for c in contents if hashlib.sha256(c).hexdigest() == digest)
        if self.statuses:
            return web.Response(status=self.statuses.popleft())
        begin = 0 if self.ignores_ranges else asked.begin
        if self.spoiled:
            content = content[:-1] + bytes([content[-1] ^ 1])
        content += bytes(self.surplus)
        if begin >= len(content) and begin:
            return web.Response(status=416)
        response = web.StreamResponse(status=206 if begin else 200)
        response.content_length = len(content) - begin
        response.headers["ETag"] = f'"{digest}"'
        if begin:
            response.headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        with suppress(ConnectionError):  # the client went away
            await self._send(request, response, content, begin)
        return response

    async def _send(
        self, request: web.Request, response: web.StreamResponse, content: bytes, begin: int
    ) -> None:
        limit = self.drops.popleft() if self.drops else len(content)
        for start in range(begin, len(content), PIECE):
            if start - begin >= limit:
                assert request.transport is not None
                request.transport.close()
                return
            piece = content[start : start + PIECE]
            await response.write(piece)
            if self.bytes_per_second:
                await asyncio.sleep(len(piece) / self.bytes_per_second)
        await response.write_eof()

    # --- repositories

    def _files(self, request: web.Request) -> dict[str, bytes]:
        asked = self._record(request)
        if self.gated_for and asked.token != self.gated_for:
            raise web.HTTPUnauthorized(headers={"X-Error-Code": "GatedRepo"})
        files = self.repositories.get(request.match_info["repository"])
        if files is None:
            raise web.HTTPNotFound(headers={"X-Error-Code": "RepoNotFound"})
        return files

    def _record(self, request: web.Request) -> Asked:
        range_ = request.headers.get("Range", "bytes=0-").removeprefix("bytes=")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        asked = Asked(request.method, request.path, int(range_.partition("-")[0]), token)
        self.asked.append(asked)
        return asked


def _entry(path: str, content: bytes) -> dict[str, Any]:
    """A file as the tree lists it; its `oid` is git's name for it."""
    blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": blob}
    if len(content) >= LFS_BYTES:
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 134}
    return entry
