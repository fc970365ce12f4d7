"""Conversion is right where llama.cpp computes from the GGUF what transformers computes from the
checkpoint: the same token ids, the same probabilities, the same greedy continuation."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFReader
from gguf.quants import dequantize

from chatsite.backend.engine.convert import convert
from chatsite.backend.errors import InvalidRequest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
tokenizing = pytest.importorskip("chatsite.backend.training.tokenizer")

pytestmark = [pytest.mark.training, pytest.mark.engine]

TEXT = (
    "The river is quiet in the morning. It's 1234 steps from the old garden to the window, "
    "isn't it? They'd say: \"Hello, world!\"\n\n```python\nprint('hi')\n```\n- one\n- two\n"
)
SHAPE: dict[str, Any] = {
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 256,
    "bos_token_id": None,
    "eos_token_id": 2,
}


def save(model: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    tokenizing.wrap(
        tokenizing.train_tokenizer([TEXT], vocabulary=500), context=256
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def qwen3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    config = transformers.Qwen3Config(**SHAPE, tie_word_embeddings=True, initializer_range=0.3)
    model = transformers.Qwen3ForCausalLM(config).to(torch.bfloat16)
    return save(model, tmp_path_factory.mktemp("qwen3"))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    config = transformers.LlamaConfig(**SHAPE, tie_word_embeddings=False, initializer_range=0.3)
    return save(transformers.LlamaForCausalLM(config), tmp_path_factory.mktemp("llama"))


# In a process of its own: in this one the server has been seen to hang when it is taken down.
SERVE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 256, 1, 1
params.verbosity = 0
server = xllamacpp.Server(params)
print("at", server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def served(path: Path) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            said = next(line for line in process.stdout if line.startswith("at "))
            yield said.split()[1]
        finally:
            process.kill()


def post(address: str, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        address + path, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.loads(response.read())


def strings() -> list[str]:
    """300 strings of words, digits, signs, white space and several scripts."""
    rng = random.Random(5)
    pieces = [
        *TEXT.split(" "), " ", "  ", "\n", "\n\n", "\t", "\r\n", "'S", "we'll", "I'VE", "3.14",
        "007", "été", "naïve", "Straße", "日本語", "привет", "عربي", "हिन्दी", "🙂", "👩‍👩‍👧",
        "e\u0301", "\u00a0", "=>", "//", "{}", "snake_case", "<|", "|>", "a" * 30, "!!!", "…",
    ]  # fmt: skip
    return ["".join(rng.choices(pieces, k=rng.randint(1, 12))) for _ in range(300)]


@pytest.mark.parametrize("kind", ["qwen3", "llama"])
def test_llama_cpp_computes_what_transformers_computes(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    checkpoint = request.getfixturevalue(kind)
    model = transformers.AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    prompt = [1, 40, 77, 300, 5, 91, 12, 480, 33, 260]
    with torch.no_grad():
        both = model.generate(
            torch.tensor([prompt]), max_new_tokens=24, do_sample=False, eos_token_id=None
        )
        scores = model(both).logits[0, len(prompt) - 1 :].log_softmax(-1)
    greedy = both[0, len(prompt) :].tolist()
    with served(convert(checkpoint, tmp_path / "f32.gguf", quantization="f32")) as address:
        answer = post(
            address,
            "/completion",
            {
                "prompt": prompt,
                "n_predict": 24,
                "temperature": 0.0,
                "n_probs": 20,
                "ignore_eos": False,
                "return_tokens": True,
            },
        )
    assert answer["tokens"] == greedy
    compared = 0
    for entry in answer["completion_probabilities"]:
        if greedy.count(entry["id"]) == 1:  # the entries skip tokens that end inside a character
            here = scores[greedy.index(entry["id"])]
            best = entry["top_logprobs"][:10]
            assert best[0]["id"] == int(here.argmax())
            wanted = [float(here[one["id"]]) for one in best]
            assert np.allclose([one["logprob"] for one in best], wanted, atol=0.05)
            compared += 1
    assert compared > 5


def test_llama_cpp_reads_text_as_the_same_tokens(qwen3: Path, tmp_path: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(qwen3)
    with served(convert(qwen3, tmp_path / "model.gguf")) as address:
        for text in strings():
            found = post(address, "/tokenize", {"content": text, "parse_special": False})
            assert found["tokens"] == tokenizer(text, split_special_tokens=True).input_ids, text
        chat = "<|im_start|>user\nHi<|im_end|>\n"
        marked = post(address, "/tokenize", {"content": chat, "parse_special": True})
    assert marked["tokens"] == tokenizer(chat).input_ids


def test_the_file_tells_what_the_model_is(qwen3: Path, tmp_path: Path) -> None:
    out = convert(qwen3, tmp_path / "m.gguf", name="A name", license_name="mit")
    fields = {name: field.contents() for name, field in GGUFReader(out).fields.items()}
    assert {
        key: fields[key]
        for key in (
            "general.architecture", "general.name", "general.license", "general.file_type",
            "qwen3.context_length", "tokenizer.ggml.model", "tokenizer.ggml.pre",
            "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
            "tokenizer.ggml.add_bos_token",
        )
    } == {
        "general.architecture": "qwen3",
        "general.name": "A name",
        "general.license": "mit",
        "general.file_type": 7,
        "qwen3.context_length": 256,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.eot_token_id": 2,
        "tokenizer.ggml.add_bos_token": False,
    }  # fmt: skip
    control, normal, unused = 3, 1, 5
    types = fields["tokenizer.ggml.token_type"]
    assert types[:4] == [control, control, control, normal]
    assert types[-1] == unused
    assert "generation %}" not in fields["tokenizer.chat_template"]
    assert "add_generation_prompt" in fields["tokenizer.chat_template"]


@pytest.mark.parametrize(("quantization", "smallest"), [("q8_0", 0.99), ("f16", 0.9999)])
def test_stored_weights_are_close_to_the_checkpoints(
    qwen3: Path, tmp_path: Path, quantization: Any, smallest: float
) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(qwen3, dtype=torch.float32)
    wanted = model.model.layers[1].mlp.down_proj.weight.detach().numpy()
    out = convert(qwen3, tmp_path / "m.gguf", quantization=quantization)
    stored = {tensor.name: tensor for tensor in GGUFReader(out).tensors}["blk.1.ffn_down.weight"]
    found = dequantize(stored.data, stored.tensor_type)
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > smallest
    assert np.abs(found - wanted).max() < 0.01 * np.abs(wanted).max()


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named_and_nothing_is_left_behind(
    qwen3: Path, tmp_path: Path, missing: str
) -> None:
    checkpoint = shutil.copytree(qwen3, tmp_path / "checkpoint")
    (checkpoint / missing).unlink()
    with pytest.raises(InvalidRequest, match=f"has no {missing}"):
        convert(checkpoint, tmp_path / "out" / "model.gguf")
    assert not list((tmp_path / "out").glob("*"))


def test_a_truncated_checkpoint_is_refused_and_the_old_file_stays(
    qwen3: Path, tmp_path: Path
) -> None:
    checkpoint = shutil.copytree(qwen3, tmp_path / "checkpoint")
    weights = checkpoint / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    out = tmp_path / "model.gguf"
    out.write_bytes(b"old")
    with pytest.raises(InvalidRequest, match=r"model\.safetensors is broken"):
        convert(checkpoint, out)
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "model.gguf"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"architectures": ["MambaForCausalLM"]}, "The architecture MambaForCausalLM cannot"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "of the type yarn cannot"),
        ({"attention_bias": True}, "layers have biases"),
    ],
)
def test_a_model_of_an_unknown_kind_is_refused(
    qwen3: Path, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    checkpoint = shutil.copytree(qwen3, tmp_path / "checkpoint")
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(InvalidRequest, match=reason):
        convert(checkpoint, tmp_path / "model.gguf")


def test_a_request_without_a_temperature_gets_the_one_of_the_checkpoint(
    qwen3: Path, tmp_path: Path
) -> None:
    checkpoint = shutil.copytree(qwen3, tmp_path / "checkpoint")
    settings = {"do_sample": True, "temperature": 0.25, "top_p": 0.5}
    (checkpoint / "generation_config.json").write_text(json.dumps(settings))
    with served(convert(checkpoint, tmp_path / "model.gguf")) as address:
        with urllib.request.urlopen(address + "/props", timeout=30) as response:
            defaults = json.loads(response.read())["default_generation_settings"]["params"]
    assert (defaults["temperature"], defaults["top_p"]) == (0.25, 0.5)


def test_a_tokenizer_that_splits_words_otherwise_is_refused(qwen3: Path, tmp_path: Path) -> None:
    checkpoint = shutil.copytree(qwen3, tmp_path / "checkpoint")
    stored = json.loads((checkpoint / "tokenizer.json").read_text())
    stored["pre_tokenizer"] = {"type": "Whitespace"}
    (checkpoint / "tokenizer.json").write_text(json.dumps(stored))
    with pytest.raises(InvalidRequest, match="splits words in a way"):
        convert(checkpoint, tmp_path / "model.gguf")
