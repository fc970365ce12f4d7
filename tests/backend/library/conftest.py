from __future__ import annotations

from pathlib import Path

import pytest

from chatsite.backend.library.hub import Hub as HubClient
from tests.backend.engine.alphabet import write_alphabet
from tests.servers.hub import Hub

CHECKPOINT = (
    Path(__file__).parents[3] / "chatsite" / "backend" / "engine" / "starter" / "checkpoint"
)


@pytest.fixture(scope="session")
def alphabet(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A GGUF file of 750 KB."""
    path: Path = write_alphabet(tmp_path_factory.mktemp("model") / "alphabet.gguf")
    return path.read_bytes()


@pytest.fixture(scope="session")
def split(alphabet: bytes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same model as two files."""
    folder = tmp_path_factory.mktemp("split")
    write_split(folder / "alphabet.gguf")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def write_split(path: Path) -> None:
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(path, "llama", split_max_tensors=1)
    writer.add_name("Halves")
    writer.add_context_length(64)
    for name in ("token_embd.weight", "output.weight"):
        writer.add_tensor(name, np.zeros((32, 2048), np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.fixture
def client(hub: Hub) -> HubClient:
    """A client of the tests' hub that does not wait long between two tries."""
    return HubClient(hub.url, pause=0.01)


@pytest.fixture(scope="session")
def checkpoint() -> dict[str, bytes]:
    """The files of the starter's checkpoint, a Qwen3 of 8 million parameters."""
    return {path.name: path.read_bytes() for path in CHECKPOINT.iterdir()}
