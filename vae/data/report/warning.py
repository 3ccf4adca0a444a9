"""One thing that somebody would want to know before going on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from vae.storage.schema import text


@dataclass(frozen=True)
class Warned:
    """`kind` names it for programs, `text` tells a person what was found, `remedy` what an import can do about it."""

    kind: Annotated[str, text(60)]
    text: Annotated[str, text(2_000)]
    remedy: Annotated[str, text(500)] = ""

    def __str__(self) -> str:
        return f"{self.text} {self.remedy}".strip()
