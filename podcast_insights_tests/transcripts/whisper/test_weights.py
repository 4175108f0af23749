"""What is told of a model's folder before anything is computed with it."""

import json
from pathlib import Path

import pytest

from podcast_insights.errors import UserError
from podcast_insights.transcripts.whisper.models import packaged_model
from podcast_insights.transcripts.whisper.weights import (
    Weights,
    check_folder,
    folder_revision,
    read_weights,
)
from podcast_insights_tests.transcripts.whisper.models_on_disk import (
    model_bin,
    shapes,
    whole_model,
)

LARGE_V3 = Weights(1_543_490_560, decoder_layers=32, width=1280, vocabulary=51_866, mel_bins=128)


def test_the_packaged_model_tells_its_shape() -> None:
    packaged = packaged_model()
    assert packaged is not None
    found = read_weights(Path(packaged.location))
    assert found is not None
    assert (found.decoder_layers, found.width, found.vocabulary) == (4, 384, 51_864)
    assert found.mel_bins == 80
    assert 37_000_000 < found.parameters < 39_000_000
    check_folder(Path(packaged.location))


def test_memory_follows_from_the_shape_and_the_compute_type() -> None:
    assert round(LARGE_V3.model_bytes("float16") / 1e9, 2) == 3.09
    assert LARGE_V3.model_bytes("int8_float16") * 2 == LARGE_V3.model_bytes("float16")
    assert LARGE_V3.model_bytes("float32") == LARGE_V3.model_bytes("bfloat16") * 2
    # 32 layers, keys and values, 1280 wide, 1500 frames and 5 x 448 tokens, 2 bytes each
    states = 32 * 2 * 1280 * (1500 + 5 * 448) * 2
    assert LARGE_V3.sequence_bytes("float16") == states + 1500 * 1280 * 2 + 5 * 51_866 * 4
    assert LARGE_V3.sequence_bytes("float32") > 1.9 * LARGE_V3.sequence_bytes("int8_float16")


@pytest.mark.parametrize(
    ("missing", "problem"),
    [
        ("model.bin", "model.bin is missing"),
        ("config.json", "config.json is missing"),
        ("tokenizer.json", "tokenizer.json is missing"),
        ("vocabulary.json", "vocabulary.json is missing"),
    ],
)
def test_a_folder_that_lacks_a_file_is_refused(tmp_path: Path, missing: str, problem: str) -> None:
    folder = whole_model(tmp_path / "model")
    check_folder(folder)
    (folder / missing).unlink()
    with pytest.raises(UserError, match=problem):
        check_folder(folder)


@pytest.mark.parametrize(
    ("bins", "config", "problem"),
    [
        (128, None, "wants 128 mel bins, and preprocessor_config.json is missing"),
        (80, '{"feature_size": 128}', "wants 80 mel bins, and preprocessor_config.json says 128"),
        (80, "{", "is damaged"),
        (80, "[]", "is damaged"),
    ],
)
def test_mel_bins_have_to_fit_the_weights(
    tmp_path: Path, bins: int, config: str | None, problem: str
) -> None:
    folder = whole_model(tmp_path / "model", mel_bins=bins)
    check_folder(folder)
    if config is None:
        (folder / "preprocessor_config.json").unlink()
    else:
        (folder / "preprocessor_config.json").write_text(config)
    with pytest.raises(UserError, match=problem):
        check_folder(folder)


def test_models_of_80_bins_need_no_preprocessor_file(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "model")
    (folder / "preprocessor_config.json").unlink()
    check_folder(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"hop_length": 160}))
    check_folder(folder)


def test_weights_that_are_cut_off_are_refused_wherever_they_end(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "model")
    whole = model_bin(shapes(mel_bins=1, layers=1, width=1, vocabulary=1))
    for size in range(4, len(whole) - 4):  # behind the last variable stands only a count
        (folder / "model.bin").write_bytes(whole[:size])
        with pytest.raises(UserError, match="cut off or damaged"):
            check_folder(folder)


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "model")
    (folder / "model.bin").write_bytes(model_bin(shapes(), kind="TransformerSpec"))
    with pytest.raises(UserError, match="holds TransformerSpec, not Whisper"):
        check_folder(folder)


def test_a_layout_we_do_not_know_is_left_to_ctranslate2(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "model")
    for content in (model_bin(shapes(), version=7), b"no model at all"):
        (folder / "model.bin").write_bytes(content)
        assert read_weights(folder) is None
        check_folder(folder)


def test_a_folder_is_told_by_its_weights_not_by_its_name(tmp_path: Path) -> None:
    one, same, other = (whole_model(tmp_path / name) for name in ("one", "same", "other"))
    weights = bytearray((other / "model.bin").read_bytes())
    weights[-5] = 1
    (other / "model.bin").write_bytes(weights)
    assert folder_revision(one) == folder_revision(same) != folder_revision(other)
