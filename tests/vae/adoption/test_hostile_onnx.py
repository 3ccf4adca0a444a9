"""ONNX files that are made to break their reader: refused in words, quickly, without memory, and nothing is written."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.vae.adoption.onnx_models import call, f32, i64, model_of
from vae.adoption import from_onnx, judging, onnx_reading
from vae.adoption.candidates import NO_WISHES
from vae.data import datasets
from vae.errors import VAEError

STEER = {chr(c) for c in range(32)} - set("\n\r\t") | {"\x7f", "\u202e"}
MOST_SECONDS = 2.0  # of processor time
MOST_MEMORY = 500 * 2**20
GIVEN = ("N", 1, 16, 16)
Change = Callable[[onnx.ModelProto], onnx.ModelProto | bytes | None]


def encoder() -> onnx.ModelProto:
    """A good one, of two linear layers."""
    nodes = [call("Flatten", "x", "f"), call("Gemm", "f w b", "h", transB=1), call("Relu", "h", "r"),
             call("Gemm", "r v c", "y", transB=1)]  # fmt: skip
    return model_of(nodes, GIVEN, {"w": f32(12, 256), "b": f32(12), "v": f32(4, 12), "c": f32(4)}, 13)


def decoder() -> bytes:
    """A good one."""
    nodes = [call("Gemm", "x w b", "h", transB=1), call("Sigmoid", "h")]
    return model_of(nodes, ("N", 2), {"w": f32(256, 2), "b": f32(256)}, 13).SerializeToString()


def changed(change: Change) -> bytes:
    """The encoder, after that."""
    model = encoder()
    found = change(model)
    return found if isinstance(found, bytes) else (found or model).SerializeToString()


def stored(change: Callable[[onnx.TensorProto], object]) -> bytes:
    """With its first weight changed."""

    def apply(model: onnx.ModelProto) -> None:
        change(model.graph.initializer[0])

    return changed(apply)


def before(*nodes: onnx.NodeProto, **arrays: object) -> bytes:
    """With constants k made first, which are added to the image."""

    def apply(model: onnx.ModelProto) -> None:
        kept = [*nodes, call("Add", "x k", "x2"), *model.graph.node]
        del model.graph.node[:]
        model.graph.node.extend(kept)
        model.graph.node[len(nodes) + 1].input[0] = "x2"
        model.graph.initializer.extend(numpy_helper.from_array(np.asarray(a), name) for name, a in arrays.items())

    return changed(apply)


def _external(tensor: onnx.TensorProto, path: str) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", path


def _constant(path: str) -> onnx.NodeProto:
    tensor = numpy_helper.from_array(f32(1, 16, 16), "k")
    _external(tensor, path)
    return call("Constant", "", "k", value=tensor)


def _dims(*dims: int) -> bytes:
    def apply(tensor: onnx.TensorProto) -> None:
        del tensor.dims[:]
        tensor.dims.extend(dims)

    return stored(apply)


def _nan(value: float) -> bytes:
    return stored(lambda t: t.CopyFrom(numpy_helper.from_array(np.full((12, 256), value, np.float32), t.name)))


def _order(places: list[int]) -> bytes:
    def apply(model: onnx.ModelProto) -> None:
        nodes = [model.graph.node[i] for i in places]
        kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del model.graph.node[:]
        model.graph.node.extend(kept)

    return changed(apply)


def _reads(node: int, name: str) -> bytes:
    def apply(model: onnx.ModelProto) -> None:
        model.graph.node[node].input[0] = name

    return changed(apply)


def _input(*sides: int | str) -> bytes:
    def apply(model: onnx.ModelProto) -> None:
        model.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.FLOAT, list(sides)))

    return changed(apply)


def _attribute(node: int, **values: object) -> bytes:
    def apply(model: onnx.ModelProto) -> None:
        del model.graph.node[node].attribute[:]
        model.graph.node[node].attribute.extend(helper.make_attribute(k, v) for k, v in values.items())

    return changed(apply)


def _instead(node: int, op: str, inputs: str, **values: object) -> bytes:
    """One operation instead of another, with more constants at hand."""

    def apply(model: onnx.ModelProto) -> None:
        name = model.graph.node[node].output[0]
        model.graph.node[node].CopyFrom(call(op, inputs, name, **values))
        arrays = {"s": f32(1), "k4": f32(2, 1, 3, 3), "many": f32(256, 1, 1, 1), "sizes": i64(1, 1, 10**9, 10**9)}
        model.graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in arrays.items())

    return changed(apply)


def _branch(op: str) -> bytes:
    inner = helper.make_graph([call("Relu", "x", "o")], "inner", [], [helper.make_tensor_value_info("o", 1, None)])
    bodies = {"If": {"then_branch": inner, "else_branch": inner}}.get(op, {"body": inner})
    more = {"num_scan_inputs": 1} if op == "Scan" else {}
    return before(call(op, "i", "k", **bodies, **more), i=np.array(True))


def _own_domain(model: onnx.ModelProto) -> None:
    model.graph.node[2].domain = "evil\x1b[2J.com"
    model.opset_import.append(helper.make_opsetid("evil\x1b[2J.com", 1))


def _function(model: onnx.ModelProto) -> None:
    model.functions.append(
        helper.make_function("", "Relu", ["a"], ["b"], [call("Neg", "a", "b")], [helper.make_opsetid("", 13)])
    )


def _sparse(model: onnx.ModelProto) -> None:
    values, places = numpy_helper.from_array(f32(1), "w2"), numpy_helper.from_array(i64(10**12), "")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [10**13]))


def _repeated_names(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        node.output[0] = "same"


def _many_nodes(count: int) -> bytes:
    def apply(model: onnx.ModelProto) -> None:
        model.graph.node.extend(call("Relu", "y" if k == 0 else f"y{k}", f"y{k + 1}") for k in range(count))
        model.graph.output[0].name = f"y{count}"

    return changed(apply)


def _named(name: str) -> bytes:
    def apply(model: onnx.ModelProto) -> None:
        model.graph.node[1].op_type = name

    return changed(apply)


def _doubling(model: onnx.ModelProto) -> bytes:
    doubled = [call("Concat", f"k{i} k{i}", f"k{i + 1}", axis=0) for i in range(40)]
    return before(*doubled, call("Identity", "k40", "k"), k0=f32(1000))


RAW = encoder().SerializeToString()


def _cut(part: int, parts: int) -> bytes:
    return RAW[: len(RAW) * part // parts]


def _overwritten(at: int) -> bytes:
    return RAW[:at] + b"\xff\xfe" + RAW[at + 2 :]


FILES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "zeros": lambda: bytes(1000),
    "ones": lambda: b"\xff" * 1000,
    "a page": lambda: b"<!doctype html><script>alert(1)</script>",
    "a pickle": lambda: b"cos\nsystem\n(S'touch executed'\ntR.",
    "a zip": lambda: b"PK\x03\x04" + bytes(200),
    "JSON": lambda: b'{"graph": {}}',
    **{f"cut off at {k} of 29 parts": partial(_cut, k, 29) for k in range(1, 29)},
    **{f"another byte at {at}": partial(_overwritten, at) for at in range(4, 180, 12)},
    "no operations": lambda: changed(lambda m: m.graph.ClearField("node")),
    "no output": lambda: changed(lambda m: m.graph.ClearField("output")),
    "no input": lambda: changed(lambda m: m.graph.ClearField("input")),
    "an output of another name": lambda: changed(lambda m: setattr(m.graph.output[0], "name", "\x1b[2J\u202e")),
    "a terabyte of weights": lambda: _dims(10**6, 10**6),
    "more weights than can be counted": lambda: _dims(2**62, 2**62, 2**62),
    "weights of a size below 0": lambda: _dims(-12, -256),
    "weights of 0 rows": lambda: _dims(0, 256),
    "weights of 10,000 dimensions": lambda: _dims(*[1] * 10_000),
    "fewer weights than it says": lambda: _dims(13, 256),
    "weights of an unknown type": lambda: stored(lambda t: setattr(t, "data_type", 999)),
    "weights of text": lambda: stored(lambda t: t.CopyFrom(numpy_helper.from_array(np.array(["x"], object), t.name))),
    "weights that are NaN": lambda: _nan(float("nan")),
    "weights that are endless": lambda: _nan(float("inf")),
    "weights in /etc/passwd": lambda: stored(lambda t: _external(t, "../../../../etc/passwd")),
    "weights in /dev/zero": lambda: stored(lambda t: _external(t, "/dev/zero")),
    "weights beside it": lambda: stored(lambda t: _external(t, "weights.bin")),
    "a constant in /etc/passwd": lambda: before(_constant("../../../../etc/passwd")),
    "a constant beside it": lambda: before(_constant("weights.bin")),
    "sparse weights": lambda: changed(_sparse),
    "operators of its own": lambda: changed(_own_domain),
    "functions of its own": lambda: changed(_function),
    "operations in the wrong order": lambda: _order([3, 2, 1, 0]),
    "an operation missing": lambda: _order([0, 2, 3]),
    "a circle": lambda: _reads(0, "y"),
    "an operation that reads itself": lambda: _reads(2, "r"),
    "an input that is missing": lambda: _reads(1, "nothing" * 2_000),
    "one name for all": lambda: changed(_repeated_names),
    "an operation without a name": lambda: _named(""),
    "an operation with a name that steers a terminal": lambda: _named("\x1b]0;owned\x07\u202e"),
    "an operation with a name of 10,000 characters": lambda: _named("x" * 10_000),
    "an operation with a name of markup": lambda: _named("<script>alert(1)</script>"),
    "2,000 operations": lambda: _many_nodes(2_000),
    "20,000 operations": lambda: _many_nodes(20_000),
    "images of a terabyte": lambda: _input("N", 1, 10**6, 10**6),
    "images of 200 axes": lambda: _input("N", *[1] * 200),
    "If": lambda: _branch("If"),
    "Loop": lambda: _branch("Loop"),
    "Scan": lambda: _branch("Scan"),
    "a terabyte of zeros": lambda: before(call("ConstantOfShape", "n", "k"), n=i64(10**6, 10**6)),
    "zeros of a size below 0": lambda: before(call("ConstantOfShape", "n", "k"), n=i64(-1, -(10**6))),
    "a terabyte repeated": lambda: before(call("Tile", "a n", "k"), a=f32(1000), n=i64(10**9)),
    "a terabyte expanded": lambda: before(call("Expand", "a n", "k"), a=f32(1), n=i64(10**6, 10**6)),
    "a terabyte counted": lambda: before(
        call("Range", "a b c", "k"), a=np.array(0, np.int64), b=np.array(10**12, np.int64), c=np.array(1, np.int64)
    ),
    "an endless count": lambda: before(
        call("Range", "a b c", "k"), a=np.array(0, np.int64), b=np.array(10, np.int64), c=np.array(0, np.int64)
    ),
    "a terabyte of products": lambda: before(call("Mul", "a b", "k"), a=f32(10**6, 1), b=f32(1, 10**6)),
    "a terabyte of a matrix": lambda: before(call("MatMul", "a b", "k"), a=f32(10**6, 1), b=f32(1, 10**6)),
    "a terabyte gathered": lambda: before(call("Gather", "a i", "k"), a=f32(1, 10**5), i=np.zeros(10**5, np.int64)),
    "a terabyte padded": lambda: before(call("Pad", "a p", "k"), a=f32(1), p=i64(10**12, 0)),
    "a terabyte resized": lambda: before(call("Resize", "a - z", "k"), a=f32(1, 1), z=np.array([1e6, 1e6], np.float32)),
    "a terabyte of ones": lambda: before(call("EyeLike", "a", "k"), a=f32(2, 2)),
    "a terabyte doubled": lambda: changed(_doubling),
    "random numbers": lambda: before(call("RandomNormal", "", "k", shape=[10**6, 10**6])),
    "text": lambda: before(call("Cast", "a", "k", to=TensorProto.STRING), a=f32(1, 16, 16)),
    "a Gemm of another size": lambda: _instead(1, "Gemm", "f v c", transB=1),
    "a Gemm of a vector": lambda: _instead(1, "Gemm", "f b"),
    "a Gemm without weights": lambda: _instead(1, "Gemm", "f"),
    "a Gemm that is turned": lambda: _attribute(1, transA=1),
    "a Gemm with text for a number": lambda: _attribute(1, alpha="x"),
    "a Conv without weights": lambda: _instead(0, "Conv", "x"),
    "a Conv of flat numbers": lambda: _instead(2, "Conv", "h k4"),
    "a Conv of strides 0": lambda: _instead(0, "Conv", "x k4", strides=[0, 0]),
    "a Conv of strides below 0": lambda: _instead(0, "Conv", "x k4", strides=[-1, -1]),
    "a Conv of a billion strides": lambda: _instead(0, "Conv", "x k4", strides=[10**9, 10**9]),
    "a Conv of a billion pads": lambda: _instead(0, "Conv", "x k4", pads=[10**9] * 4),
    "a Conv of pads below 0": lambda: _instead(0, "Conv", "x k4", pads=[-1] * 4),
    "a Conv of no groups": lambda: _instead(0, "Conv", "x k4", group=0),
    "a Conv of groups below 0": lambda: _instead(0, "Conv", "x k4", group=-1),
    "a ConvTranspose of a billion strides": lambda: _instead(0, "ConvTranspose", "x many", strides=[10**9, 10**9]),
    "a ConvTranspose of a terabyte": lambda: _instead(0, "ConvTranspose", "x k4", strides=[255, 255]),
    "a Resize to a terabyte": lambda: _instead(0, "Resize", "x - - sizes"),
    "a Pad of a terabyte": lambda: _instead(0, "Pad", "x sizes"),
    "groups of nothing": lambda: _instead(0, "GroupNormalization", "x s s", num_groups=0),
    "groups without a number": lambda: _instead(0, "GroupNormalization", "x s s"),
    "a million groups": lambda: _instead(0, "GroupNormalization", "x s s", num_groups=10**6),
    "blocks of nothing": lambda: _instead(0, "DepthToSpace", "x", blocksize=0),
    "blocks without a number": lambda: _instead(0, "DepthToSpace", "x"),
    "windows of nothing": lambda: _instead(0, "MaxPool", "x", kernel_shape=[0, 0]),
    "windows without a number": lambda: _instead(0, "MaxPool", "x"),
    "Split into nothing": lambda: _instead(0, "Split", "x", axis=1, num_outputs=0),
    "Transpose of axes that aren't there": lambda: _instead(0, "Transpose", "x", perm=[0, 9, 9, 9]),
    "Reshape to sizes below 0": lambda: _instead(0, "Reshape", "x s"),
    "Concat of nothing": lambda: _instead(0, "Concat", "", axis=1),
}


def test_there_are_many() -> None:
    assert len(FILES) >= 100


@pytest.mark.parametrize("name", FILES)
def test_it_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = FILES[name]()
    monkeypatch.chdir(tmp_path)
    datasets.load("grey", "train")
    (tmp_path / "weights.bin").write_bytes(bytes(12 * 256 * 4))
    entries = sorted(tmp_path.rglob("*"))
    most, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    said = ""
    try:
        pair = from_onnx.pair_of([("encoder.onnx", raw), ("decoder.onnx", decoder())])
        from_onnx.ranked(pair, "grey", NO_WISHES)
    except VAEError as error:
        said = str(error)
    assert time.process_time() - began < MOST_SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most) * 1024 < MOST_MEMORY
    assert 20 < len(said) < 1_500 or (not said and name.startswith("another byte")), said
    assert not STEER.intersection(said), said
    assert sorted(tmp_path.rglob("*")) == entries


def test_the_good_one_is_read() -> None:
    """Or being refused would show nothing."""
    pair = from_onnx.pair_of([("encoder.onnx", RAW), ("decoder.onnx", decoder())])
    assert isinstance(from_onnx.ranked(pair, "grey", NO_WISHES).best, judging.Judged)
    assert onnx_reading.input_of(pair.encoder, "The encoder").name == "x"
