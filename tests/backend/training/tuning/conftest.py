import pytest

from tests.backend.training.tuning.jobs import write_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The small checkpoint."""
    pytest.importorskip("trl")
    return write_tiny(tmp_path_factory.mktemp("tiny") / "tiny")
