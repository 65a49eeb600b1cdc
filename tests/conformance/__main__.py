"""Writes the page anew."""

from __future__ import annotations

from tests.conformance.matrix import DOCUMENT, document, gaps, marked

if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
    print(f"{DOCUMENT.name}: {len(marked())} marks, {len(gaps(marked()))} behaviours with a gap")
