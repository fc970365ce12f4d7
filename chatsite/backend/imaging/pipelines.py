"""The process that draws with diffusers; see diffusing.py, which starts it and speaks to it.

It is told ("draw", what) and ("stop",), and says ("begun",), ("progress", done, preview), and in
the end ("made", PNG) or ("failed", kind, words, parameter).
"""

from __future__ import annotations

import inspect
import io
import os
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

import diffusers
import torch
from PIL import Image, ImageOps

from chatsite.backend.imaging.loading import UnloadableError, cleared, device, loaded

IDLE = 600.0
"""Seconds without a picture after which the process ends and gives its memory back."""
PREVIEWS = 4
"""Previews of one picture."""
STEPS, QUICK_STEPS = 28, 4
MULTIPLE = 8
SCHEDULERS = {
    "ddim": "DDIMScheduler",
    "ddpm": "DDPMScheduler",
    "dpm++": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler_a": "EulerAncestralDiscreteScheduler",
    "flow_euler": "FlowMatchEulerDiscreteScheduler",
    "heun": "HeunDiscreteScheduler",
    "lcm": "LCMScheduler",
    "lms": "LMSDiscreteScheduler",
    "pndm": "PNDMScheduler",
    "unipc": "UniPCMultistepScheduler",
}
# What each of the four channels of Stable Diffusion's latent space adds to red, green and blue.
_LOOK = {
    "StableDiffusionPipeline": (
        (0.35, 0.23, 0.32), (0.33, 0.50, 0.24), (-0.28, 0.18, 0.27), (-0.21, -0.26, -0.72),
    ),
    "StableDiffusionXLPipeline": (
        (0.37, 0.42, 0.43), (-0.25, 0.00, 0.11), (0.11, 0.11, -0.04), (-0.32, -0.25, -0.22),
    ),
}  # fmt: skip


class RefusedError(Exception):
    """The pipeline does not take what was asked; the second argument is the parameter."""


class StoppedError(Exception):
    """Nobody wants the picture any more."""


class Studio:
    """The model that is loaded, and its drawing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._path = ""
        self._pipeline: Any = None
        self._scheduler: Any = None
        self._device = device()

    def draw(self, asked: Mapping[str, Any]) -> bytes:
        """The picture as a PNG. Raises RefusedError, StoppedError, and whatever torch raises."""
        if asked["path"] != self._path:
            self._load(asked)
        self._schedule(asked.get("scheduler"))
        pipeline, given = self._prepared(asked)
        weights = self._with_loras(asked["loras"])
        try:
            output = pipeline(**given)
        finally:
            self._pipeline.maybe_free_model_hooks()  # a part of an offloaded one may be on the GPU
            if weights:
                self._pipeline.unload_lora_weights()
        if any(getattr(output, "nsfw_content_detected", None) or ()):
            raise RefusedError("The model's own safety checker refused the picture.", "safety")
        return _png(output.images[0])

    def _load(self, asked: Mapping[str, Any]) -> None:
        self._path, self._pipeline = "", None  # the former model's memory is wanted for the next
        cleared(self._device)
        self._pipeline = loaded(asked, self._device)
        self._scheduler = self._pipeline.scheduler
        self._path = asked["path"]

    def _schedule(self, name: str | None) -> None:
        if name is None:
            self._pipeline.scheduler = self._scheduler
            return
        fitting = {each.__name__: each for each in self._scheduler.compatibles}
        if SCHEDULERS.get(name) not in fitting:
            names = sorted(short for short, kind in SCHEDULERS.items() if kind in fitting)
            raise RefusedError(f"This model's schedulers are {', '.join(names)}.", "scheduler")
        kind = fitting[SCHEDULERS[name]]
        self._pipeline.scheduler = kind.from_config(self._scheduler.config)

    def _prepared(self, asked: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The pipeline for the operation, and its arguments."""
        steps = asked.get("steps") or (QUICK_STEPS if asked["quick"] else STEPS)
        given: dict[str, Any] = {
            "prompt": asked["prompt"],
            "num_inference_steps": steps,
            "generator": torch.Generator("cpu").manual_seed(asked["seed"]),
        }
        if asked["quick"]:
            given["guidance_scale"] = 0.0
        for name in ("guidance_scale", "negative_prompt"):
            if asked.get(name) is not None:
                given[name] = asked[name]
        pipeline = self._pipeline
        size = asked["size"]
        # Transformers look at the latent space in patches of two.
        multiple = 2 * MULTIPLE if "transformer" in pipeline.components else MULTIPLE
        if asked["operation"] == "edit":
            image = _image(asked["image"]).convert("RGB")
            size = size or image.size
            strength = asked.get("strength")
            given["image"] = image.resize(_fitting(size, multiple), Image.Resampling.LANCZOS)
            if asked["mask"] is None:
                pipeline = diffusers.AutoPipelineForImage2Image.from_pipe(pipeline)
                given["strength"] = 0.6 if strength is None else strength
            else:
                pipeline = diffusers.AutoPipelineForInpainting.from_pipe(pipeline)
                given["strength"] = 0.9 if strength is None else strength
                # Transparent may change in OpenAI's masks, white may in these.
                may_change = ImageOps.invert(_image(asked["mask"]).convert("RGBA").getchannel("A"))
                given["mask_image"] = may_change.resize(_fitting(size, multiple))
            if given["strength"] * steps < 1:
                raise RefusedError("So few steps at so little strength change nothing.", "strength")
        elif size is not None and size != _fitting(size, multiple):
            raise RefusedError(f"This model's sides are multiples of {multiple} pixels.", "size")
        takes = inspect.signature(pipeline.__call__).parameters
        if size is not None and "width" in takes:
            given["width"], given["height"] = _fitting(size, multiple)
        if "callback_on_step_end" in takes:
            given["callback_on_step_end"] = self._step(max(1, steps // (PREVIEWS + 1)))
        if unknown := sorted(set(given) - set(takes)):
            raise RefusedError(f"This model does not take {', '.join(unknown)}.", unknown[0])
        return pipeline, given

    def _with_loras(self, loras: Mapping[str, float]) -> bool:
        names = [f"lora-{number}" for number in range(len(loras))]
        try:
            for name, path in zip(names, loras, strict=True):
                self._pipeline.load_lora_weights(path, adapter_name=name)
            if names:
                self._pipeline.set_adapters(names, list(loras.values()))
        except (ValueError, RuntimeError, KeyError, AttributeError) as error:
            self._pipeline.unload_lora_weights()
            raise RefusedError("A LoRA file does not fit this model.", "prompt") from error
        return bool(names)

    def _step(self, every: int) -> Any:
        """diffusers' callback: tells how far it is, and ends the work that nobody wants."""

        def step(pipeline: Any, index: int, _: Any, kept: dict[str, Any]) -> dict[str, Any]:
            if self._connection.poll(0):
                self._connection.recv()  # ("stop",), or EOFError where the parent is gone
                raise StoppedError
            steps = pipeline.num_timesteps
            preview = b""
            if (index + 1) % every == 0 and index + 1 < steps:
                preview = _preview(self._pipeline, kept.get("latents"))
            self._connection.send(("progress", (index + 1) / (steps + 1), preview))
            return kept

        return step


def _fitting(size: tuple[int, int], multiple: int) -> tuple[int, int]:
    width, height = (max(multiple, round(side / multiple) * multiple) for side in size)
    return width, height


def _image(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _preview(pipeline: Any, latents: Any) -> bytes:
    """How the latents look, a pixel for each place, without the decoder; b"" where not known."""
    look = _LOOK.get(type(pipeline).__name__)
    if look is None or latents is None:
        return b""
    seen = latents[0].float().cpu().permute(1, 2, 0) @ torch.tensor(look)
    pixels = ((seen + 1) * 127.5).clamp(0, 255).byte().numpy()
    small = Image.fromarray(pixels, "RGB")
    return _png(small.resize((small.width * MULTIPLE, small.height * MULTIPLE)))


def main() -> None:
    """Draw what is asked for, until nobody asks for long or the parent is gone."""
    os.nice(10)  # whoever chats meanwhile comes first
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    connection = Connection(int(sys.argv[1]))
    studio = Studio(connection)
    try:
        while connection.poll(IDLE):
            match connection.recv():
                case ("draw", asked):
                    connection.send(("begun",))
                    connection.send(_drawn(studio, asked))
                case _:  # a late ("stop",)
                    continue
    except (EOFError, OSError):
        os._exit(0)


def _drawn(studio: Studio, asked: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        return ("made", studio.draw(asked))
    except RefusedError as refused:
        words, param = refused.args
        return ("failed", "blocked" if param == "safety" else "refused", words, param)
    except StoppedError:
        return ("failed", "stopped", "The picture was stopped.")
    except UnloadableError as unloadable:
        return ("failed", "crashed", f"{unloadable}."[:500])
    except (EOFError, BrokenPipeError):
        raise
    except (MemoryError, torch.OutOfMemoryError):
        return ("failed", "crashed", "The model does not fit into this machine's memory.")
    except Exception as error:  # noqa: BLE001 - whatever a model's parts raise
        return ("failed", "crashed", f"The model failed: {error}"[:500])


if __name__ == "__main__":
    main()
