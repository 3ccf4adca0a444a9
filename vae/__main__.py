"""`python -m vae COMMAND`: the whole library from a terminal."""

from __future__ import annotations

import sys

from vae.commands import main

if __name__ == "__main__":
    sys.exit(main())
