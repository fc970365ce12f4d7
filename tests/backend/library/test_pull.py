"""chatsite.backend.library.pull: from a reference to a model in its place, or a reason."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import pytest

from chatsite.backend.engine.discovery import read_file
from chatsite.backend.errors import InvalidRequest, NotPermitted, Unavailable
from chatsite.backend.library import Progress
from chatsite.backend.library.hub import Hub as HubClient
from chatsite.backend.library.hub import Reference
from chatsite.backend.library.pull import discard, pull
from chatsite.backend.library.shelf import SPARE_BYTES
from tests.backend.engine.seeing import write_projector
from tests.servers.hub import Hub

TINY = Reference("ada/tiny")


def left(data_dir: Path) -> list[str]:
    """Every file under models/, hidden ones too."""
    models = data_dir / "models"
    return sorted(str(p.relative_to(models)) for p in models.rglob("*") if p.is_file())


def test_a_model_is_pulled_checked_and_placed(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny-F16.gguf": alphabet}
    told: list[Progress] = []
    placed = pull(TINY, tmp_path, client, report=told.append)
    assert (placed.id, placed.name, placed.error) == ("tiny-f16", "Alphabet", "")
    assert placed.path.read_bytes() == alphabet
    assert left(tmp_path) == ["tiny-F16.gguf"]
    assert told[-1] == Progress("fetching", len(alphabet), len(alphabet))


def test_a_model_that_sees_is_pulled_with_what_it_sees_by(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    projector = write_projector(tmp_path / "eyes.gguf", name="Another").read_bytes()
    hub.repositories["ada/tiny"] = {"tiny-F16.gguf": alphabet, "mmproj-F16.gguf": projector}
    told: list[Progress] = []
    placed = pull(TINY, tmp_path, client, name="seer", report=told.append)
    assert left(tmp_path) == ["seer.gguf", "seer.mmproj.gguf"]
    assert (placed.id, placed.error) == ("seer", "")
    assert placed.projector is not None
    assert placed.projector.path.read_bytes() == projector
    whole = len(alphabet) + len(projector)
    assert told[-1] == Progress("fetching", whole, whole)


def test_a_model_that_hears_is_pulled_without_its_ears(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    ears = write_projector(tmp_path / "ears.gguf", sees=False).read_bytes()
    hub.repositories["ada/tiny"] = {"tiny-F16.gguf": alphabet, "mmproj-F16.gguf": ears}
    placed = pull(TINY, tmp_path, client)
    assert (placed.id, placed.error, placed.projector) == ("tiny-f16", "", None)
    assert left(tmp_path) == ["tiny-F16.gguf"]


def test_a_projector_that_is_broken_keeps_the_model_out(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    """It would be a model that sees on its page, and that says so to nobody."""
    hub.repositories["ada/tiny"] = {"tiny-F16.gguf": alphabet, "mmproj-F16.gguf": b"GGUF"}
    with pytest.raises(InvalidRequest, match=r"mmproj-F16\.gguf: The file is cut off"):
        pull(TINY, tmp_path, client)
    assert left(tmp_path) == []


def test_a_split_model_is_pulled_whole(
    hub: Hub, client: HubClient, split: dict[str, bytes], tmp_path: Path
) -> None:
    assert len(split) == 2
    hub.repositories["ada/tiny"] = {f"deep/{name}": content for name, content in split.items()}
    placed = pull(TINY, tmp_path, client, name="Halves")
    assert (placed.id, placed.error) == ("halves", "")
    assert left(tmp_path) == ["Halves-00001-of-00002.gguf", "Halves-00002-of-00002.gguf"]
    assert placed.size_bytes == sum(map(len, split.values()))


def test_a_checkpoint_is_converted(
    hub: Hub, client: HubClient, checkpoint: dict[str, bytes], tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {**checkpoint, "README.md": b"# Tiny"}
    hub.license = "apache-2.0"
    placed = pull(TINY, tmp_path, client)
    assert (placed.id, placed.architecture, placed.quantization, placed.license, placed.name) == (
        "tiny-q8_0", "qwen3", "Q8_0", "apache-2.0", "tiny",
    )  # fmt: skip
    assert placed.parameters == pytest.approx(len(checkpoint["model.safetensors"]) / 2, rel=0.01)
    assert left(tmp_path) == ["tiny-Q8_0.gguf"]


def test_a_checkpoint_of_another_kind_is_refused_before_its_weights_come(
    hub: Hub, client: HubClient, checkpoint: dict[str, bytes], tmp_path: Path
) -> None:
    config = json.loads(checkpoint["config.json"]) | {"architectures": ["MambaForCausalLM"]}
    hub.repositories["ada/tiny"] = checkpoint | {"config.json": json.dumps(config).encode()}
    with pytest.raises(InvalidRequest) as refused:
        pull(TINY, tmp_path, client)
    assert refused.value.message == (
        "ada/tiny cannot be converted: The architecture MambaForCausalLM cannot be converted, "
        "only Qwen3ForCausalLM, LlamaForCausalLM."
    )
    assert not any("model.safetensors" in asked.path for asked in hub.asked)
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config.json", b'{"architectures": ["Qwen3ForCausalLM"]}', "(KeyError: 'vocab_size')"),
        ("config.json", b"not json", "config.json is not JSON."),
        (
            "model.safetensors.index.json",
            b'{"weight_map": {"a": "../../../secret.safetensors"}}',
            "ada/tiny lacks some of its weights.",
        ),
        ("model.safetensors", b"\xff" * 200_000, "model.safetensors is broken"),
    ],
)
def test_a_checkpoint_that_makes_no_sense_is_refused(
    hub: Hub,
    client: HubClient,
    checkpoint: dict[str, bytes],
    tmp_path: Path,
    name: str,
    content: bytes,
    words: str,
) -> None:
    hub.repositories["ada/tiny"] = checkpoint | {name: content}
    with pytest.raises(InvalidRequest) as refused:
        pull(TINY, tmp_path, client)
    assert refused.value.message.startswith("ada/tiny cannot be converted: ")
    assert words in refused.value.message
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda whole: whole[:400_000], "The file is cut off: 400,000 of "),
        (lambda whole: whole[:1000], "The file is cut off before its weights begin."),
        (lambda whole: b"<html>" + whole, "This is not a GGUF file."),
    ],
)
def test_a_broken_file_is_refused_with_the_reason_and_not_kept(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path, spoil: object, words: str
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": spoil(alphabet)}  # type: ignore[operator]
    with pytest.raises(InvalidRequest) as refused:
        pull(TINY, tmp_path, client)
    assert words in refused.value.message
    assert left(tmp_path) == []


def test_it_goes_on_after_an_interruption(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}

    def interrupted(progress: Progress) -> None:
        if progress.done > 300_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(TINY, tmp_path, client, report=interrupted)
    [partial] = left(tmp_path)
    here = (tmp_path / "models" / partial).stat().st_size
    pull(TINY, tmp_path, client)
    assert hub.transfers == [0, here]
    assert left(tmp_path) == ["tiny.gguf"]


def test_what_arrived_of_an_earlier_version_is_not_gone_on_with(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet[::-1]}

    def interrupted(progress: Progress) -> None:
        if progress.done > 300_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(TINY, tmp_path, client, report=interrupted)
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    assert pull(TINY, tmp_path, client).path.read_bytes() == alphabet
    assert hub.transfers == [0, 0]
    assert left(tmp_path) == ["tiny.gguf"]


def test_a_name_that_is_taken_is_refused_before_anything_comes(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    pull(TINY, tmp_path, client)
    for name in ("", "TINY", "starter"):
        with pytest.raises(InvalidRequest) as refused:
            pull(TINY, tmp_path, client, name=name)
        assert refused.value.message == (
            f"A model named {name or 'tiny'} is here already: remove it first, "
            "or choose another name."
        )
    assert len(hub.transfers) == 1
    assert pull(TINY, tmp_path, client, name="../../other").path == (
        tmp_path / "models" / "other.gguf"
    )


def test_a_full_disk_is_said_before_anything_comes(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    selection = client.select(TINY)
    huge = shutil.disk_usage(tmp_path).free - SPARE_BYTES // 2

    class Boasting(HubClient):
        """A hub that announces a file as large as the disk."""

        def select(self, reference: Reference) -> object:  # type: ignore[override]
            from dataclasses import replace

            return replace(selection, files=(replace(selection.files[0], size=huge),))

    with pytest.raises(InvalidRequest) as refused:
        pull(TINY, tmp_path, Boasting(hub.url))
    assert refused.value.message.startswith("This needs ")
    assert hub.transfers == []
    assert left(tmp_path) == []


def test_a_disk_that_cannot_be_written_is_said(hub: Hub, client: HubClient, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("in the way")
    with pytest.raises(Unavailable) as refused:
        pull(TINY, tmp_path, client)
    assert "cannot be written" in refused.value.message


def test_two_do_not_fetch_the_same(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}

    def meanwhile(progress: Progress) -> None:
        for another in (lambda: pull(TINY, tmp_path, client), lambda: discard(TINY, tmp_path)):
            with pytest.raises(InvalidRequest) as refused:
                another()
            assert refused.value.message == "ada/tiny is being fetched already."

    assert pull(TINY, tmp_path, client, report=meanwhile).error == ""


def test_whoever_has_waited_is_alone_too(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    refused: list[str] = []

    def breaks_off(progress: Progress) -> None:
        waiting.start()
        time.sleep(0.3)
        raise RuntimeError

    def meanwhile(progress: Progress) -> None:
        with pytest.raises(InvalidRequest) as error:
            pull(TINY, tmp_path, client)
        refused.append(error.value.message)

    waiting = threading.Thread(
        target=pull, args=(TINY, tmp_path, client), kwargs={"report": meanwhile, "patience": 5.0}
    )
    with pytest.raises(RuntimeError):
        pull(TINY, tmp_path, client, report=breaks_off)
    waiting.join()
    assert set(refused) == {"ada/tiny is being fetched already."}
    assert left(tmp_path) == ["tiny.gguf"]


def test_what_has_arrived_can_be_thrown_away(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}

    def refused(progress: Progress) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        pull(TINY, tmp_path, client, report=refused)
    assert len(left(tmp_path)) == 1
    discard(TINY, tmp_path)
    assert left(tmp_path) == []
    assert list((tmp_path / "models" / ".downloads").iterdir()) == []


def test_a_refusal_leaves_nothing_behind(hub: Hub, client: HubClient, tmp_path: Path) -> None:
    hub.repositories["ada/tiny"] = {}
    hub.gated_for = "hf_secret"
    with pytest.raises(NotPermitted):
        pull(TINY, tmp_path, client)
    assert list((tmp_path / "models" / ".downloads").iterdir()) == []


def test_a_pulled_file_is_what_the_engine_reads(
    hub: Hub, client: HubClient, alphabet: bytes, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": alphabet}
    placed = pull(TINY, tmp_path, client)
    assert placed == read_file("tiny", [tmp_path / "models" / "tiny.gguf"])
