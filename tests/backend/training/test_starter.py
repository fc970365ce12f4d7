from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from chatsite.backend.training.recipe import PRETRAINING, TUNING, Recipe, Shape

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
starter = pytest.importorskip("chatsite.backend.training.starter")
safetensors = pytest.importorskip("safetensors.torch")

pytestmark = pytest.mark.training

RECIPE = Recipe(
    shape=Shape(
        hidden=32, layers=2, feed_forward=64, heads=2, key_value_heads=1, head_size=16, context=128
    ),
    stages=(
        replace(PRETRAINING, length=64, rows=4, warmup=3),
        replace(TUNING, length=128, rows=2, warmup=2),
    ),
    vocabulary=400,
    generated=60,
    threads=1,
    compiled=False,
    save_every=0.0,
    evaluate_every=5,
    evaluation_rows=4,
)
STEPS = (13, 8)


class Killed(Exception):
    pass


def train(corpus: Path, out: Path, *, killed_at: int | None = None) -> Path:
    """Train, or break off in the evaluation number `killed_at`."""
    seen = 0

    def report(line: str) -> None:
        nonlocal seen
        seen += line.startswith("held out")
        if killed_at is not None and seen == killed_at:
            raise Killed

    trainer = starter.Trainer(corpus, out, recipe=RECIPE, report=report, steps=STEPS)
    return Path(trainer.run())


@pytest.fixture(scope="module")
def uninterrupted(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(corpus, tmp_path_factory.mktemp("uninterrupted"))


def test_a_run_killed_in_each_stage_ends_with_the_very_same_weights(
    corpus: Path, tmp_path: Path, uninterrupted: Path
) -> None:
    for evaluation in (2, 1):  # in pretraining, then in the tuning of the resumed run
        with pytest.raises(Killed):
            train(corpus, tmp_path, killed_at=evaluation)
    resumed = train(corpus, tmp_path)
    assert (resumed / "model.safetensors").read_bytes() == (
        uninterrupted / "model.safetensors"
    ).read_bytes()


def test_the_loss_falls_and_is_recorded_with_the_evaluations(uninterrupted: Path) -> None:
    lines = (uninterrupted.parent / "metrics.jsonl").read_text().splitlines()
    evaluations = [entry for line in lines if "evaluation" in (entry := json.loads(line))]
    assert [(entry["evaluation"], entry["step"]) for entry in evaluations] == [
        ("pretraining", 5),
        ("pretraining", 10),
        ("tuning", 5),
        ("all", 0),
    ]
    assert evaluations[-1]["chats"] < evaluations[0]["chats"]


def test_the_checkpoint_loads_in_transformers_and_knows_the_template(uninterrupted: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(uninterrupted)
    model = transformers.AutoModelForCausalLM.from_pretrained(uninterrupted)
    assert model.dtype == torch.bfloat16
    assert (model.config.model_type, model.config.max_position_embeddings) == ("qwen3", 128)
    assert tokenizer.convert_ids_to_tokens(model.generation_config.eos_token_id) == "<|im_end|>"
    assert (
        tokenizer.apply_chat_template(
            [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
        )
        == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )


def test_the_state_of_another_recipe_is_refused(corpus: Path, uninterrupted: Path) -> None:
    with pytest.raises(ValueError, match="made by another recipe"):
        starter.Trainer(
            corpus,
            uninterrupted.parent,
            recipe=replace(RECIPE, seed=1),
            report=lambda _line: None,
            steps=STEPS,
        )


def test_a_run_goes_on_from_the_weights_and_the_tokenizer_of_a_checkpoint(
    corpus: Path, tmp_path: Path, uninterrupted: Path
) -> None:
    def begin(out: Path, recipe: Recipe = RECIPE) -> None:
        starter.Trainer(corpus, out, recipe=recipe, report=print, steps=STEPS, start=uninterrupted)

    begin(tmp_path)
    begun = torch.load(tmp_path / "state.pt", weights_only=True)["model"]
    stored = safetensors.load_file(uninterrupted / "model.safetensors")
    assert all(torch.equal(begun[name].bfloat16(), weight) for name, weight in stored.items())
    assert (tmp_path / "tokenizer.json").read_text("utf-8") == (
        uninterrupted / "tokenizer.json"
    ).read_text("utf-8")
    deeper = replace(RECIPE, shape=replace(RECIPE.shape, layers=RECIPE.shape.layers + 1))
    with pytest.raises(ValueError, match="differs from the recipe in num_hidden_layers"):
        begin(tmp_path / "deeper", deeper)


def test_a_stages_data_is_made_once_and_then_read_without_the_corpus(
    corpus: Path, tmp_path: Path
) -> None:
    lines: list[str] = []
    options = {"recipe": RECIPE, "report": lines.append}
    tokenizer = starter.prepare_tokenizer(corpus, tmp_path, **options)
    stages = RECIPE.stages
    made = [starter.prepare(corpus, tmp_path, tokenizer, stage, **options) for stage in stages]
    assert [line.split(":")[0] for line in lines[1:]] == ["pretraining", "tuning"]
    # Each stage has its own conversations.
    said = [tokenizer.decode(data.documents[-1].tokens.tolist()) for data in made]
    assert said[0] != said[1]
    gone = tmp_path / "gone"
    again = starter.prepare(gone, tmp_path, tokenizer, stages[1], **options)
    assert again.weights == made[1].weights
    assert [each.tokens.tolist() for each in again.documents] == [
        each.tokens.tolist() for each in made[1].documents
    ]
    assert len(lines) == 3


def test_steps_for_each_stage_are_asked_for(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Give 2 numbers of steps"):
        starter.Trainer(corpus, tmp_path, recipe=RECIPE, report=lambda _line: None, steps=(1,))


def test_given_minutes_each_stage_plans_its_steps(corpus: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    starter.Trainer(corpus, tmp_path, recipe=RECIPE, report=lines.append, minutes=0.02).run()
    planned = [int(line.split()[1]) for line in lines if line.endswith("steps planned")]
    assert len(planned) == 2
    given = ",".join(map(str, planned))
    assert any(line.endswith(f"--steps {given} repeats this run") for line in lines)
