"""One model behind llama.cpp's own HTTP server, in a process of its own on the loopback address.

The manager starts it with the server's key in the environment, and learns the port, which the
system chooses, and the bytes that it takes of graphics cards from the line `listening PORT BYTES`.
A worker outlives its parent by a second at most (by the rest of the loading, if that is going on:
llama.cpp loads with Python's lock held).
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chatsite.backend.engine.cards import cards_among

KEY_VARIABLE = "CHATSITE_ENGINE_KEY"
READY = "listening "
BATCH = 128
"""Tokens of a prompt that a processor reads at a time. A token costs no more than with llama.cpp's
own 2,048 (2.3 ms for 100M parameters), but after each batch the other answers go on, and a request
that was cancelled is dropped."""
PICTURE_BATCH = 512
"""The same for a model that sees: some read all the tokens of a picture at once."""
CACHE_TYPES = {"f16": "F16", "q8_0": "Q8_0", "q4_0": "Q4_0"}
FLASH_ATTENTION = {"auto": "AUTO", "on": "ENABLED", "off": "DISABLED"}
POOLINGS = {"mean": "MEAN", "cls": "CLS", "last": "LAST"}
LOADS = {"auto": "AUTO", "map": "MMAP", "lock": "MMAP_MLOCK", "read": "NONE"}
"""How the weights come into memory: as llama.cpp chooses, mapped from the file, mapped and kept
from being swapped out, or read into memory of the process's own."""
WARNINGS = 2  # llama.cpp's log levels: 1 errors, 2 warnings too, 3 a line for every request


def server_parameters(arguments: argparse.Namespace, key: str) -> Any:
    """llama.cpp's settings for a model that serves several conversations at once.

    Every slot has a cache of its own for `context` tokens. With one shared by all
    (`kv_unified`) nothing is faster, and where it fills up, every running answer fails.
    """
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = arguments.model
    params.model_alias = {arguments.alias}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.cors_origins = ""
    params.ui = False
    params.offline = True
    params.verbosity = WARNINGS
    # llama.cpp learns of a client that went away when it writes to it for the second time. A
    # comment line every second is sooner than a large model's next two batches of a prompt.
    params.sse_ping_interval = 1
    params.n_parallel = arguments.slots
    params.n_ctx = arguments.slots * arguments.context
    params.kv_unified = False
    params.cpuparams.n_threads = arguments.threads
    params.cpuparams_batch.n_threads = arguments.batch_threads or arguments.threads
    cache_type = _member(xllamacpp.ggml_type, "GGML_TYPE", CACHE_TYPES[arguments.cache_type])
    params.cache_type_k = params.cache_type_v = cache_type
    params.flash_attn_type = _member(
        xllamacpp.llama_flash_attn_type,
        "LLAMA_FLASH_ATTN_TYPE",
        FLASH_ATTENTION[arguments.flash_attention],
    )
    params.load_mode = _member(xllamacpp.llama_load_mode, "LLAMA_LOAD_MODE", LOADS[arguments.load])
    params.cache_ram_mib = arguments.cache_mib
    params.cache_idle_slots = False  # for shared caches only
    # An answer is continued where the request says so, not wherever it ends with an assistant's
    # message: OpenAI's API takes that for an answer already given.
    params.prefill_assistant = False
    params.use_jinja = True
    # OpenAI's defaults. What the model file recommends (general.sampling.*) goes before them.
    params.sampling.temp = 1.0
    params.sampling.top_k = 0
    params.sampling.top_p = 1.0
    params.sampling.min_p = 0.0
    if arguments.pooling:
        params.embedding = True
        params.pooling_type = _member(
            xllamacpp.llama_pooling_type, "LLAMA_POOLING_TYPE", POOLINGS[arguments.pooling]
        )
    if arguments.projector:
        params.mmproj.path = arguments.projector
    # Named at the start and switched on by the requests that want one.
    params.lora_adapters = [_adapter(path) for path in arguments.adapter]
    params.lora_init_without_apply = True
    place(params, arguments, xllamacpp.get_device_info())
    return params


def place(params: Any, arguments: argparse.Namespace, devices: Sequence[Any]) -> None:
    """Which layers go to a graphics card, and how many tokens are read at a time."""
    card = arguments.gpu_layers != 0 and bool(cards_among(devices).names)
    if arguments.gpu_layers is not None:
        params.n_gpu_layers = arguments.gpu_layers
    # Fitting the layers to a card reads the file's head twice: only where there is one.
    params.fit_params = card and arguments.gpu_layers is None
    params.mmproj_use_gpu = card
    if arguments.batch:
        params.n_batch = params.n_ubatch = arguments.batch
    elif not card:
        # Each slot writes a token at a time, and all of them have room in a batch.
        least = PICTURE_BATCH if arguments.projector else BATCH
        params.n_batch = params.n_ubatch = max(least, arguments.slots)


def _adapter(path: str) -> Any:
    import xllamacpp

    adapter = xllamacpp.CommonAdapterLoraInfo()
    adapter.path = path
    adapter.scale = 0.0
    return adapter


def _member(values: Any, prefix: str, name: str) -> int:
    return int(getattr(values, f"{prefix}_{name}"))


def end_with(parent: int) -> None:
    """End this process as soon as its parent is not `parent` any more.

    Asked of the system rather than told by it: the parent-death signal of Linux fires when the
    thread that started the process ends.
    """
    while os.getppid() == parent:
        time.sleep(0.25)
    os._exit(0)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chatsite.backend.engine.worker", description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--alias", required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--cache-mib", type=int, default=0)
    parser.add_argument("--batch-threads", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--gpu-layers", type=int)
    parser.add_argument("--cache-type", choices=CACHE_TYPES, default="f16")
    parser.add_argument("--flash-attention", choices=FLASH_ATTENTION, default="auto")
    parser.add_argument("--load", choices=LOADS, default="auto")
    parser.add_argument("--pooling", choices=POOLINGS)
    parser.add_argument("--projector")
    parser.add_argument("--adapter", action="append", default=[])
    return parser.parse_args(argv)


def main() -> None:
    arguments = parse()
    watch = threading.Thread(target=end_with, args=(arguments.parent,), daemon=True)
    watch.start()
    try:
        import xllamacpp
    except ImportError as error:
        sys.exit(_explained(error))
    try:
        before = _free_on_cards(xllamacpp.get_device_info())
        server = xllamacpp.Server(server_parameters(arguments, os.environ.pop(KEY_VARIABLE)))
    except RuntimeError:
        sys.exit(f"{Path(arguments.model).name} could not be loaded.")
    taken = before - _free_on_cards(xllamacpp.get_device_info())
    announce(urlsplit(server.listening_address).port, max(0, taken))
    watch.join()


def _free_on_cards(devices: Sequence[Any]) -> int:
    """Bytes; 0 where cards share the machine's memory, in which the process itself is counted."""
    cards = cards_among(devices)
    return 0 if cards.shared else cards.free


def announce(port: int | None, on_cards: int) -> None:
    """Tell the port on a line of its own, whatever llama.cpp writes in the meantime.

    One write into a pipe stays whole; `print` makes two of a line. A warning of llama.cpp's between
    them joined the port, and the manager waited for it in vain.
    """
    os.write(1, f"\n{READY}{port} {on_cards}\n".encode())


def _explained(error: ImportError) -> str:
    if "libgomp" in str(error):
        return (
            "The engine needs the system library libgomp.so.1: install it "
            "(on Debian and Ubuntu: apt install libgomp1)."
        )
    return f"The engine's library cannot be loaded: {error}"


if __name__ == "__main__":
    main()
