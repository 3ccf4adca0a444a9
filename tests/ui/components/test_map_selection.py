"""A selection on its way between page and Python: a bit a row."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from ui.components import map_selection


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1_000])
def test_rows_come_back_as_they_were(count: int) -> None:
    for share in (0.1, 1.0):
        rows = np.flatnonzero(np.random.default_rng(count).random(count) < share)
        found = map_selection.rows_of(map_selection.bits_of(rows, count), count)
        assert found is not None
        np.testing.assert_array_equal(found, rows)


def test_the_first_row_is_the_lowest_bit_and_nothing_is_no_text() -> None:
    assert base64.b64decode(map_selection.bits_of(np.array([0, 9]), 10)) == bytes([1, 2])
    assert map_selection.bits_of(np.array([], np.int64), 10) == ""


@pytest.mark.parametrize("bits", ["/w==", "/wMA", "AAQ=", "?", "/w", "ä", "/wM=\n/wM="])
def test_other_images_or_no_bits_are_no_selection(bits: str) -> None:
    assert map_selection.rows_of(bits, 10) is None
