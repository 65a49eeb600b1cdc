"""`python -m agent.local`: fit the interpreter to the installed integrations and write the result next to the code."""

from __future__ import annotations

import sys

from agent.local.calibrate import calibrated
from agent.local.encoder import Encoder
from agent.local.model import save
from agent.local.train import train
from tools.registry import discover


def main() -> None:
    """Fit, calibrate, save, and print the figures on held-out examples."""
    tools = [tool for kind in discover().values() for tool in kind.tools.values() if not tool.is_hidden]
    encoder = Encoder.shared()
    model, found = calibrated(train(tools, encoder), tools)
    save(model)
    right, tool = sum(t.is_right for t in found), sum(t.has_tool for t in found)
    sys.stdout.write(
        f"{len(found)} held-out examples: tool {tool / len(found):.3f}, whole call {right / len(found):.3f}\n"
    )


if __name__ == "__main__":
    main()
