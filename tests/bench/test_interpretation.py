"""How long the local interpreter reads a sentence, by length; what it holds; what two workers read a second."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import defaultdict
from multiprocessing.connection import Connection

import pytest

from agent.interpretation import Request
from evals.brain import request_of
from evals.case import load_cases
from evals.cli import SETS

pytestmark = pytest.mark.bench

LENGTHS = (8, 16, 32, 64)
ROUNDS = 3
SECONDS = 10.0


def requests() -> list[Request]:
    """The sentences written apart, and each twice over for the long ones that few people write."""
    asked = [request_of(case) for case in load_cases(SETS / "apart.jsonl")]
    pairs = zip(asked[::2], asked[1::2], strict=False)
    joined = [Request(f"{a.utterance}, then {b.utterance}", a.now, a.user, a.context) for a, b in pairs]
    return [*asked, *joined]


def held_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as found:
        return int(found.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_by_length() -> None:
    from agent.local.interpreter import Interpreter
    from tools.registry import offered

    tools, before = offered(), held_mb()
    interpreter = Interpreter(tools)
    os.sched_setaffinity(0, {next(iter(os.sched_getaffinity(0)))})
    times: dict[int, list[float]] = defaultdict(list)
    for n in range(ROUNDS):
        for request in requests():
            begun = time.perf_counter()
            interpreter.interpret(request)
            size = next((limit for limit in LENGTHS if len(request.utterance.split()) <= limit), 0)
            if n:  # the first round warms what is kept
                times[size].append((time.perf_counter() - begun) * 1000)
    print(f"\nreading a sentence against {len(tools)} tools on one core, ms: p50 / p95 / p99")
    for limit in (*LENGTHS, 0):
        if found := sorted(times[limit]):
            p50, p95, p99 = (found[min(len(found) - 1, int(len(found) * p))] for p in (0.5, 0.95, 0.99))
            name = f"up to {limit} words" if limit else f"over {LENGTHS[-1]} words"
            print(f"  {name:16} {p50:6.1f} {p95:6.1f} {p99:6.1f}   (n={len(found)})")
    print(f"  held: {held_mb() - before:.0f} MB above the tools' {before:.0f} MB")
    os.sched_setaffinity(0, range(os.cpu_count() or 1))


def test_two_workers() -> None:
    for workers in (1, 2):
        context = multiprocessing.get_context("spawn")
        ends = [context.Pipe() for _ in range(workers)]
        made = [context.Process(target=_work, args=(theirs,)) for _, theirs in ends]
        for process in made:
            process.start()
        for ours, _ in ends:
            ours.recv()  # it is ready
        for ours, _ in ends:
            ours.send("go")
        read = sum(ours.recv() for ours, _ in ends)
        for process in made:
            process.join()
        print(f"\n{workers} worker(s): {read / SECONDS:.0f} sentences a second")


def _work(pipe: Connection) -> None:
    """A worker of its own process: reads until the time is over, and tells how many."""
    from agent.local.interpreter import Interpreter
    from tools.registry import offered

    interpreter, asked, read = Interpreter(offered()), requests(), 0
    interpreter.interpret(asked[0])
    pipe.send("ready")
    pipe.recv()
    ends = time.perf_counter() + SECONDS
    while time.perf_counter() < ends:
        interpreter.interpret(asked[read % len(asked)])
        read += 1
    pipe.send(read)
