import os
import shutil
from dataclasses import replace

import gguf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatsite.backend.engine import is_of_starter
from chatsite.backend.engine.discovery import (
    MAX_CONTROL_TOKENS,
    GgufFile,
    Library,
    read_file,
    shown,
)
from tests.backend.engine.alphabet import write_alphabet
from tests.backend.engine.seeing import write_projector


def test_a_file_tells_what_it_is(alphabet):
    file = read_file("alphabet", [alphabet])

    assert file == GgufFile(
        id="alphabet",
        path=alphabet,
        size_bytes=alphabet.stat().st_size,
        modified=alphabet.stat().st_mtime,
        name="Alphabet",
        architecture="llama",
        parameters=2 * 259 * 512 + 7 * 32 * 512 + 3 * 512,
        quantization="F16",
        context=4096,
        kv_bytes=2 * 32 * 2,
        head_size=32,
        license="mit",
        chat_template=True,
        tools=False,
        reasoning=False,
        control_tokens=("<|im_start|>", "<|im_end|>", "<|endoftext|>"),
        vocabulary=259,
        width=512,
        error="",
    )


@pytest.mark.parametrize("kept", [771_359, 200_000])
def test_a_file_whose_weights_are_cut_off_is_refused(alphabet, tmp_path, kept):
    whole = alphabet.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[:kept])

    assert read_file("cut", [cut]).error == (
        f"The file is cut off: {kept:,} of {len(whole):,} bytes."
    )


@pytest.mark.parametrize("kept", [3_000, 300, 24, 3, 0])
def test_a_file_that_ends_in_its_head_is_refused(alphabet, tmp_path, kept):
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(alphabet.read_bytes()[:kept])

    assert read_file("cut", [cut]).error == "The file is cut off before its weights begin."


def test_what_is_not_a_model_is_refused_with_the_reason(tmp_path):
    page = tmp_path / "page.gguf"
    page.write_text("<html>404 Not Found</html>")
    vector = write_alphabet(tmp_path / "adapter.gguf", kind="adapter")
    ears = write_projector(tmp_path / "mmproj.gguf", sees=False)
    old = tmp_path / "old.gguf"
    old.write_bytes(b"GGUF\x01\x00\x00\x00")

    errors = [read_file("x", [path]).error for path in (page, vector, ears, old)]

    assert errors == [
        "This is not a GGUF file.",
        "An adapter of the type unknown cannot be used.",
        "This is the half of a model that hears, which is not used here.",
        "GGUF version 1 is not supported.",
    ]


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_head_never_raises(alphabet, tmp_path, data):
    whole = bytearray(alphabet.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(4, 7000))
        whole[place] = data.draw(st.integers(0, 255))
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(whole)

    file = read_file("damaged", [damaged])

    assert file.error or file.parameters > 0


def test_the_parts_of_a_split_model_are_shown_once(alphabet, tmp_path):
    parts = [tmp_path / f"big-0000{n}-of-00002.gguf" for n in (1, 2)]
    for part in parts:
        part.write_bytes(alphabet.read_bytes())
    library = Library(tmp_path, tmp_path / "none")
    one = read_file("big", [alphabet])

    [whole] = library.scan().values()
    parts[1].unlink()
    [half] = library.scan().values()

    assert whole == replace(
        one,
        path=parts[0],
        size_bytes=2 * one.size_bytes,
        modified=whole.modified,
        parameters=2 * one.parameters,
    )
    assert half.error == "1 of its 2 parts are here."


def test_ids_are_safe_and_each_its_own(alphabet, tmp_path):
    content = alphabet.read_bytes()
    names = ["Hub User/Big Model (Q8).gguf", "a.gguf", "A.GGUF", "starter.gguf", "b+c.gguf"]
    for name in [*names, ".hidden.gguf", ".trash/gone.gguf", "notes.txt"]:
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    files = Library(tmp_path / "models", alphabet).scan()

    assert {model_id: file.path.name for model_id, file in files.items()} == {
        "starter": "alphabet.gguf",
        "a": "A.GGUF",
        "hub-user-big-model-q8": "Big Model (Q8).gguf",
        "a-2": "a.gguf",
        "b-c": "b+c.gguf",
        "starter-2": "starter.gguf",
    }
    assert all(file.id == model_id for model_id, file in files.items())


def test_a_name_that_is_no_text_harms_no_other_model(alphabet, tmp_path):
    """The manager could not tell of any model: the starter was gone, too."""
    shutil.copy(alphabet, tmp_path / "good.gguf")
    shutil.copy(alphabet, os.fsencode(tmp_path) + b"/bad\xff.gguf")

    bad, good = Library(tmp_path, tmp_path / "none").scan().values()

    assert (bad.id, bad.name) == ("bad", "bad\ufffd")
    assert bad.error == "The file's name, or its folder's, is not UTF-8. Rename it."
    assert shown(bad.path) == f"{tmp_path}/bad\ufffd.gguf"
    assert (good.id, good.error) == ("good", "")


def test_what_is_no_file_is_passed_over(tmp_path):
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "folder.gguf").mkdir()
    (tmp_path / "nowhere.gguf").symlink_to(tmp_path / "gone.gguf")

    assert Library(tmp_path, tmp_path / "none").scan() == {}


def test_no_model_takes_the_illustrator_s_name(alphabet, tmp_path):
    shutil.copy(alphabet, tmp_path / "Illustrator.gguf")

    assert list(Library(tmp_path, tmp_path / "none").scan()) == ["illustrator-2"]


@pytest.mark.parametrize("context", [0, 2**31])
def test_a_window_that_cannot_be_is_refused(tmp_path, context):
    path = write_alphabet(tmp_path / "odd.gguf", context=context)

    assert read_file("odd", [path]).error == f"The file says that its model reads {context} tokens."


def test_a_file_is_read_again_when_it_has_changed(alphabet, tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(alphabet.read_bytes()[:1000])
    library = Library(tmp_path, tmp_path / "none")

    broken = library.scan()["model"]
    unchanged = library.scan()["model"]
    path.write_bytes(alphabet.read_bytes())
    os.utime(path, (1, 1))
    whole = library.scan()["model"]
    path.unlink()

    assert broken.error
    assert not whole.error
    assert unchanged is broken
    assert library.scan() == {}


def test_control_tokens_are_those_that_steer(tmp_path):
    defined, control = gguf.TokenType.USER_DEFINED, gguf.TokenType.CONTROL
    path = write_alphabet(
        tmp_path / "model.gguf",
        extra=[
            ("<table>", defined),
            ("<|im_", defined),
            ("<unused7>", control),
            ("<eos>", control),
        ],
    )

    tokens = read_file("model", [path]).control_tokens

    # `<|im_` is in the template; `<table>` is not, and belongs to whoever writes HTML.
    assert tokens == ("<|im_start|>", "<|im_end|>", "<|im_", "<|endoftext|>", "<eos>", "<unused7>")


def test_a_thousand_spare_tokens_do_not_crowd_out_the_others(tmp_path):
    names = [*(f"<SPECIAL_{n}>" for n in range(200)), "[INST]"]
    path = write_alphabet(
        tmp_path / "model.gguf", extra=[(name, gguf.TokenType.CONTROL) for name in names]
    )

    tokens = read_file("model", [path]).control_tokens

    assert len(tokens) == MAX_CONTROL_TOKENS
    assert tokens[:4] == ("<|im_start|>", "<|im_end|>", "<|endoftext|>", "[INST]")


def test_what_was_tuned_from_the_starter_is_as_small_as_it():
    ids = ["starter", "ft:starter:site:kind:1a", "ft:starters:site::1a", "ft:qwen:site::1a", "mine"]
    assert [is_of_starter(each) for each in ids] == [True, True, False, False, False]
