"""What was generated, as files. Each is made when it is asked for, not on every run of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ui.shared.keeping import offers
from ui.shared.keeping.offers import Offer
from vae.checkpoints.checkpoint import FloatArray
from vae.data import image_export, slides
from vae.data.slides import Captions

Images = NDArray[np.uint8]


@dataclass(frozen=True)
class SheetOffer:
    """How all pictures stand on one PNG: in so many columns, with captions; `order` says which of them, and where."""

    captions: Captions
    columns: int | None = None
    order: NDArray[np.int64] | None = None


def show(stem: str, images: Callable[[], Images], z: FloatArray, sheet: SheetOffer, *more: Offer) -> None:
    """The sheet, the single pictures, the numbers; `more` first.

    `stem` begins the files' names; `images()` are uint8 (N, C, H, W), those of latents z (N, d).
    """
    offers.show(
        stem,
        *more,
        Offer("png", "image/png", "Sheet for a slide (PNG)", lambda: _sheet(images(), sheet)),
        Offer("zip", "application/zip", "Single pictures (ZIP)", lambda: _zip(stem, images())),
        Offer("npz", "application/octet-stream", "Pictures and latents (NPZ)", lambda: image_export.npz(images(), z)),
    )


def _sheet(images: Images, sheet: SheetOffer) -> bytes:
    shown = images if sheet.order is None else images[sheet.order]
    return slides.png(shown, sheet.captions, sheet.columns)


def _zip(stem: str, images: Images) -> bytes:
    digits = len(str(len(images) - 1))
    return image_export.zip_of_pngs(images, [f"{stem}-{i:0{digits}}.png" for i in range(len(images))])
