"""Who may have pictures decoded: a token for each session and model, which only that session's page is told."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Decode = Callable[[NDArray[np.float32]], NDArray[np.uint8]]  # latents (N, d) -> pixels (N, C, H, W)
MOST = 1_000  # tokens


@dataclass(frozen=True, eq=False)
class Grant:
    """`decode` makes pictures of up to `together` latent vectors, for as long as session `session` is connected."""

    token: str
    session: str
    fingerprint: str
    latent_dim: int
    together: int
    decode: Decode


class Grants:
    """The tokens of one server. `is_active` says whether a session's page is connected."""

    def __init__(self, is_active: Callable[[str], bool]) -> None:
        self._is_active = is_active
        self._kept: dict[tuple[str, str], Grant] = {}
        self._lock = threading.Lock()

    def token(self, session: str, fingerprint: str, latent_dim: int, together: int, decode: Decode) -> str:
        """That of a session and a model: the same whenever it is asked for, and nobody can guess it."""
        with self._lock:
            known = self._kept.get((session, fingerprint))
            if known is None:
                self._make_room()
                known = Grant(secrets.token_urlsafe(32), session, fingerprint, latent_dim, together, decode)
                self._kept[session, fingerprint] = known
            return known.token

    def find(self, token: str) -> Grant | None:
        """Whose token it is, if its session is connected."""
        with self._lock:
            found = None
            for grant in self._kept.values():  # all of them, in the same time for any token
                if hmac.compare_digest(grant.token.encode(), token.encode()):
                    found = grant
        return found if found is not None and self.holds(found) else None

    def holds(self, grant: Grant) -> bool:
        """Whether its session is still connected."""
        return self._is_active(grant.session)

    def _make_room(self) -> None:
        """Each token holds its model: those of closed tabs go, and the oldest where there are too many."""
        gone = [key for key, grant in self._kept.items() if not self._is_active(grant.session)]
        for key in gone:
            del self._kept[key]
        while len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]
