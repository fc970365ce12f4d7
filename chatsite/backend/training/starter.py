"""Training the starter model from a corpus folder, in pieces if need be.

The output folder holds `tokenizer.json`, `pretraining.pickle` and `tuning.pickle` (tokenised),
`state.pt` (weights, optimizers, plan, random state), `metrics.jsonl` with its curves in
`metrics.svg`, and at the end `checkpoint/` (Hugging Face form).
"""

from __future__ import annotations

import json
import os
import pickle
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import copyfile
from statistics import mean
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from tqdm import tqdm
from transformers import GenerationConfig, Qwen3Config, Qwen3ForCausalLM

from chatsite.backend.training.corpus import Document, read_corpus, read_held_out
from chatsite.backend.training.curves import plot
from chatsite.backend.training.packing import IGNORED, Batches, Encoded, Rows, encode, pack
from chatsite.backend.training.recipe import Recipe, Stage
from chatsite.backend.training.tokenizer import special_ids, train_tokenizer, wrap

_LOGGED_EVERY = 20  # steps
_PACE_STEPS = 200  # whose mean is the pace: other work on the machine comes and goes

Report = Callable[[str], None]


@dataclass
class Progress:
    """Where the training is. `planned` is a stage's number of steps, None until it is known."""

    stage: int = 0
    step: int = 0
    planned: int | None = None
    elapsed: float = 0.0  # seconds in this stage
    tokens: int = 0  # seen in all stages
    steps: tuple[int, ...] = ()  # of the stages that are done


@dataclass(frozen=True)
class Data:
    """The tokenised documents of a stage, and how often each occurs in a pass."""

    documents: list[Encoded]
    weights: list[float]


class Trainer:
    """One training run, new or resumed from the state in `out`.

    `minutes` bounds the time of all stages together, and the steps are planned by the speed that
    is met; `steps` gives each stage's number instead, which makes the result the same every time.
    `start` is the checkpoint whose weights and tokenizer the run begins with instead of its own.
    """

    def __init__(
        self,
        corpus: Path,
        out: Path,
        *,
        recipe: Recipe,
        report: Report,
        minutes: float = 0.0,
        steps: Sequence[int] | None = None,
        start: Path | None = None,
    ) -> None:
        if steps is not None and len(steps) != len(recipe.stages):
            raise ValueError(f"Give {len(recipe.stages)} numbers of steps, one for each stage.")
        torch.set_num_threads(recipe.threads)
        torch.use_deterministic_algorithms(mode=True)
        torch.manual_seed(recipe.seed)
        out.mkdir(parents=True, exist_ok=True)
        self._out, self._recipe, self._report = out, recipe, report
        self._minutes, self._steps = minutes, steps
        self._corpus = corpus
        if start is not None and not (out / "tokenizer.json").exists():
            copyfile(start / "tokenizer.json", out / "tokenizer.json")
        self._tokenizer = prepare_tokenizer(corpus, out, recipe=recipe, report=report)
        held_out = read_held_out(corpus)
        self._held_out = {
            "texts": encode(self._tokenizer, held_out.texts),
            "chats": encode(self._tokenizer, held_out.chats),
        }
        config = recipe.shape.config(self._tokenizer.get_vocab_size(), special_ids(self._tokenizer))
        self._model = Qwen3ForCausalLM(Qwen3Config(**config))
        if start is not None:
            self._model.load_state_dict(weights(start, self._model.config))
        self._optimizers = optimizers(self._model, recipe)
        self._loss = torch.compile(self._summed) if recipe.compiled else self._summed
        self._progress = Progress()
        self._resume()

    def run(self) -> Path:
        """Train to the end and return the folder of the checkpoint."""
        recipe = self._recipe
        count = sum(parameter.numel() for parameter in self._model.parameters())
        self._report(f"{count / 1e6:.1f} million parameters, {recipe.threads} thread(s)")
        while self._progress.stage < len(recipe.stages):
            self._run_stage(recipe.stages[self._progress.stage])
            done = (*self._progress.steps, self._progress.step)
            self._progress = Progress(
                self._progress.stage + 1, tokens=self._progress.tokens, steps=done
            )
            self._save()
        given = ",".join(map(str, self._progress.steps))
        self._report(f"{self._progress.tokens} tokens seen; --steps {given} repeats this run")
        self._evaluate("all", rows=None)
        return self._export()

    def _run_stage(self, stage: Stage) -> None:
        progress, recipe = self._progress, self._recipe
        data = prepare(
            self._corpus, self._out, self._tokenizer, stage, recipe=recipe, report=self._report
        )
        batches = Batches(
            data.documents,
            data.weights,
            length=stage.length,
            size=stage.rows,
            answers_only=stage.answers_only,
            seed=(recipe.seed, progress.stage),
        )
        if self._steps is not None:
            progress.planned = self._steps[progress.stage]
        began = before = saved = time.monotonic()
        already, running = progress.elapsed, 0.0
        first = progress.step
        durations: deque[float] = deque(maxlen=_PACE_STEPS)
        # On a terminal alone; elsewhere the lines of the report say how far it is.
        bar = tqdm(initial=progress.step, desc=stage.name, unit="step", disable=None)
        while progress.planned is None or progress.step < progress.planned:
            bar.total = progress.planned
            started = time.monotonic()
            rate = stage.learning_rate(progress.step, progress.planned)
            loss = self._step(batches[progress.step], rate)
            running = loss if running == 0 else 0.95 * running + 0.05 * loss
            progress.step += 1
            bar.update()
            progress.tokens += stage.length * stage.rows
            now = time.monotonic()
            if progress.step > first + 1:  # the first one compiles
                durations.append(now - started)
            progress.elapsed = already + now - began
            if progress.planned is None and durations:
                self._plan(stage, pace=mean(durations))
            if progress.step % _LOGGED_EVERY == 0:
                speed = _LOGGED_EVERY * stage.length * stage.rows / (now - before)
                self._log(stage, running, speed)
                before = now
            if progress.step % recipe.evaluate_every == 0:
                self._evaluate(stage.name, rows=recipe.evaluation_rows)
                before = time.monotonic()
            if now - saved > recipe.save_every:
                self._save()
                saved = now
        bar.close()

    def _plan(self, stage: Stage, *, pace: float) -> None:
        """Fix the stage's number of steps by its pace, just before its decay has to begin."""
        progress = self._progress
        budget = 60 * self._minutes * stage.share
        if progress.elapsed > 0.9 * (1 - stage.decay) * budget:
            more = max(0, int((budget - progress.elapsed) / pace))
            progress.planned = stage.planned(progress.step, more)
            self._report(f"{stage.name}: {progress.planned} steps planned")

    def _step(self, rows: Rows, rate: float) -> float:
        counted = max(1, int((rows.labels != IGNORED).sum()))
        loss = self._loss(*tensors(rows)) / counted
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["initial_lr"] * rate
            optimizer.step()
            optimizer.zero_grad()
        return float(loss.detach())

    def _summed(
        self, tokens: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """The cross entropy in nats, summed over the labels that count."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = self._model(input_ids=tokens, attention_mask=mask, use_cache=False).logits
        return cross_entropy(
            logits.flatten(0, 1).float(),
            labels.flatten(),
            ignore_index=IGNORED,
            reduction="sum",
        )

    def _evaluate(self, when: str, *, rows: int | None) -> None:
        """Log the held-out loss in nats a token: of all of a text, of a chat's answers."""
        stage = self._recipe.stages[min(self._progress.stage, len(self._recipe.stages) - 1)]
        losses = {}
        for kind, documents in self._held_out.items():
            packed = pack(documents, length=stage.length, answers_only=kind == "chats")[:rows]
            packed = packed[: max(1, len(packed) // stage.rows) * stage.rows]
            total = 0.0
            for begin in range(0, len(packed), stage.rows):
                # The graph that training has compiled serves here too; without gradients torch
                # would compile another.
                batch = packed[begin : begin + stage.rows]
                total += float(self._loss(*tensors(batch)).detach())
            losses[kind] = total / int((packed.labels != IGNORED).sum())
        self._record({"evaluation": when, "step": self._progress.step, **losses})
        self._report(
            "held out: "
            + ", ".join(
                f"{kind} {loss:.3f} (perplexity {np.exp(loss):.1f})"
                for kind, loss in losses.items()
            )
        )

    def _log(self, stage: Stage, loss: float, speed: float) -> None:
        progress = self._progress
        self._record(
            {
                "stage": stage.name,
                "step": progress.step,
                "loss": loss,
                "tokens": progress.tokens,
                "seconds": progress.elapsed,
                "tokens_per_second": speed,
                "rate": stage.learning_rate(progress.step, progress.planned),
            }
        )
        self._report(
            f"{stage.name} {progress.step}/{progress.planned or '?'}  loss {loss:.3f}  "
            f"{speed:.0f} tokens/s  {progress.elapsed / 60:.1f} min"
        )

    def _record(self, values: dict[str, Any]) -> None:
        rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}
        metrics = self._out / "metrics.jsonl"
        with metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(rounded) + "\n")
        plot(metrics, metrics.with_suffix(".svg"))

    def _save(self) -> None:
        state = {
            "recipe": asdict(self._recipe),
            "progress": asdict(self._progress),
            "model": self._model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
            "random": torch.get_rng_state(),
        }
        _replace(self._out / "state.pt", lambda path: torch.save(state, path))

    def _resume(self) -> None:
        path = self._out / "state.pt"
        if not path.exists():
            self._save()
            return
        state = torch.load(path, weights_only=True)
        if state["recipe"] != asdict(self._recipe):
            raise ValueError(
                f"{path} was made by another recipe. Give another --out, or remove that folder."
            )
        self._model.load_state_dict(state["model"])
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        torch.set_rng_state(state["random"])
        self._progress = Progress(**state["progress"])
        self._report(f"resumed at step {self._progress.step} of stage {self._progress.stage + 1}")

    def _export(self) -> Path:
        folder = self._out / "checkpoint"
        context = self._recipe.shape.context
        self._model.generation_config = GenerationConfig(
            do_sample=True,
            temperature=0.1,  # what evaluates best, and another answer is still another one
            top_p=0.9,
            eos_token_id=self._model.config.eos_token_id,
            pad_token_id=self._model.config.pad_token_id,
        )
        self._model.bfloat16()
        self._model.save_pretrained(folder)
        wrap(self._tokenizer, context=context).save_pretrained(folder)
        return folder


def prepare_tokenizer(corpus: Path, out: Path, *, recipe: Recipe, report: Report) -> Tokenizer:
    """The tokenizer, read from `out` where a former run left it, or trained on the first stage."""
    file = out / "tokenizer.json"
    if not file.exists():
        documents = _documents(corpus, recipe.stages[0], recipe)
        report(f"{len(documents)} documents; training the tokenizer")
        texts = [document.text for document in documents if document.weight > 0]
        tokenizer = train_tokenizer(texts, vocabulary=recipe.vocabulary)
        _replace(file, lambda path: tokenizer.save(str(path)))
    return Tokenizer.from_file(str(file))


def prepare(
    corpus: Path, out: Path, tokenizer: Tokenizer, stage: Stage, *, recipe: Recipe, report: Report
) -> Data:
    """A stage's documents as tokens, made when the stage begins and kept in `out`.

    So a stage can be given better data while an earlier one is running, and none changes under a
    stage that is resumed.
    """
    cache = out / f"{stage.name}.pickle"
    if cache.exists():
        with cache.open("rb") as stored:
            return Data(**pickle.load(stored))  # noqa: S301 our own file
    documents = _documents(corpus, stage, recipe)
    data = Data(
        encode(tokenizer, [document.text for document in documents]),
        [document.weight for document in documents],
    )
    tokens = sum(len(d.tokens) * w for d, w in zip(data.documents, data.weights, strict=True))
    report(f"{stage.name}: {len(documents)} documents, {tokens / 1e6:.2f} million tokens a pass")
    kept = {"documents": data.documents, "weights": data.weights}
    _replace(cache, lambda path: path.write_bytes(pickle.dumps(kept)))
    return data


def _documents(corpus: Path, stage: Stage, recipe: Recipe) -> list[Document]:
    return read_corpus(
        corpus,
        millions=round(recipe.shape.parameters(recipe.vocabulary) / 1e6),
        generated=recipe.generated,
        seed=recipe.seed + recipe.stages.index(stage),
        tuning=stage.answers_only,
    )


def optimizers(model: torch.nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the embedding and the norms."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        is_matrix = parameter.ndim == 2 and "embed_tokens" not in name
        (matrices if is_matrix else others).append(parameter)
    made: list[torch.optim.Optimizer] = [
        torch.optim.Muon(
            matrices,
            lr=recipe.muon_rate,
            weight_decay=recipe.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(others, lr=recipe.adam_rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    for optimizer in made:
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return made


def weights(checkpoint: Path, config: Qwen3Config) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint of the same shape. Raises ValueError."""
    found = Qwen3ForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    differing = [
        name
        for name in ("vocab_size", "hidden_size", "num_hidden_layers", "intermediate_size")
        if getattr(found.config, name) != getattr(config, name)
    ]
    if differing:
        raise ValueError(f"{checkpoint} differs from the recipe in {', '.join(differing)}.")
    return dict(found.state_dict())


def tensors(rows: Rows) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, labels and the attention mask [rows, 1, length, length] of packed rows."""
    documents = torch.from_numpy(rows.documents)
    length = documents.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool).tril()
    mask = (documents[:, None, :, None] == documents[:, None, None, :]) & causal
    return torch.from_numpy(rows.tokens), torch.from_numpy(rows.labels), mask


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    write(partial)
    os.replace(partial, path)  # noqa: PTH105 atomic, and Path.replace reads as a string's
