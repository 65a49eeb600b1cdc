"""The local interpreter: a sentence, its conversation and its writer to a plan, a question, or neither."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from time import perf_counter

from agent.interpretation import Interpretation, Request
from agent.local.dialogue import Dialogue
from agent.local.encoder import Encoder
from agent.local.form import Form
from agent.local.model import Model, digest, load
from agent.local.read import read
from agent.local.toolbox import Toolbox
from core.errors import ConfigInvalid
from core.tool import Tool

KEPT_TOOLBOXES = 8


class Interpreter:
    """Reads sentences over a list of tools; pure, and safe to share between threads."""

    def __init__(self, tools: Sequence[Tool], encoder: Encoder | None = None, model: Model | None = None) -> None:
        self._encoder = encoder or Encoder.shared()
        self._model = model or load()
        self._toolbox = Toolbox([t for t in tools if not t.is_hidden], self._model, self._encoder)
        self._others: OrderedDict[str, Toolbox] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def of_version(cls, tools: Sequence[Tool], folder: Path) -> Interpreter:
        """Another version than the shipped one: a folder that `atom train interpreter --out` wrote.

        Raises:
            ConfigInvalid: there is no such version there.
        """
        if not (folder / "fitted" / "model.npz").exists():
            raise ConfigInvalid(f"There is no version of the interpreter in {folder}.")
        return cls(tools, Encoder(folder / "weights"), load(folder / "fitted"))

    def interpret(self, request: Request) -> Interpretation:
        """What a sentence means; never raises on any text."""
        began = perf_counter()
        found = Dialogue(self._box(request.tools), request).interpretation()
        return replace(found, ms=(perf_counter() - began) * 1000)

    def form(self, tool: str) -> Form:
        """How the arguments of one of its own tools are read."""
        return self._toolbox.forms[tool]

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        """The tools that fit a sentence best, best first."""
        box = self._box(request.tools)
        clue = box.clue(read(request.utterance, request.now))
        logits = box.ranker.scores(clue)
        ordered = sorted(zip(logits.tolist(), range(len(logits)), strict=False), reverse=True)
        found = [box.traits[k].tool for _, k in ordered]
        return [tool for tool in found if tool.id in box.tools][:most]

    def _box(self, tools: Sequence[Tool] | None) -> Toolbox:
        if tools is None:
            return self._toolbox
        key = "".join(digest(tool) for tool in tools)
        with self._lock:
            if key in self._others:
                self._others.move_to_end(key)
                return self._others[key]
        made = Toolbox(tools, self._model, self._encoder)
        with self._lock:
            self._others[key] = made
            while len(self._others) > KEPT_TOOLBOXES:
                self._others.popitem(last=False)
        return made
