"""From bytes to what a model sees."""

from __future__ import annotations

import numpy as np
import torch

from vae.model.pixels import binarize, draw_binarized, to_unit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_every_grey_value_is_its_share_of_255() -> None:
    grey = torch.arange(256, dtype=torch.uint8).reshape(4, 1, 8, 8)
    found = to_unit(grey)
    assert found.dtype == torch.float32
    np.testing.assert_array_equal(found.flatten().numpy(), np.arange(256, dtype=np.float32) / np.float32(255))
    assert grey.flatten().tolist() == list(range(256))  # the stored bytes stay


def test_a_pixel_is_one_where_the_draw_is_below_its_grey_value() -> None:
    x = torch.tensor([0.0, 0.0, 0.3, 0.3, 1.0, 1.0])
    uniform = torch.tensor([0.0, 0.9, 0.29, 0.31, 0.0, 1 - 2**-24])  # 1 itself is never drawn
    found = binarize(x, uniform)
    assert found.tolist() == [0.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    assert found.dtype == x.dtype


def test_binarized_pixels_are_zeros_and_ones_with_the_grey_value_as_mean() -> None:
    x = torch.linspace(0, 1, 12).reshape(1, 3, 2, 2)
    draws = draw_binarized(x.repeat(20_000, 1, 1, 1), seeded(0))
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(draws.mean(0), x[0], atol=0.015, rtol=0)  # 4 standard errors
    assert draws[:, 0, 0, 0].max() == 0
    assert draws[:, 2, 1, 1].min() == 1


def test_pixels_are_drawn_one_by_one() -> None:
    draws = draw_binarized(torch.full((20_000, 1, 1, 2), 0.5), seeded(1)).reshape(-1, 2)
    assert torch.corrcoef(draws.T)[0, 1].abs() < 0.03


def test_a_generator_decides_the_draw_and_the_next_one_differs() -> None:
    x, generator = torch.full((2, 1, 8, 8), 0.5), seeded(3)
    first, second = draw_binarized(x, generator), draw_binarized(x, generator)
    assert torch.equal(first, draw_binarized(x, seeded(3)))
    assert not torch.equal(first, second)
