from pathlib import Path

import numpy as np
import pytest

from agent.local.encoder import DIMENSION, MAX_TOKENS, WEIGHTS, Encoder
from agent.local.model import FOLDER


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.shared()


def test_one_shared_encoder() -> None:
    assert Encoder.shared() is Encoder.shared()


def test_weights_load_late(tmp_path: Path) -> None:
    empty = Encoder(tmp_path)
    with pytest.raises(Exception, match="No such file"):
        empty.encode(["hello"])


def test_vectors_have_length_one_and_keep_the_order(encoder: Encoder) -> None:
    texts = ["open a ticket", "what did we bill in October, and to whom?", "hi"]
    vectors = encoder.encode(texts)
    assert vectors.shape == (3, DIMENSION)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors, np.concatenate([encoder.encode([text]) for text in texts]))


def test_nothing_gives_nothing(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, DIMENSION)


@pytest.mark.parametrize("text", ["", "   ", "🎉🎉", "\x00", "пожалуйста", "word " * 5_000])
def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    vector = encoder.encode([text])[0]
    assert np.isfinite(vector).all()


def test_long_text_is_cut(encoder: Encoder) -> None:
    assert len(encoder.tokenizer.encode("word " * 5_000).ids) == MAX_TOKENS


def test_near_sentences_lie_near(encoder: Encoder) -> None:
    bug, ticket, lunch = encoder.encode(
        ["file a bug about the broken checkout", "open a ticket: checkout fails", "what is for lunch today"]
    )
    assert bug @ ticket > bug @ lunch


def test_tokenizer_lays_offsets_on_the_raw_text(encoder: Encoder) -> None:
    text = "Assign PAY-12 to Zoë"
    encoding = encoder.tokenizer.encode(text)
    start, end = encoding.offsets[-2]
    assert text[start:end] == "Zoë"


def test_weights_stay_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 24_000_000


def test_what_ships_is_small_enough() -> None:
    files = [*WEIGHTS.glob("*.onnx"), WEIGHTS / "tokenizer.json", *FOLDER.glob("model.*")]
    assert len(files) == 4
    assert sum(file.stat().st_size for file in files) <= 30_000_000
