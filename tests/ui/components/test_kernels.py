"""The committed WebAssembly is what its source gives."""

from __future__ import annotations

import pytest

from scripts import kernels


def test_the_committed_module_is_what_the_source_gives() -> None:
    committed = kernels.RESULT.read_text(encoding="utf-8")
    version = kernels.compiler()
    if version is None:
        pytest.skip("There is no clang with lld here, so kernels.c is not built (apt-get install clang lld).")
    if f"with {version}: " not in committed:
        pytest.skip(f"kernels.js was built by another clang than {version}: `make kernels`, if kernels.c was changed.")
    assert kernels.built() == committed
