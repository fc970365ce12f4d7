"""A training job from its files to a model that can be served."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import datasets
import torch
import transformers
from transformers import PrinterCallback, Trainer

from chatsite.backend.engine.convert import convert
from chatsite.backend.training.tuning import checkpoints
from chatsite.backend.training.tuning.data import Rows, read_rows
from chatsite.backend.training.tuning.failures import explain
from chatsite.backend.training.tuning.models import Loaded, load, save
from chatsite.backend.training.tuning.reporter import Reporter
from chatsite.backend.training.tuning.rewards import Grading
from chatsite.backend.training.tuning.sampling import answers
from chatsite.backend.training.tuning.trainers import make_trainer
from chatsite.backend.tuning.events import (
    Checkpoint,
    Converted,
    Evaluated,
    Event,
    Final,
    Journal,
    Paused,
    Started,
    Succeeded,
    Validated,
    read_events,
)
from chatsite.backend.tuning.spec import TuningSpec

E = TypeVar("E", bound=Event)


class Attention(Protocol):
    """What watches over the job: it is told of work, and says whether a pause is asked for."""

    @property
    def pausing(self) -> bool: ...

    def work(self) -> None: ...


class Job:
    """One run of a job: from the beginning, or from its last whole checkpoint."""

    def __init__(self, folder: Path, spec: TuningSpec, journal: Journal, watch: Attention) -> None:
        self._folder, self._spec = folder, spec
        self._journal, self._watch = journal, watch
        self._checkpoints = folder / "checkpoints"
        # A reward model writes nothing.
        self._prompts = () if spec.method == "reward" else spec.prompts
        self._began = time.monotonic()

    def run(self) -> bool:
        """Train, evaluate, convert; whatever happens is told. False where that was impossible."""
        last = None
        try:
            last = checkpoints.newest_whole(self._checkpoints)
            final: Final = self._run(last)
        except Exception as error:  # noqa: BLE001 - every end is told, with what to do
            final = explain(error, self._spec, self._folder)
            self._make_room()
        try:
            self._tell(final)
        except OSError:
            return False
        return True

    def _run(self, last: Path | None) -> Final:
        if self._watch.pausing:
            return Paused(0 if last is None else checkpoints.step_of(last))
        _quieten()
        torch.set_num_threads(self._spec.threads)
        loaded = load(self._spec)
        loaded.model.register_forward_hook(lambda *_: self._watch.work())
        rows = self._read(self._spec.training_file, loaded)
        validation = (
            None
            if self._spec.validation_file is None
            else self._read(self._spec.validation_file, loaded)
        )
        base_answers = self._base_answers(loaded)
        trainer, reporter = self._trainer(loaded, rows, validation, base_answers, last)
        self._announce(trainer, loaded, rows, validation, last)
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
        if reporter.paused or self._watch.pausing:
            return Paused(trainer.state.global_step)
        return self._finish(trainer, loaded, reporter)

    def _read(self, file: Path, loaded: Loaded) -> Rows:
        self._watch.work()
        return read_rows(file, self._spec.method, loaded.tokenizer, longest=loaded.longest)

    def _trainer(
        self,
        loaded: Loaded,
        rows: Rows,
        validation: Rows | None,
        base_answers: Sequence[str],
        last: Path | None,
    ) -> tuple[Trainer, Reporter]:
        spec = self._spec
        grading = None if spec.grader is None else Grading(spec.grader, loaded.device)
        trainer = make_trainer(
            spec,
            loaded,
            rows,
            validation,
            rewards=grading,
            output=self._checkpoints,
            resumed=last is not None,
        )
        reporter = Reporter(
            spec,
            self._folder,
            tell=self._tell,
            prompts=self._prompts,
            base_answers=base_answers,
            answer=lambda: self._answers(trainer.model, loaded),
            pausing=lambda: self._watch.pausing,
            earlier=self._told(Checkpoint),
            validated=validation is not None,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(reporter)
        return trainer, reporter

    def _announce(
        self,
        trainer: Trainer,
        loaded: Loaded,
        rows: Rows,
        validation: Rows | None,
        last: Path | None,
    ) -> None:
        assert trainer.model is not None  # noqa: S101 - it was given one
        parameters = list(trainer.model.parameters())
        self._tell(
            Started(
                step=0 if last is None else checkpoints.step_of(last),
                total=planned_steps(trainer),
                examples=rows.examples,
                validation_examples=0 if validation is None else validation.examples,
                truncated=rows.truncated,
                dropped=rows.dropped,
                parameters=sum(p.numel() for p in parameters),
                trained_parameters=sum(p.numel() for p in parameters if p.requires_grad),
                learning_rate=trainer.args.learning_rate,
                device=loaded.device,
            )
        )

    def _finish(self, trainer: Trainer, loaded: Loaded, reporter: Reporter) -> Succeeded:
        measured = {event.step: event.metrics for event in self._told(Validated)}
        steps = trainer.state.global_step
        if 0 in measured and steps in measured:
            self._tell(Evaluated(base=measured[0], tuned=measured[steps]))
        self._watch.work()
        result, partial = self._folder / "result", self._folder / "result.partial"
        shutil.rmtree(partial, ignore_errors=True)
        model = trainer.accelerator.unwrap_model(trainer.model)
        save(model, loaded.tokenizer, partial / "checkpoint", dtype=loaded.dtype)
        gguf = None
        if self._spec.method != "reward":
            convert(
                partial / "checkpoint",
                partial / "model.gguf",
                name=self._spec.name,
                license_name=self._spec.license_name,
            )
            gguf = "result/model.gguf"
        shutil.rmtree(result, ignore_errors=True)
        os.replace(partial, result)  # noqa: PTH105 atomic, and Path.replace reads as a string's
        if gguf is not None:
            self._tell(Converted(gguf, (self._folder / gguf).stat().st_size))
        checkpoints.finish(self._checkpoints)
        shutil.rmtree(self._folder / "scratch", ignore_errors=True)
        return Succeeded(
            steps=steps,
            trained_tokens=reporter.trained_tokens,
            seconds=round(time.monotonic() - self._began, 1),
            checkpoint="result/checkpoint",
            gguf=gguf,
        )

    # --- samples

    def _answers(self, model: Any, loaded: Loaded) -> list[str]:
        return answers(model, loaded.tokenizer, self._prompts)

    def _base_answers(self, loaded: Loaded) -> list[str]:
        """The base's answers, which are kept: a resumed job's model is the base no more."""
        file = self._folder / "base_answers.json"
        with contextlib.suppress(OSError, ValueError):
            kept = json.loads(file.read_bytes())
            if len(kept) == len(self._prompts):
                return list(kept)
        made = self._answers(loaded.model, loaded)
        file.write_text(json.dumps(made), "utf-8")
        return made

    # --- events

    def _tell(self, event: Event) -> None:
        self._watch.work()
        self._journal.append(event)

    def _told(self, kind: type[E]) -> list[E]:
        events = (recorded.event for recorded in read_events(self._folder))
        return [event for event in events if isinstance(event, kind)]

    def _make_room(self) -> None:
        """Remove what was not finished: a full disk then has room for the last event."""
        shutil.rmtree(self._folder / "scratch", ignore_errors=True)
        shutil.rmtree(self._folder / "result.partial", ignore_errors=True)
        with contextlib.suppress(OSError):
            checkpoints.newest_whole(self._checkpoints)


def planned_steps(trainer: Trainer) -> int:
    """Optimizer steps from the beginning to the end."""
    batches = len(trainer.get_train_dataloader())
    steps = -(-batches // trainer.args.gradient_accumulation_steps)
    return int(steps * trainer.args.num_train_epochs)


def _quieten() -> None:
    """The log is for what goes wrong."""
    datasets.disable_progress_bars()
    datasets.disable_caching()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    os.environ["TQDM_DISABLE"] = "1"
