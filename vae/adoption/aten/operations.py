"""All that are known, by their names."""

from __future__ import annotations

from vae.adoption.aten import elementwise, layers, moving
from vae.adoption.aten.call import Operation

OPERATIONS: dict[str, Operation] = {**layers.OPERATIONS, **elementwise.OPERATIONS, **moving.OPERATIONS}
