"""Small files of other kinds than `alphabet`: LoRA adapters for it, and an encoder."""

import gguf
import numpy as np

from tests.backend.engine.alphabet import HEAD, WIDTH

VOCABULARY = 259
WORDS = [
    "the",
    "cat",
    "dog",
    "sat",
    "on",
    "mat",
    "capital",
    "of",
    "japan",
    "hello",
    "world",
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_adapter(path, factors, *, base="", architecture="llama", kind="lora"):
    """A LoRA of (a, b) for each tensor: `a` has a row and `b` a column for each rank."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", kind)
    writer.add_float32("adapter.lora.alpha", len(next(iter(factors.values()))[0]))
    if base:
        writer.add_base_model_count(1)
        writer.add_base_model_name(0, base)
    for name, (a, b) in factors.items():
        writer.add_tensor(f"{name}.lora_a", np.asarray(a, np.float32))
        writer.add_tensor(f"{name}.lora_b", np.asarray(b, np.float32))
    finish(writer)
    return path


def skip(letter, successor, width=WIDTH):
    """Factors that make the alphabet go on from one letter with another."""
    a, b = np.zeros((1, width)), np.zeros((VOCABULARY, 1))
    a[0, ord(letter)], b[ord(successor), 0] = 1, 30
    return {"output.weight": (a, b)}


def chance(seed):
    """Factors that change all that a model of random weights reads and says."""
    draw = np.random.default_rng(seed).standard_normal
    shapes = {"attn_q": (HEAD, WIDTH), "attn_k": (HEAD, WIDTH), "attn_v": (HEAD, WIDTH)}
    return {
        f"blk.0.{name}.weight": (0.2 * draw((4, n_in)), 0.2 * draw((n_out, 4)))
        for name, (n_out, n_in) in shapes.items()
    }


def write_encoder(path, *, width=64, context=128, pooling=gguf.PoolingType.MEAN, seed=0):
    """A BERT of random weights that knows a few words. A rank as `pooling` makes it a ranker."""
    tokens = SPECIAL + [f"\u2581{word}" for word in WORDS + LETTERS] + LETTERS
    normal = len(tokens) - len(SPECIAL)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name("Small encoder")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(4)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    if pooling is not None:
        writer.add_pooling_type(pooling)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("jina-v2-en")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.CONTROL] * 5 + [gguf.TokenType.NORMAL] * normal)
    writer.add_token_type_count(2)
    for number, add_id in enumerate(
        [
            writer.add_pad_token_id,
            writer.add_unk_token_id,
            writer.add_bos_token_id,
            writer.add_sep_token_id,
            writer.add_mask_token_id,
        ]
    ):
        add_id(number)
    draw = np.random.default_rng(seed).standard_normal

    def add(name, *shape):
        writer.add_tensor(name, (0.2 * draw(shape)).astype(np.float32))

    def add_norm(name):
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
        add(f"{name}.bias", width)

    add("token_embd.weight", len(tokens), width)
    add("token_types.weight", 2, width)
    add("position_embd.weight", context, width)
    add_norm("token_embd_norm")
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        add(f"blk.0.{name}.weight", width, width)
        add(f"blk.0.{name}.bias", width)
    add("blk.0.ffn_up.weight", 2 * width, width)
    add("blk.0.ffn_up.bias", 2 * width)
    add("blk.0.ffn_down.weight", width, 2 * width)
    add("blk.0.ffn_down.bias", width)
    add_norm("blk.0.attn_output_norm")
    add_norm("blk.0.layer_output_norm")
    finish(writer)
    return path
