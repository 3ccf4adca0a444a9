"""An ONNX model run by ONNX Runtime, image by image: what it gives for one doesn't depend on what comes with it."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vae.errors import ConfigError
from vae.graph.nodes import Shape
from vae.storage.printing import visible

FloatArray = NDArray[np.float32]
SILENT = 4  # of ONNX Runtime's levels of logging: errors are raised
MOST_AT_ONCE = 2**24  # numbers held for all images that are evaluated together: 64 MB
INSTALL = "Install it: python -m pip install onnxruntime"


class ForeignRunner:
    """Evaluates a model's bytes, which somebody has checked (sizes.py), for (N, *given) -> (N, *shape).

    Its session is made when it is first needed; it may be used by several threads. A copy is the same runner.
    """

    def __init__(self, raw: bytes, given: Shape, shape: Shape, *, together: int, values: int, threads: int) -> None:
        self._raw, self._given, self._shape, self._threads = raw, given, shape, threads
        self._step = together or max(1, MOST_AT_ONCE // values)
        self._together = together
        self._lock = threading.Lock()
        self._session: Any = None

    def __deepcopy__(self, _: dict[int, Any]) -> ForeignRunner:
        return self

    def __call__(self, x: FloatArray) -> FloatArray:
        """Raises ConfigError where ONNX Runtime is missing, or can't do it."""
        session = self._made()
        found = [self._evaluated(session, x[at : at + self._step]) for at in range(0, len(x), self._step)]
        return np.concatenate(found) if found else np.zeros((0, *self._shape), np.float32)

    def _evaluated(self, session: Any, x: FloatArray) -> FloatArray:
        count = len(x)
        if self._together and count < self._together:  # it takes so many, no fewer
            x = np.concatenate([x, np.repeat(x[-1:], self._together - count, 0)])
        given = session.get_inputs()[0]
        try:
            answers = session.run(None, {given.name: _typed(x, given.type)})
        except Exception as error:  # ONNX Runtime's own have no common base
            raise ConfigError(f"ONNX Runtime can't evaluate the network: {_line(error)}") from error
        flat = [
            np.asarray(answer, np.float32).reshape(len(x), -1)
            for answer in answers
            if np.shape(answer)[:1] == (len(x),)
        ]
        whole = np.concatenate(flat, 1) if flat else np.zeros((0, 0), np.float32)
        if whole.shape != (len(x), math.prod(self._shape)):
            raise ConfigError(f"The network gives {whole.shape[1:]} numbers an image, expected {self._shape}.")
        return np.ascontiguousarray(whole[:count].reshape(count, *self._shape))

    def _made(self) -> Any:
        with self._lock:
            if self._session is None:
                self._session = _session(self._raw, self._threads)
            return self._session


def _session(raw: bytes, threads: int) -> Any:
    try:
        import onnxruntime  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigError("This network is run by ONNX Runtime, which is not installed here.", INSTALL) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = SILENT
    options.enable_cpu_mem_arena = False  # which keeps what the largest batch took
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(raw, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above
        raise ConfigError(f"ONNX Runtime can't load the network: {_line(error)}") from error


def _typed(x: FloatArray, kind: str) -> NDArray[Any]:
    """In the type of numbers that the model takes; whole ones are rounded."""
    name = {"tensor(float)": "float32", "tensor(double)": "float64"}.get(kind, kind[len("tensor(") : -1])
    wanted = np.dtype(name)
    if wanted.kind not in "iu":
        return x.astype(wanted)
    limits = np.iinfo(wanted)
    return np.rint(x).clip(max(limits.min, -(2**31)), min(limits.max, 2**31 - 1)).astype(wanted)


def _line(error: Exception) -> str:
    return visible(" ".join(str(error).split())[:200])
