"""What `doctor` says of GPUs and of Whisper, with and without either; no GPU is needed."""

from pathlib import Path

import ctranslate2
import pytest

from podcast_insights.cli.doctor import LOOKS, Finding, graphics, transcription
from podcast_insights.errors import UserError
from podcast_insights.settings import Settings
from podcast_insights.transcripts.whisper import devices, models
from podcast_insights.transcripts.whisper.hub import PINNED
from podcast_insights_tests.transcripts.whisper.models_on_disk import whole_model

CARDS = ("NVIDIA H100 80GB HBM3", None)
FREE = (79_000_000_000, None)


@pytest.fixture(autouse=True)
def no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's local cache is empty, and asking the hub is a failure."""

    def ask(repository: str, revision: str | None) -> str:
        raise AssertionError("doctor sends nothing")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(models, "commit_of", ask)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without an NVIDIA driver."""
    monkeypatch.setattr(devices, "driver", lambda: None)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with two cards, the second of which tells nothing, and all libraries."""
    monkeypatch.setattr(devices, "driver", object)
    monkeypatch.setattr(devices, "count_gpus", lambda: 2)
    monkeypatch.setattr(devices, "card_name", lambda index: CARDS[index])
    monkeypatch.setattr(devices, "compute_capability", lambda index: (9, 0))
    monkeypatch.setattr(devices, "free_memory_bytes", lambda index: FREE[index])
    monkeypatch.setattr(models, "free_memory_bytes", lambda index: FREE[index])
    monkeypatch.setattr(devices, "is_loadable", lambda name: True)
    monkeypatch.setattr(
        ctranslate2, "get_supported_compute_types", lambda device, index=0: {"float16", "float32"}
    )


def settings(home: Path, **changes: object) -> Settings:
    return Settings.model_validate({"home": home, **changes})


def gpus(home: Path, **changes: object) -> Finding:
    return graphics(settings(home, **changes))


def whisper(home: Path, **changes: object) -> Finding:
    return transcription(settings(home, **changes))


def test_both_are_looked_at() -> None:
    assert {graphics, transcription} <= {look for _, look in LOOKS}


@pytest.mark.usefixtures("no_gpu")
def test_no_gpu_is_told_in_one_line(tmp_path: Path) -> None:
    found = gpus(tmp_path)
    assert (found.level, found.message) == ("ok", "none found: Whisper runs on the processor")
    with pytest.raises(UserError, match="CTranslate2 finds no GPU"):
        gpus(tmp_path, whisper_device="cuda")


def test_a_driver_ctranslate2_cannot_use_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "driver", object)
    monkeypatch.setattr(devices, "count_gpus", lambda: 0)
    found = gpus(tmp_path)
    assert found.level == "note"
    assert "525 or newer" in found.message


@pytest.mark.usefixtures("two_gpus")
def test_cards_are_named_with_their_free_memory(tmp_path: Path) -> None:
    first = gpus(tmp_path)
    assert first.level == "ok"
    assert first.message.startswith("0: NVIDIA H100 80GB HBM3, 79.0 GB free; 1 more")
    both = gpus(tmp_path, whisper_device_index="0,1")
    assert both.message.endswith("1: unnamed, free memory unknown")
    assert gpus(tmp_path, whisper_device="cpu").message.startswith("not asked for")
    with pytest.raises(UserError, match="There is no GPU 2"):
        gpus(tmp_path, whisper_device_index="0,2")


@pytest.mark.usefixtures("two_gpus")
def test_cards_that_cannot_share_a_model_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "compute_capability", ((9, 0), (8, 6)).__getitem__)
    for look in (gpus, whisper):
        with pytest.raises(UserError, match="can't share a model") as caught:
            look(tmp_path, whisper_device_index="0,1")
        assert "GPUs of one kind" in caught.value.remedy
        assert look(tmp_path).level == "ok"


@pytest.mark.usefixtures("two_gpus")
def test_missing_libraries_are_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "is_loadable", lambda name: False)
    with pytest.raises(UserError, match="libcublas.so.12 can't be loaded") as caught:
        gpus(tmp_path)
    assert "pip install 'podcast-insights[cuda]'" in caught.value.remedy
    assert gpus(tmp_path, whisper_device="cpu").level == "ok"


@pytest.mark.usefixtures("no_gpu")
def test_the_packaged_model_on_a_cpu_is_a_note(tmp_path: Path) -> None:
    found = whisper(tmp_path, whisper_workers=3)
    assert found.level == "note"
    for words in ("tiny.en", "on cpu, int8, complete decoding, batches of 8, 3 at once"):
        assert words in found.message


@pytest.mark.usefixtures("two_gpus")
def test_a_model_on_a_gpu_is_told_with_its_revision_and_batch(tmp_path: Path) -> None:
    found = whisper(tmp_path, whisper_decoding="fast", whisper_word_times=True)
    assert found.level == "ok"
    for words in (
        f"large-v3-turbo ({PINNED['large-v3-turbo'][1]}) on cuda, float16",
        "fast decoding, words timed, batches of 64, 1 at once",
        "not downloaded yet",
    ):
        assert words in found.message, words
    assert "batches of 5," in whisper(tmp_path, whisper_batch_size=5).message
    # As in a run, several workers share the card's memory.
    assert "batches of 16, 4 at once" in whisper(tmp_path, whisper_workers=4).message
    assert "batches of 5, 4" in whisper(tmp_path, whisper_workers=4, whisper_batch_size=5).message
    with pytest.raises(UserError, match="There is no GPU 2"):
        whisper(tmp_path, whisper_device_index="2")


@pytest.mark.usefixtures("no_gpu")
def test_a_model_of_ones_own_is_told(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "ours")
    assert whisper(tmp_path, whisper_model=str(folder)).message.startswith("ours (")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(UserError, match="tokenizer.json is missing"):
        whisper(tmp_path, whisper_model=str(folder))


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"whisper_compute_type": "float16"}, "can't compute in float16 on cpu"),
        ({"whisper_model": "smal"}, "no Whisper model or folder smal"),
        ({"whisper_revision": "v1"}, "the Whisper model is auto"),
    ],
)
def test_what_would_stop_a_run_is_told(
    tmp_path: Path, changes: dict[str, str], problem: str
) -> None:
    with pytest.raises(UserError, match=problem):
        whisper(tmp_path, **changes)


@pytest.mark.usefixtures("no_gpu")
def test_a_revision_only_the_hub_knows_is_not_asked_for(tmp_path: Path) -> None:
    found = whisper(tmp_path, whisper_model="someone/whisper-klingon")
    assert models.UNKNOWN_REVISION in found.message
