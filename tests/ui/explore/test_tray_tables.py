"""The tray's tables: names that come from folders are text, bars stay on their track, numbers are what they are."""

from __future__ import annotations

import re

from ui.explore.selection import tray_tables
from vae.selection.description import ClassShare, Description, Spread

HOSTILE = '"><img src=x onerror=alert(1)>'


def test_names_are_text_and_bars_stay_on_their_track() -> None:
    shares = (ClassShare(1, 30, 0.75, 100, 0.25), ClassShare(0, 10, 0.25, 300, 0.75))
    shown = tray_tables.classes(shares, (HOSTILE, "b"))
    assert "<img" not in shown
    assert "3.0 ×" in shown
    assert "0.3 ×" in shown
    far = Spread("0", -900.0, 5.0, 0.0, 1.0, -2.5)
    alike = Spread("kl", 0.0, 0.0, -0.0, 0.0, None)
    shown = tray_tables.spreads(Description(40, shares, (far,), (alike,)), [HOSTILE])
    assert "<img" not in shown
    assert "−900 ± 5" in shown
    assert "−2.50" in shown
    assert "−0.0" not in shown
    places = [(float(left), float(width)) for left, width in re.findall(r"left:([-\d.]+)%;width:([-\d.]+)%", shown)]
    assert len(places) == 4
    assert all(0 <= left <= left + width <= 100.1 for left, width in places)
    assert places[1] == (0.0, 0.0)  # far below: at the end


def test_small_numbers_and_rare_classes_are_not_shown_as_nothing() -> None:
    """A model that is hardly trained has means within hundredths of each other; of 200 classes each has 0.5 %."""
    near, none = Spread("0", 0.052, 0.004, 0.0, 0.031, 1.7), Spread("1", 0.0, 0.0, 0.0, 0.0, None)
    shown = tray_tables.spreads(Description(40, (), (near, none), ()), ["z0", "z1"])
    assert re.findall(r">([^<>]+ ± [^<>]+)<", shown) == ["0.05 ± 0.00", "0.00 ± 0.03", "0.0 ± 0.0", "0.0 ± 0.0"]
    rare = tuple(ClassShare(label, 1, share, 1, share) for label, share in enumerate((0.004, 0.005, 0.0099, 0.014)))
    shown = tray_tables.classes(rare, "abcd")
    assert re.findall(r">([^<>]*\d%)<", shown) == ["&lt; 1%", "&lt; 1%", "&lt; 1%", "1%"]
