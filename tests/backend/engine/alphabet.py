"""A real model of 750 KB whose answers are known: it says the alphabet, or counts for ever."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import gguf
import numpy as np
import psutil

ROOT = Path(__file__).parents[3]
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
ALPHABET = "abcdefghijklmnopqrstuvwxyz."
WIDTH, HEAD = 512, 32
SHOWN, SEEN = 300, 310
"""Where red, green and blue of a picture stand in its vectors, and in those of the words after."""


def byte_alphabet():
    """GPT-2's printable stand-ins for the 256 bytes, in the order of the bytes."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = iter(range(256, 512))
    return [chr(byte if byte in plain else next(rest)) for byte in range(256)]


def write_alphabet(
    path,
    *,
    context=4096,
    architecture="llama",
    kind=None,
    extra=(),
    sampling=(),
    pooling=None,
    seed=None,
    template=None,
    name="Alphabet",
    sees=False,
):
    """Write the model: a line break is followed by the alphabet and the end, a digit by the next.

    Every token is a byte. Attention and feed-forward are zero, the embedding is one-hot, and the
    output matrix holds the successor of each token. `extra` are further (token, type) pairs,
    `sampling` (name, value) pairs of what the file recommends. With a `pooling` it is a model for
    embeddings. With a `seed` its weights are random, and so are its answers. One that `sees` says
    r, g or b for ever after a picture of `seeing.write_projector`, for what is most in it.
    """
    tokens = byte_alphabet() + CONTROL + [token for token, _ in extra]
    end = 256 + CONTROL.index("<|im_end|>")
    successor = {ord("\n"): ord("a"), ord("."): end}
    successor |= {ord(a): ord(b) for a, b in itertools.pairwise(ALPHABET)}
    successor |= {ord("0") + digit: ord("0") + (digit + 1) % 10 for digit in range(10)}
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(name)
    writer.add_license("mit")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    if kind:
        writer.add_type(kind)
    if pooling is not None:
        writer.add_pooling_type(pooling)
    for name, value in sampling:
        writer.add_float32(f"general.sampling.{name}", value)
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HEAD)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(
        [gguf.TokenType.NORMAL] * 256
        + [gguf.TokenType.CONTROL] * len(CONTROL)
        + [kind for _, kind in extra]
    )
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_chat_template(template or CHATML)
    embedding = np.zeros((len(tokens), WIDTH), np.float16)
    output = np.zeros((len(tokens), WIDTH), np.float16)
    for token in range(len(tokens)):
        embedding[token, token] = 1
        output[successor.get(token, end), token] = 10
    chance = np.random.default_rng(seed)

    def drawn(shape):
        return (0.2 * chance.standard_normal(shape)).astype(np.float16)

    if seed is not None:
        embedding, output = drawn(embedding.shape), drawn(output.shape)
    if sees:
        see("output", output)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    shapes = {
        "attn_q": (HEAD, WIDTH),
        "attn_k": (HEAD, WIDTH),
        "attn_v": (HEAD, WIDTH),
        "attn_output": (WIDTH, HEAD),
        "ffn_gate": (HEAD, WIDTH),
        "ffn_up": (HEAD, WIDTH),
        "ffn_down": (WIDTH, HEAD),
    }
    for name, shape in shapes.items():
        weights = np.zeros(shape, np.float16) if seed is None else drawn(shape)
        if sees:
            see(name, weights)
        writer.add_tensor(f"blk.0.{name}.weight", weights)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def see(name, weights):
    """Have every word hear of the pictures before it, and say the letter of their colour."""
    for number, letter in enumerate("rgb"):
        if name == "attn_v":
            weights[number, SHOWN + number] = 1
        elif name == "attn_output":
            weights[SEEN + number, number] = 1
        elif name == "output":
            weights[ord(letter), SEEN + number] = 100


def wait_until(condition, seconds=60.0):
    """Poll until the condition holds and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return result


def alive(pid):
    """Whether a process runs (one that only waits to be reaped does not)."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def workers_of(pid):
    """The processes that a manager has started."""
    try:
        children = psutil.Process(pid).children()
        return [
            child.pid for child in children if "chatsite.backend.engine.worker" in child.cmdline()
        ]
    except psutil.NoSuchProcess:
        return []


@contextlib.contextmanager
def running_manager(data_dir, *options):
    """A manager of a data folder with the alphabet as its starter, ended by SIGTERM."""
    starter = write_alphabet(data_dir.parent / "starter.gguf")
    command = [sys.executable, "-m", "chatsite.backend.engine.manager"]
    command += ["--data-dir", str(data_dir), "--starter", str(starter)]
    with subprocess.Popen(
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        published = data_dir / "engine" / "engine.json"
        try:
            wait_until(
                lambda: (
                    process.poll() is not None
                    or (published.exists() and str(process.pid) in published.read_text())
                )
            )
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


def end(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
