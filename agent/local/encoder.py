"""Sentence vectors from the shipped all-MiniLM-L6-v2, on one CPU thread."""

from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

DIMENSION = 384
MAX_TOKENS = 256
WEIGHTS = Path(__file__).parent / "weights"


class Encoder:
    """Turns texts into vectors of length one; weights load at first use."""

    def __init__(self, folder: Path | None = None, threads: int = 1) -> None:
        self._folder = folder or WEIGHTS
        self._threads = threads

    @staticmethod
    @cache
    def shared() -> "Encoder":
        """The process's one encoder, for whoever needs no other weights."""
        return Encoder()

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """WordPiece, lower case, with [CLS] and [SEP]; cut at MAX_TOKENS, not padded."""
        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        path = str(self._folder / "encoder.onnx")
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """The last hidden state of one text's token ids, (tokens, 384)."""
        row = np.array([ids], np.int32)
        feed = {"input_ids": row, "attention_mask": np.ones_like(row)}
        (state,) = self._session.run(["last_hidden_state"], feed)
        values: NDArray[np.float32] = state[0]
        return values

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Mean-pooled vectors of length one, (n, 384).

        One text at a time: int8 scales span a whole batch, so a text's vector would depend on its neighbours,
        and a batch is hardly faster on one thread.
        """
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        for row, encoding in enumerate(self.tokenizer.encode_batch_fast(list(texts))):
            vectors[row] = self.states(encoding.ids).mean(0)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors
