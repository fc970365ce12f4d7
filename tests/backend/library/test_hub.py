"""chatsite.backend.library.hub: references, what is picked of a repository, and transfers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from chatsite.backend.errors import (
    InvalidRequest,
    ModelNotFound,
    NotPermitted,
    Unavailable,
    UpstreamFailed,
)
from chatsite.backend.library import Progress, unheeded
from chatsite.backend.library.hub import ATTEMPTS, Reference
from chatsite.backend.library.hub import Hub as HubClient
from tests.servers import free_port
from tests.servers.hub import COMMIT, Hub


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("ada/tiny", Reference("ada/tiny")),
        (" ada/tiny-1.5:q4_k_m ", Reference("ada/tiny-1.5", "Q4_K_M")),
        ("ada/tiny/tiny-Q8_0.gguf", Reference("ada/tiny", file="tiny-Q8_0.gguf")),
        ("ada/tiny/deep/tiny.gguf", Reference("ada/tiny", file="deep/tiny.gguf")),
        ("https://huggingface.co/ada/tiny", Reference("ada/tiny")),
        ("https://huggingface.co/ada/tiny/tree/main", Reference("ada/tiny")),
        (
            "https://huggingface.co/ada/tiny/blob/main/a%20b.gguf?download=true",
            Reference("ada/tiny", file="a b.gguf"),
        ),
        ("hf.co/ada/tiny:Q8_0", Reference("ada/tiny", "Q8_0")),
    ],
)
def test_a_reference_is_read_however_it_is_written(text: str, reference: Reference) -> None:
    assert Reference.parse(text) == reference
    assert Reference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    ["", "tiny", "../x", "ada/../x", "/etc/passwd", "ada/tiny/../../x.gguf", "ada/tiny/readme.md",
     "ada/tiny:Q4 K", "-ada/tiny", "ada/tiny\nx"],
)  # fmt: skip
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Reference.parse(text)
    assert refused.value.message == (
        "Name a model as owner/name, owner/name:Q4_K_M or owner/name/file.gguf."
    )


FILES = {
    "README.md": b"# Tiny",
    "mmproj-F16.gguf": b"x",
    "tiny-Q4_K_M.gguf": b"four",
    "tiny-Q4_K.gguf": b"other four",
    "tiny-q8_0.gguf": b"eight",
    "big/tiny-F32-00001-of-00002.gguf": b"first",
    "big/tiny-F32-00002-of-00002.gguf": b"second",
    "half/tiny-F16-00001-of-00002.gguf": b"one of two",
}


@pytest.mark.parametrize(
    ("wish", "stem", "paths"),
    [
        ("ada/tiny", "tiny-Q4_K_M", ["tiny-Q4_K_M.gguf"]),
        ("ada/tiny:q4_k", "tiny-Q4_K", ["tiny-Q4_K.gguf"]),
        ("ada/tiny:Q8_0", "tiny-q8_0", ["tiny-q8_0.gguf"]),
        ("ada/tiny/tiny-q8_0.gguf", "tiny-q8_0", ["tiny-q8_0.gguf"]),
        ("ada/tiny:f32", "tiny-F32", list(FILES)[5:7]),
        ("ada/tiny/big/tiny-F32-00002-of-00002.gguf", "tiny-F32", list(FILES)[5:7]),
    ],
)
def test_the_wanted_file_is_picked_with_all_its_parts(
    hub: Hub, client: HubClient, wish: str, stem: str, paths: list[str]
) -> None:
    hub.repositories["ada/tiny"] = FILES
    selection = client.select(Reference.parse(wish))
    assert (selection.kind, selection.commit, selection.license) == ("gguf", COMMIT, "mit")
    # What lets the model see comes along.
    brought = [*paths, "mmproj-F16.gguf"]
    assert (selection.stem, [file.path for file in selection.files]) == (stem, brought)
    assert (selection.parts, selection.projector) == (len(paths), True)
    assert [file.size for file in selection.files] == [len(FILES[path]) for path in brought]


@pytest.mark.parametrize(
    ("wish", "paths"),
    [
        ("ada/eyes:Q8_0", ["a-Q8_0.gguf", "mmproj-F16.gguf"]),
        ("ada/eyes/deep/b-Q4_0.gguf", ["deep/b-Q4_0.gguf", "deep/mmproj-b-Q8_0.gguf"]),
        ("ada/eyes/mmproj-F32.gguf", ["mmproj-F32.gguf"]),
        ("ada/eyes/deep/c-4b-Q4_0.gguf", ["deep/c-4b-Q4_0.gguf", "deep/mmproj-c-4b-F16.gguf"]),
        ("ada/eyes/deep/d-Q4_0.gguf", ["deep/d-Q4_0.gguf", "mmproj-F16.gguf"]),
        ("ada/eyes/apart/e-Q4_0.gguf", ["apart/e-Q4_0.gguf", "mmproj-F16.gguf"]),
        ("ada/eyes:BF16", None),
    ],
)
def test_what_lets_a_model_see_is_brought_with_it(
    hub: Hub, client: HubClient, wish: str, paths: list[str] | None
) -> None:
    names = [
        "a-Q8_0.gguf", "deep/b-Q4_0.gguf", "deep/mmproj-b-Q8_0.gguf", "mmproj-BF16.gguf",
        "mmproj-F16.gguf", "mmproj-F32.gguf", "a.imatrix.gguf", "deep/c-4b-Q4_0.gguf",
        "deep/mmproj-c-12b-F16.gguf", "deep/mmproj-c-4b-F16.gguf", "deep/d-Q4_0.gguf",
        "apart/e-Q4_0.gguf", "beside/mmproj-F16.gguf",
    ]  # fmt: skip
    hub.repositories["ada/eyes"] = dict.fromkeys(names, b"x")
    if paths is None:
        with pytest.raises(InvalidRequest):
            client.select(Reference.parse(wish))
    else:
        selection = client.select(Reference.parse(wish))
        assert [file.path for file in selection.files] == paths
        assert selection.parts == 1


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (
            "ada/tiny:Q5_K_M",
            "ada/tiny holds no Q5_K_M. Its GGUF files: big/tiny-F32, half/tiny-F16",
        ),
        ("ada/tiny/no.gguf", "ada/tiny holds no no.gguf. Its GGUF files: "),
        ("ada/tiny:F16", "ada/tiny holds 1 of the 2 parts of tiny-F16."),
        ("ada/text", "ada/text holds neither a GGUF file nor a safetensors checkpoint."),
        ("ada/safe:Q4_K_M", "ada/safe holds no GGUF file. Its checkpoint can be converted to"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    hub: Hub, client: HubClient, wish: str, words: str
) -> None:
    hub.repositories = {
        "ada/tiny": FILES,
        "ada/text": {"README.md": b"x", "pytorch_model.bin": b"x"},
        "ada/safe": {"model.safetensors": b"x", "config.json": b"{}"},
    }
    with pytest.raises(InvalidRequest) as refused:
        client.select(Reference.parse(wish))
    assert refused.value.message.startswith(words)


def test_of_a_checkpoint_only_the_needed_files_are_picked(hub: Hub, client: HubClient) -> None:
    names = [
        "README.md", "config.json", "model.safetensors", "optimizer.safetensors",
        "pytorch_model.bin", "sub/model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    hub.repositories["ada/safe"] = dict.fromkeys(names, b"x")
    selection = client.select(Reference.parse("ada/safe"))
    assert (selection.kind, selection.stem, selection.quantization) == (
        "checkpoint", "safe-Q8_0", "q8_0",
    )  # fmt: skip
    assert [file.path for file in selection.files] == [
        "config.json", "tokenizer.json", "model.safetensors",
    ]  # fmt: skip


# --- refusals of the hub


def test_nobody_home_is_one_clear_line() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable) as refused:
        HubClient(url).select(Reference.parse("ada/tiny"))
    assert refused.value.message.startswith(f"The model hub {url} cannot be reached (")
    assert refused.value.message.endswith("Is this machine online? HF_ENDPOINT names another hub.")
    assert "\n" not in refused.value.message


def test_an_unknown_repository_and_a_gated_one(hub: Hub, client: HubClient) -> None:
    with pytest.raises(ModelNotFound) as unknown:
        client.select(Reference.parse("ada/none"))
    assert unknown.value.message == (
        f"There is no ada/none at {hub.url}, or it is private and needs HF_TOKEN."
    )
    hub.repositories["ada/tiny"] = FILES
    hub.gated_for = "hf_secret"
    with pytest.raises(NotPermitted) as gated:
        client.select(Reference.parse("ada/tiny"))
    assert gated.value.message == (
        f"ada/tiny is gated: ask for access at {hub.url}/ada/tiny and set HF_TOKEN to a token "
        "that has it."
    )
    assert HubClient(hub.url, "hf_secret").select(Reference.parse("ada/tiny")).stem == "tiny-Q4_K_M"


def test_what_is_no_hub_is_not_taken_for_one(upstream: object) -> None:
    url = upstream.url  # type: ignore[attr-defined]
    with pytest.raises((UpstreamFailed, ModelNotFound)) as refused:
        HubClient(url).select(Reference.parse("ada/tiny"))
    assert url in refused.value.message


# --- transfers

CONTENT = bytes(range(256)) * 4096  # 1 MB
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def fetched(client: HubClient, folder: Path, report: object = unheeded) -> bytes:
    selection = client.select(Reference.parse("ada/tiny"))
    [file] = selection.files
    client.fetch(selection, file, folder / "out", report)  # type: ignore[arg-type]
    assert [path.name for path in folder.iterdir()] == ["out"]
    return (folder / "out").read_bytes()


def test_a_file_arrives_with_its_progress(hub: Hub, client: HubClient, tmp_path: Path) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}
    told: list[Progress] = []
    assert fetched(client, tmp_path, told.append) == CONTENT
    fetching = [p for p in told if p.stage == "fetching"]
    assert fetching == sorted(fetching, key=lambda p: p.done)
    assert fetching[-1] == Progress("fetching", len(CONTENT), len(CONTENT))
    assert told[-1] == Progress("checking", len(CONTENT), len(CONTENT))
    assert hub.transfers == [0]
    assert client.select(Reference.parse("ada/tiny")).files[0].sha256 == DIGEST


def test_the_token_is_for_the_hub_alone(hub: Hub, tmp_path: Path) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}
    hub.gated_for = "hf_secret"
    assert fetched(HubClient(hub.url, "hf_secret"), tmp_path) == CONTENT
    # The large file lies at another host, which must not see it.
    assert [(a.path.split("/")[1], a.token) for a in hub.asked] == [
        ("api", "hf_secret"), ("ada", "hf_secret"), ("cdn", ""),
    ]  # fmt: skip


def test_a_transfer_goes_on_where_it_broke_off(hub: Hub, client: HubClient, tmp_path: Path) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}
    hub.drops.extend([300_000, 400_000])
    assert fetched(client, tmp_path) == CONTENT
    first, second, third = hub.transfers
    assert first == 0
    assert 0 < second <= 320_000 < third < len(CONTENT)


def test_a_transfer_goes_on_in_another_process(hub: Hub, client: HubClient, tmp_path: Path) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}

    def interrupted(progress: Progress) -> None:
        if progress.done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetched(client, tmp_path, interrupted)
    [partial] = tmp_path.iterdir()
    assert partial.name == f"{DIGEST}.part"
    here = partial.stat().st_size
    assert 500_000 < here < len(CONTENT)
    assert fetched(HubClient(hub.url), tmp_path) == CONTENT
    assert hub.transfers == [0, here]


def test_busy_answers_are_waited_out(hub: Hub, client: HubClient, tmp_path: Path) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}
    hub.statuses.extend([503, 429, 500])
    assert fetched(client, tmp_path) == CONTENT


def test_a_hub_that_never_delivers_is_given_up(hub: Hub, client: HubClient, tmp_path: Path) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}
    hub.statuses.extend([503] * 20)
    with pytest.raises(UpstreamFailed) as failed:
        fetched(client, tmp_path)
    assert failed.value.message == f"{hub.url} answered 503 for ada/tiny."
    assert len(hub.transfers) == ATTEMPTS


def test_a_server_without_ranges_starts_anew_and_ends_whole(
    hub: Hub, client: HubClient, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}
    hub.drops.append(300_000)
    hub.ignores_ranges = True
    assert fetched(client, tmp_path) == CONTENT
    assert len(hub.transfers) == 2


def test_what_arrives_spoiled_is_deleted(hub: Hub, client: HubClient, tmp_path: Path) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}
    hub.spoiled = True
    with pytest.raises(UpstreamFailed) as failed:
        fetched(client, tmp_path)
    assert failed.value.message == (
        "tiny.gguf did not arrive as the hub describes it and was deleted: try again."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_hub_that_sends_more_than_it_said_is_not_listened_to_for_ever(
    hub: Hub, client: HubClient, tmp_path: Path
) -> None:
    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT}
    hub.surplus = 20_000_000
    sizes: list[int] = []
    selection = client.select(Reference("ada/tiny"))
    [file] = selection.files
    with pytest.raises(UpstreamFailed, match="did not arrive as the hub describes it"):
        client.fetch(selection, file, tmp_path / "file", lambda told: sizes.append(told.done))
    assert max(sizes) < len(CONTENT) + 1_000_000
    assert list(tmp_path.iterdir()) == []


def test_the_server_speaks_as_the_library_expects(hub: Hub, tmp_path: Path) -> None:
    """The hub of these tests serves huggingface_hub's own download as well."""
    from huggingface_hub import HfApi

    hub.repositories["ada/tiny"] = {"tiny.gguf": CONTENT, "config.json": b"{}"}
    api = HfApi(hub.url, token=False)
    tree = {entry.path: entry for entry in api.list_repo_tree("ada/tiny")}
    assert (tree["tiny.gguf"].size, tree["tiny.gguf"].lfs.sha256) == (len(CONTENT), DIGEST)  # type: ignore[union-attr]
    for name, content in hub.repositories["ada/tiny"].items():
        path = api.hf_hub_download("ada/tiny", name, local_dir=tmp_path)
        assert Path(path).read_bytes() == content
