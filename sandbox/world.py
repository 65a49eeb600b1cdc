"""The state of the simulated world: plain JSON per vendor, saved to one file."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.company import Company
from sandbox.grant import Grants
from sandbox.story import Story


class World:
    """The company, the clock and what every vendor holds.

    `now` is the moment the company's dates are written around; the clock runs on from it.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self.company = Company()
        self.sections: dict[str, Any] = {}
        self.file: Path | None = None
        self._texts: dict[str, str] = {}
        self._start(now or datetime.now(UTC))

    def _start(self, now: datetime) -> None:
        self.now = now.astimezone(UTC).replace(microsecond=0)
        self._zero = time.monotonic()
        self.story = Story(self.company, self.now)
        self.grants = Grants(self.sections.setdefault("_grants", {}))

    def time(self) -> datetime:
        """The present moment of this world, in UTC."""
        return self.now + timedelta(seconds=time.monotonic() - self._zero)

    def count(self, vendor: str, name: str, first: int = 1) -> int:
        """The next number of a series, never given twice."""
        series = self.sections.setdefault("_counters", {}).setdefault(vendor, {})
        series[name] = series.get(name, first - 1) + 1
        return int(series[name])

    def open(self, file: Path) -> None:
        """Use a state file: load it if it exists, and save to it from now on."""
        self.file = file
        if file.exists():
            saved = json.loads(file.read_text("utf-8"))
            self.sections = saved["sections"]
            self._start(max(datetime.fromisoformat(saved["now"]), datetime.now(UTC)))

    def save(self) -> None:
        """Write the file anew, all or nothing, if anything changed."""
        if self.file is None:
            return
        texts = {key: json.dumps(section, ensure_ascii=False) for key, section in self.sections.items()}
        if texts == self._texts:
            return
        inner = ",".join(f"{json.dumps(key)}:{text}" for key, text in texts.items())
        part = self.file.with_name(self.file.name + ".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as out:
            out.write(f'{{"now":{json.dumps(self.time().isoformat())},"sections":{{{inner}}}}}')
        part.replace(self.file)
        self._texts = texts
