"""A model hub: what a repository holds, which of its files are wanted, and their transfer.

Spoken to through huggingface_hub, whose own download starts a file from its first byte again after
a break of the process; so the bytes are read from its session here, from where they broke off.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import unquote, urlsplit

from chatsite.backend.engine.projectors import bare, called_after
from chatsite.backend.errors import (
    BackendError,
    InvalidRequest,
    ModelNotFound,
    NotPermitted,
    Unavailable,
    UpstreamFailed,
)
from chatsite.backend.library import Progress, Report
from chatsite.backend.library.shelf import SPLIT, safe_name, safe_stem

ATTEMPTS = 6
"""So many tries in a row may bring nothing before a transfer is given up."""
TIMEOUT = 20.0
PREFERRED = ("Q4_K_M", "Q4_K_S", "Q4_0", "Q5_K_M", "IQ4_XS", "Q8_0", "F16", "BF16")
"""Which of several quantisations is fetched when none is named, the first that is there."""
CHECKPOINT_FILES = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "model.safetensors.index.json",
)
_SHARD = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_REFERENCE = re.compile(
    rf"(?P<repository>{_NAME}/{_NAME})(:(?P<quantization>[A-Za-z0-9_.]+)|/(?P<file>.+\.gguf))?",
    re.IGNORECASE,
)
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Reference:
    """What to fetch: `owner/name`, `owner/name:Q4_K_M` or `owner/name/file.gguf`."""

    repository: str
    quantization: str = ""
    file: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference or the address of a page of the hub. Raises InvalidRequest."""
        short = text.strip()
        if "://" in short:
            path = unquote(urlsplit(short).path).strip("/")
            short = re.sub(r"^([^/]+/[^/]+)/(blob|resolve|tree)/[^/]+", r"\1", path)
        match = _REFERENCE.fullmatch(re.sub(r"^(hf\.co|huggingface\.co)/", "", short))
        if not match or ".." in short:
            raise InvalidRequest(
                "Name a model as owner/name, owner/name:Q4_K_M or owner/name/file.gguf."
            )
        return cls(match["repository"], (match["quantization"] or "").upper(), match["file"] or "")

    def __str__(self) -> str:
        quantization = f":{self.quantization}" if self.quantization else ""
        return f"{self.repository}{quantization}" + (f"/{self.file}" if self.file else "")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository. `sha256` is "" for the small ones that git keeps itself."""

    path: str
    size: int
    digest: str
    sha256: str

    @property
    def local_name(self) -> str:
        return safe_name(PurePosixPath(self.path).name)


@dataclass(frozen=True, slots=True)
class Selection:
    """The wanted files of one commit. A checkpoint is to be converted as `quantization` says.

    With a `projector`, which comes last of the `files`, the model sees.
    """

    repository: str
    commit: str
    kind: Literal["gguf", "checkpoint"]
    files: tuple[RemoteFile, ...]
    stem: str
    quantization: str = ""
    license: str = ""
    projector: bool = False

    @property
    def parts(self) -> int:
        """The files of the model itself."""
        return len(self.files) - self.projector

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


class Hub:
    """One hub, as the bearer of a token or as anybody. `pause` is the wait after a first break."""

    def __init__(self, endpoint: str, token: str = "", *, pause: float = 1.0) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._token: str | Literal[False] = token or False
        self._pause = pause

    def select(self, reference: Reference) -> Selection:
        """Ask the hub for the repository and pick files.

        Raises ModelNotFound, InvalidRequest where nothing there can be used, NotPermitted,
        Unavailable, UpstreamFailed.
        """
        from huggingface_hub import HfApi

        with self._explained(reference.repository):
            api = HfApi(self.endpoint, token=self._token, library_name="chatsite")
            info = api.model_info(reference.repository, files_metadata=True, timeout=TIMEOUT)
        files = [
            RemoteFile(
                path=sibling.rfilename,
                size=sibling.size or 0,
                digest=sibling.lfs.sha256 if sibling.lfs else sibling.blob_id or "none",
                sha256=sibling.lfs.sha256 if sibling.lfs else "",
            )
            for sibling in info.siblings or ()
        ]
        license_name = getattr(info.card_data, "license", None) or ""
        return _select(reference, files, str(info.sha), str(license_name))

    def fetch(self, selection: Selection, file: RemoteFile, target: Path, advance: Report) -> None:
        """Bring a whole and checked file to `target`, going on where an earlier try ended.

        `advance` is told of the file's own bytes. Raises as `select`, and whatever `advance` does.
        """
        if target.is_file():
            return
        partial = target.with_name(f"{safe_name(file.digest)}.part")
        failures = 0
        while not partial.exists() or _size(partial) < file.size:
            before = _size(partial)
            try:
                with self._explained(selection.repository):
                    self._stream(selection, file, partial, advance)
                error: BackendError = Unavailable(f"{self.endpoint} broke off in {file.path}.")
            except (Unavailable, UpstreamFailed) as reason:
                error = reason
            have = _size(partial)
            if have >= file.size:
                break
            failures = 0 if have > before else failures + 1
            if failures >= ATTEMPTS:
                raise error
            advance(Progress("fetching", have, file.size))
            time.sleep(min(self._pause * 2**failures, 30.0))
        if _size(partial) != file.size or (
            file.sha256 and _sha256(partial, advance) != file.sha256
        ):
            partial.unlink()
            raise UpstreamFailed(
                f"{file.path} did not arrive as the hub describes it and was deleted: try again."
            )
        partial.rename(target)

    def _stream(
        self, selection: Selection, file: RemoteFile, partial: Path, advance: Report
    ) -> None:
        from huggingface_hub import get_session, hf_hub_url, hf_raise_for_status

        have = _size(partial)
        headers = {"Accept-Encoding": "identity"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if have:
            headers["Range"] = f"bytes={have}-"
        url = hf_hub_url(
            selection.repository, file.path, revision=selection.commit, endpoint=self.endpoint
        )
        with (
            get_session().stream("GET", url, headers=headers, timeout=TIMEOUT) as response,
            partial.open("ab") as out,
        ):
            if response.is_error:
                response.read()
            hf_raise_for_status(response)
            if response.status_code != 206:
                out.truncate(0)
                have = 0
            for piece in response.iter_raw():
                out.write(piece)
                have += len(piece)
                advance(Progress("fetching", have, file.size))
                if have > file.size:  # it would fill the disk
                    break

    @contextmanager
    def _explained(self, repository: str) -> Iterator[None]:
        """The library's errors as ours, each in one line."""
        import httpx2
        from huggingface_hub import errors

        try:
            yield
        except errors.GatedRepoError as error:
            raise NotPermitted(
                f"{repository} is gated: ask for access at {self.endpoint}/{repository} and set "
                "HF_TOKEN to a token that has it."
            ) from error
        except (errors.RepositoryNotFoundError, errors.EntryNotFoundError) as error:
            raise ModelNotFound(
                f"There is no {repository} at {self.endpoint}, or it is private and needs HF_TOKEN."
            ) from error
        except errors.HfHubHTTPError as error:
            status = error.response.status_code
            if status in (401, 403):
                raise NotPermitted(f"{self.endpoint} refuses {repository}: check HF_TOKEN.") from (
                    error
                )
            raise UpstreamFailed(f"{self.endpoint} answered {status} for {repository}.") from error
        except (httpx2.TransportError, httpx2.DecodingError, ConnectionError) as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise Unavailable(
                f"The model hub {self.endpoint} cannot be reached ({reason}). "
                "Is this machine online? HF_ENDPOINT names another hub."
            ) from error
        except (ValueError, httpx2.InvalidURL) as error:
            raise UpstreamFailed(f"{self.endpoint} does not answer as a model hub does.") from error


def _select(
    reference: Reference, files: Sequence[RemoteFile], commit: str, license_name: str
) -> Selection:
    ggufs = [
        file
        for file in files
        if file.path.lower().endswith(".gguf") and not _called(file, "imatrix")
    ]
    projectors = [file for file in ggufs if _called(file, "mmproj")]
    models = [file for file in ggufs if file not in projectors]
    if reference.file or models:
        wanted_alone = "mmproj" in PurePosixPath(reference.file).name.lower()
        chosen = _choose(reference, projectors if wanted_alone else models)
        seen = () if wanted_alone else _projector(chosen[0], projectors)
        return Selection(
            reference.repository, commit, "gguf", (*chosen, *seen), safe_stem(chosen[0].path),
            license=license_name, projector=bool(seen),
        )  # fmt: skip
    weights = [file for file in files if _SHARD.fullmatch(file.path)]
    if not weights:
        raise InvalidRequest(
            f"{reference.repository} holds neither a GGUF file nor a safetensors checkpoint."
        )
    quantization = reference.quantization.lower() or "q8_0"
    if quantization not in ("q8_0", "f16", "f32"):
        raise InvalidRequest(
            f"{reference.repository} holds no GGUF file. Its checkpoint can be converted to "
            f"Q8_0, F16 or F32, not to {reference.quantization}."
        )
    descriptions = [file for file in files if file.path in CHECKPOINT_FILES]
    stem = safe_name(f"{reference.repository.partition('/')[2]}-{quantization.upper()}")
    return Selection(
        reference.repository, commit, "checkpoint", (*descriptions, *weights), stem, quantization,
        license_name,
    )  # fmt: skip


def _choose(reference: Reference, models: Sequence[RemoteFile]) -> tuple[RemoteFile, ...]:
    """The file that is named, of the quantisation that is named, or of the one preferred.

    All parts of it, in order. Raises InvalidRequest with what there is.
    """
    groups: dict[str, list[RemoteFile]] = {}
    for file in sorted(models, key=lambda file: file.path):
        groups.setdefault(_stem(file.path), []).append(file)
    if reference.file:
        found = [stem for stem in groups if stem == _stem(reference.file)]
    elif reference.quantization:
        found = [stem for stem in groups if _names(stem, reference.quantization)]
    else:
        wanted = (q for q in PREFERRED if any(_names(stem, q) for stem in groups))
        first = next(wanted, None)
        found = [stem for stem in groups if first is None or _names(stem, first)]
    if not found:
        there = ", ".join(sorted(groups)[:12]) or "none"
        wish = reference.file or reference.quantization
        raise InvalidRequest(f"{reference.repository} holds no {wish}. Its GGUF files: {there}.")
    chosen = groups[min(found, key=lambda stem: sum(file.size for file in groups[stem]))]
    split = SPLIT.fullmatch(PurePosixPath(chosen[0].path).stem)
    if split and len(chosen) != int(split["parts"]):
        raise InvalidRequest(
            f"{reference.repository} holds {len(chosen)} of the {int(split['parts'])} parts of "
            f"{split['stem']}."
        )
    return tuple(chosen)


def _projector(model: RemoteFile, projectors: Sequence[RemoteFile]) -> tuple[RemoteFile, ...]:
    """What lets the model see, the nearest to 16 bits of several; () for nothing.

    That is what is called after it, else what is called after none, in its folder or above it.
    """
    stem = PurePosixPath(_stem(model.path)).name
    own = [each for each in projectors if called_after(PurePosixPath(each.path).stem, stem)]
    above = PurePosixPath(model.path).parents
    any_of = [
        each
        for each in projectors
        if not bare(PurePosixPath(each.path).stem) and PurePosixPath(each.path).parent in above
    ]
    ranked = [
        each
        for kind in ("F16", "BF16", "Q8_0", "F32", "")
        for each in own or any_of
        if not kind or _names(_stem(each.path), kind)
    ]
    return tuple(ranked[:1])


def _called(file: RemoteFile, word: str) -> bool:
    return word in PurePosixPath(file.path).name.lower()


def _stem(path: str) -> str:
    """The path without its ending and the number of its part."""
    stem = path[: -len(".gguf")]
    split = SPLIT.fullmatch(stem)
    return split["stem"] if split else stem


def _names(stem: str, quantization: str) -> bool:
    """Whether a path names that quantisation, and not a longer one that begins like it."""
    pattern = rf"(?<![A-Za-z0-9]){re.escape(quantization)}(?![A-Za-z0-9_])"
    return re.search(pattern, stem, re.IGNORECASE) is not None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path, advance: Report) -> str:
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            done += len(piece)
            advance(Progress("checking", done, size))
    return digest.hexdigest()
