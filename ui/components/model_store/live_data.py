"""Where a front end gets pictures from that its page doesn't decode (pictures.js), as plain values."""

from __future__ import annotations

from typing import TypedDict


class SocketData(TypedDict):
    """Where a page asks the server for pictures, its token, and how many it may ask for together."""

    path: str
    token: str
    together: int


class PictureData(TypedDict):
    """A picture, and of which vector it is: pixels (C, H, W), a byte each, as base64."""

    z: list[float]
    pixels: str


class LiveData(TypedDict):
    """The server's socket, and the picture to begin with; None where the page decodes."""

    socket: SocketData | None
    decoded: PictureData | None
