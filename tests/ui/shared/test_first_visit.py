"""What the first visitor's page is made of is imported once the server is there, and nobody waits for it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from ui.shared.sessions import first_visit


def test_modules_are_imported_after_the_server_has_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "imported_for_a_visit.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))

    async def serve() -> list[bool]:
        async with first_visit.prepared("imported_for_a_visit")(None):
            there = ["imported_for_a_visit" in sys.modules]
            for _ in range(500):
                await asyncio.sleep(0.01)
                if "imported_for_a_visit" in sys.modules:
                    break
            return [*there, "imported_for_a_visit" in sys.modules]

    try:
        assert asyncio.run(serve()) == [False, True]
    finally:
        sys.modules.pop("imported_for_a_visit", None)
