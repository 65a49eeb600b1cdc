"""A run over all scripts: memory on and off, on one stage."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from evals.memory.report import Figures, Report
from evals.memory.script import Script, checksum
from evals.memory.stage import Stage, has_switch, stage


async def evaluate(scripts: Sequence[Script]) -> Report:
    """Play every script and score what came: with memory off, with nothing left to it, and on where there is one."""
    async with stage() as company:
        off = await _run(company, scripts, with_memory=False)
        said = [script.outright for script in scripts if script.outright]
        outright = await _run(company, said, with_memory=False)
        on = await _run(company, scripts, with_memory=True) if has_switch() else None
    turns = sum(len(day) for script in scripts for day in script.days)
    return Report(scripts=len(scripts), turns=turns, checksum=checksum(), on=on, off=off, outright=outright)


async def _run(company: Stage, scripts: Sequence[Script], *, with_memory: bool) -> Figures:
    begun = perf_counter()
    plays = [await company.play(script, with_memory=with_memory) for script in scripts]
    return Figures.of(plays, perf_counter() - begun)
