"""A real projector of 300 KB for the alphabet that sees: red, green and blue of 16 x 16 pixels."""

import base64
import io

import gguf
import numpy as np
from PIL import Image

from tests.backend.engine.alphabet import SHOWN, WIDTH
from tests.backend.engine.small_models import finish

SIDE, PATCH, INNER = 32, 16, 32
TOKENS = (SIDE // PATCH) ** 2
"""What a picture takes of the window, however large it is."""


def write_projector(path, *, width=WIDTH, name="Alphabet", sees=True, stated=None, side=SIDE):
    """A LLaVA projector whose vectors hold a patch's mean red, green and blue, from -0.2 to 0.8."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    if sees:
        writer.add_clip_has_vision_encoder(True)
    else:
        writer.add_clip_has_audio_encoder(True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_vision_projection_dim(stated or width)
    writer.add_vision_image_size(side)
    writer.add_vision_patch_size(PATCH)
    writer.add_vision_embedding_length(INNER)
    writer.add_vision_feed_forward_length(INNER)
    writer.add_vision_block_count(1)
    writer.add_vision_head_count(1)
    writer.add_vision_attention_layernorm_eps(1e-6)
    writer.add_vision_image_mean([0.5] * 3)
    writer.add_vision_image_std([0.5] * 3)
    writer.add_vision_use_gelu(True)

    def zeros(*shape):
        return np.zeros(shape, np.float32)

    def add(name, weights):
        writer.add_tensor(f"{name}.weight", weights)
        writer.add_tensor(f"{name}.bias", zeros(len(weights)))

    patch, inner, outer = zeros(INNER, 3, PATCH, PATCH), zeros(INNER, INNER), zeros(width, INNER)
    for color in range(3):
        patch[color, color] = 1 / PATCH**2
        inner[color, color] = outer[SHOWN + color, color] = 1
    writer.add_tensor("v.patch_embd.weight", patch)
    writer.add_tensor("v.position_embd.weight", zeros((side // PATCH) ** 2, INNER))
    for part in ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_up", "ffn_down"):
        add(f"v.blk.0.{part}", zeros(INNER, INNER))
    for part in ("ln1", "ln2"):
        add(f"v.blk.0.{part}", np.ones(INNER, np.float32))
    add("mm.0", inner)
    add("mm.2", outer)
    finish(writer)
    return path


def picture(color, *, kind="PNG", size=(40, 30), detail=None, mode="RGB", **options):
    """A part of a message: a picture of one colour."""
    buffer = io.BytesIO()
    Image.new(mode, size, color).save(buffer, kind, **options)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    url = {"url": f"data:image/{kind.lower()};base64,{data}"}
    return {"type": "image_url", "image_url": url if detail is None else {**url, "detail": detail}}
