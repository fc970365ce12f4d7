"""`manage.py evaluate`: judge models by held-out prompts, side by side."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from chatsite.backend.clients import close_clients
from chatsite.backend.embedded import EmbeddedBackend
from chatsite.backend.errors import BackendError, ModelNotFound, Unavailable
from chatsite.backend.evaluation.engine import folder_of, running_engine
from chatsite.backend.evaluation.generation import Sampling, Subject, answer_all
from chatsite.backend.evaluation.perplexity import CorpusError, HeldOut, measure, read_held_out
from chatsite.backend.evaluation.prompts import PROMPTS, Prompt, PromptsError, read_prompts
from chatsite.backend.evaluation.report import Report, report, to_json
from chatsite.backend.evaluation.table import table
from chatsite.backend.registry import Resolved, build_registry


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


class Command(BaseCommand):
    """Reads the options, evaluates each model in turn, and prints or writes what came out."""

    help = "Judge one or several models by the held-out prompts, and show them side by side."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("models", nargs="+", metavar="MODEL", help="its id, or a .gguf file")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was found")
        parser.add_argument(
            "--corpus", type=Path, metavar="FOLDER", help="held-out texts, for the perplexity"
        )
        parser.add_argument("--prompts", type=Path, default=PROMPTS, metavar="FILE")
        parser.add_argument("--limit", type=_positive, metavar="N", help="prompts of each group")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--temperature", type=float, help="0 for the likeliest words; else the model's own"
        )
        parser.add_argument("--max-tokens", type=_positive, default=256, help="of each answer")
        parser.add_argument("--parallel", type=_positive, default=4, help="requests at once")

    def handle(self, *_args: Any, **options: Any) -> None:
        sampling = Sampling(
            options["seed"], options["temperature"], options["max_tokens"], options["parallel"]
        )
        target: Path | None = options["json"]
        if target is not None and not target.parent.is_dir():
            raise CommandError(f"There is no folder {target.parent} to write {target.name} into.")
        try:
            prompts = read_prompts(options["prompts"], limit=options["limit"])
            corpus = options["corpus"]
            held_out = read_held_out(corpus, limit=options["limit"]) if corpus else None
            reports = asyncio.run(
                _evaluate(options["models"], prompts, held_out, sampling, self._progress)
            )
        except (PromptsError, CorpusError) as error:
            raise CommandError(str(error)) from error
        except BackendError as error:
            raise CommandError(error.message) from error
        except KeyboardInterrupt as error:
            raise CommandError("Interrupted; nothing was written.", returncode=130) from error
        self.stdout.write(table(reports))
        if target is not None:
            target.write_bytes(to_json(reports))
            self.stdout.write(f"\nWritten to {target}.")

    def _progress(self, name: str, total: int) -> tqdm[Any]:
        # None: no bar where the output is not a terminal.
        return tqdm(total=total, desc=name, unit="answer", disable=None, leave=False)


async def _evaluate(
    names: Sequence[str],
    prompts: Sequence[Prompt],
    held_out: HeldOut | None,
    sampling: Sampling,
    progress: Callable[[str, int], tqdm[Any]],
) -> list[Report]:
    async with AsyncExitStack() as stack:
        subjects = await _subjects(names, sampling, stack)
        return [
            await _report(subject, prompts, held_out, sampling, progress) for subject in subjects
        ]


async def _report(
    subject: Subject,
    prompts: Sequence[Prompt],
    held_out: HeldOut | None,
    sampling: Sampling,
    progress: Callable[[str, int], tqdm[Any]],
) -> Report:
    created, begun = timezone.localtime(), time.monotonic()
    with progress(subject.name, len(prompts)) as bar:
        replies = await answer_all(subject, prompts, sampling, bar.update)
    seconds = time.monotonic() - begun
    perplexity = {}
    if held_out is not None:
        passages = len(held_out.texts) + len(held_out.chats)
        with progress(f"{subject.name}, perplexity", passages) as bar:
            perplexity = await measure(subject, held_out, sampling.parallel, bar.update)
    return report(
        subject,
        prompts,
        replies,
        sampling,
        created=created,
        seconds=seconds,
        perplexity=perplexity,
    )


async def _subjects(
    names: Sequence[str], sampling: Sampling, stack: AsyncExitStack
) -> list[Subject]:
    """The models of these ids and files, with the engine running where they need it.

    Raises BackendError for one that cannot be had.
    """
    files = [Path(name) for name in names if _is_file(name)]
    resolved: dict[str, Resolved] = {}
    if files:
        resolved |= await _from_files(files, sampling, stack)
    if ids := [name for name in names if not _is_file(name)]:
        resolved |= await _from_site(ids, sampling, stack)
    return [Subject(name, resolved[name].backend, resolved[name].model) for name in names]


def _is_file(name: str) -> bool:
    return name.endswith(".gguf")


async def _from_files(
    files: Sequence[Path], sampling: Sampling, stack: AsyncExitStack
) -> dict[str, Resolved]:
    for file in files:
        if not file.is_file():
            raise ModelNotFound(f"There is no file {file}.")
    folder = stack.enter_context(folder_of(files))
    stack.enter_context(_engine(folder, sampling))
    backend = EmbeddedBackend(folder)
    stack.push_async_callback(close_clients)
    stack.push_async_callback(backend.aclose)
    models = {model.id: model for model in await backend.models()}
    found = {str(file): models[f"file-{number}"] for number, file in enumerate(files, 1)}
    for name, model in found.items():
        if model.error:
            raise ModelNotFound(f"{name}: {model.error}")
    return {name: Resolved(backend, model) for name, model in found.items()}


async def _from_site(
    ids: Sequence[str], sampling: Sampling, stack: AsyncExitStack
) -> dict[str, Resolved]:
    """The models of the site's own backends; its engine is started if it does not run."""
    registry = build_registry()
    stack.push_async_callback(registry.aclose)
    try:
        return {name: await registry.resolve(name) for name in ids}
    except ModelNotFound:
        if not settings.ENGINE_ENABLED or await _engine_runs():
            raise
    stack.enter_context(_engine(settings.DATA_DIR, sampling))
    # The first registry believes for a while that the engine is down.
    registry = build_registry()
    stack.push_async_callback(registry.aclose)
    return {name: await registry.resolve(name) for name in ids}


async def _engine_runs() -> bool:
    engine = EmbeddedBackend(settings.DATA_DIR)
    try:
        await engine.models()
    except Unavailable:
        return False
    finally:
        await engine.aclose()
    return True


def _engine(data_dir: Path, sampling: Sampling) -> AbstractContextManager[None]:
    """The engine as the site runs it, for one data folder and as many answers at once."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "engine"]
    variables = {
        "CHATSITE_DATA_DIR": str(data_dir),
        "CHATSITE_ENGINE_SLOTS": str(sampling.parallel),
    }
    return running_engine(data_dir, command, {**os.environ, **variables})
