"""The log: events with fields, no secret, nobody's words, no value out of a traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core.log import configure, frames, logger

HUSH = "s3cret-words"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before, level, handlers = structlog.get_config(), logging.root.level, logging.root.handlers[:]
    yield
    structlog.configure(**before)
    logging.root.setLevel(level)
    logging.root.handlers[:] = handlers


def fail(text: str) -> None:
    words = text
    raise ValueError(words)


@pytest.mark.parametrize("mode", ["json", "eye", "unconfigured"])
def test_no_secret_is_written(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    if mode != "unconfigured":
        configure("debug", json=mode == "json")
    log = logger("test")
    fields = {"access_token": HUSH, "Authorization": HUSH, "text": HUSH, "API_KEY": HUSH, "Body": HUSH}
    log.warning("one", **fields)
    log.warning("two", detail={"inner": fields, "list": [fields]}, passwords=[HUSH])
    try:
        fail(HUSH)
    except ValueError as error:
        log.error("three", exc_info=error)
        log.error("four", exc_info=True)
        log.exception("five")
    said = capsys.readouterr()
    assert HUSH not in said.out + said.err
    assert said.out == ""
    assert all(word in said.err for word in ("one", "two", "three", "five", "ValueError", "test_log.py", "redacted"))


def test_json_lines_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", json=True)
    logger("m").info("event", count=1, odd={1, 2}.__class__)
    logger("m").debug("not this")
    [line] = capsys.readouterr().err.splitlines()
    read = json.loads(line)
    assert (read["event"], read["count"], read["module"], read["level"]) == ("event", 1, "m", "info")


def test_libraries_are_quiet_whatever_our_level(capsys: pytest.CaptureFixture[str]) -> None:
    configure("debug")
    logging.getLogger("aiosqlite").debug("executing INSERT %s", HUSH)
    logging.getLogger("openai").info("request %s", HUSH)
    logging.getLogger("other").warning("heard")
    said = capsys.readouterr().err
    assert HUSH not in said
    assert "heard" in said


def test_frames_say_where_and_not_what() -> None:
    with pytest.raises(ValueError, match=HUSH) as caught:
        fail(HUSH)
    assert frames(caught.value).startswith("test_log.py:")
    assert "fail" in frames(caught.value)
    assert HUSH not in frames(caught.value)
