import pytest

from tests.backend.engine.alphabet import running_manager, write_alphabet


@pytest.fixture(scope="session")
def alphabet(tmp_path_factory):
    """The model file. A conversation has 4,096 tokens."""
    return write_alphabet(tmp_path_factory.mktemp("model") / "alphabet.gguf")


@pytest.fixture(scope="module")
def manager(tmp_path_factory):
    """A running manager: the data folder and the process. Its models: alphabet and endless."""
    data_dir = tmp_path_factory.mktemp("data")
    write_alphabet(data_dir / "models" / "alphabet.gguf")
    write_alphabet(data_dir / "models" / "endless.gguf", context=131072)
    with running_manager(data_dir, "--slots", "2", "--threads", "1") as process:
        yield data_dir, process
