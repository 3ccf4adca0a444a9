"""Modules of torch as graphs: each known operation gives what torch gives, and what isn't known is refused by name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vae.adoption.aten import operations
from vae.adoption.aten.call import AtenCall, Operation
from vae.adoption.judging import module_of
from vae.adoption.torch_export import Followed, graph_of_module
from vae.errors import ConfigError

ops = torch.ops.aten
IMAGE = (4, 6, 8)
VECTOR = (12,)
Shape = tuple[int, ...]
REACHED: set[str] = set()


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Which operations are met."""

    def noted(name: str, operation: Operation) -> Operation:
        def call(given: AtenCall) -> Any:
            REACHED.add(name)
            return operation(given)

        return call

    monkeypatch.setattr(
        operations, "OPERATIONS", {name: noted(name, one) for name, one in operations.OPERATIONS.items()}
    )
    torch.manual_seed(0)
    yield


@functools.cache  # made before torch follows: no part of what it sees
def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 0.5


def _linear(x: Tensor) -> Tensor:
    a = F.linear(x, drawn(7, 12), drawn(7))
    b = ops.addmm(drawn(7), x, drawn(12, 7))
    c = ops.mm(x, drawn(12, 7)) + torch.matmul(x, drawn(12, 7))
    return torch.cat([a, b, c], 1)


def _convolved(x: Tensor) -> Tensor:
    a = F.conv2d(x, drawn(6, 2, 3, 2), drawn(6), (2, 1), (1, 2), (1, 2), 2)
    b = F.conv2d(x, drawn(3, 4, 2, 4), None, padding="same").flatten(1)
    c = F.conv2d(x, drawn(3, 4, 3, 3), drawn(3), padding="valid").flatten(1)
    return torch.cat([a.flatten(1), b, c], 1)


def _transposed(x: Tensor) -> Tensor:
    a = F.conv_transpose2d(x, drawn(4, 3, 3, 4), drawn(6), (2, 3), (1, 2), (1, 2), 2, 1)
    b = ops.convolution(x, drawn(4, 5, 2, 2), None, [2, 2], [0, 0], [1, 1], True, [1, 1], 1)
    c = ops.convolution(x, drawn(5, 4, 3, 3), drawn(5), [1, 2], [1, 1], [1, 1], False, [0, 0], 1)
    return torch.cat([a.flatten(1), b.flatten(1), c.flatten(1)], 1)


def _normalized(x: Tensor) -> Tensor:
    mean, variance, weight, bias = drawn(4), drawn(4).square() + 0.1, drawn(4), drawn(4)
    a = F.batch_norm(x, mean, variance, weight, bias)
    b = ops._native_batch_norm_legit_no_training(a, None, None, mean, variance, 0.1, 1e-3)[0]
    c = F.group_norm(b, 2, weight, None) + ops.native_group_norm(x, weight, bias, 3, 4, 48, 2, 1e-5)[0]
    d = F.instance_norm(c) + F.instance_norm(x, weight=weight, bias=bias)
    e = F.layer_norm(d, (6, 8), drawn(6, 8), drawn(6, 8))
    return ops.native_layer_norm(e, [8], None, None, 1e-5)[0]


def _functions(x: Tensor) -> Tensor:
    a = F.silu(F.relu(x) + torch.tanh(x)) + torch.sigmoid(x) * F.hardswish(x) - F.hardsigmoid(x)
    b = F.mish(a) + F.selu(x) + torch.exp(0.3 * a) + torch.log(x.square() + 1.0) + torch.sqrt(x * x + 0.5)
    c = F.gelu(b) - F.gelu(x, approximate="tanh") + F.leaky_relu(b, 0.2) + F.elu(x, 0.7) + torch.erf(b)
    d = F.softplus(c) + F.prelu(c, torch.tensor([0.3])) + torch.clamp(c, -0.4, None) + F.hardtanh(c, -0.3, 2.0)
    return d + F.relu6(4 * c) + torch.clamp(c, max=0.2) + torch.clamp(c, -1e9, 1e9)


def _arithmetic(x: Tensor) -> Tensor:
    channels, single = drawn(4, 1, 1), drawn(1, 4, 6, 8)
    a = (1.5 - x) * channels + single - torch.sub(x, x.mean((2, 3), keepdim=True), alpha=2)
    b = 2.0 / (x.square() + 1.0) + torch.add(x, a, alpha=0.5) / channels.square().add(1.0)
    return ops.rsub(-(a**2), 1.0) + b.neg() + torch.add(a, channels, alpha=3)


def _moved(x: Tensor) -> Tensor:
    a = x.permute(0, 2, 3, 1).transpose(1, 3).transpose(-1, -2).contiguous()
    first, second = torch.split(a, [1, 3], 1)
    third, fourth = a.chunk(2, -1)
    fifth, sixth = ops.split(a, 2, 1)
    b = torch.cat([second, first], 1)[:, :, 1:5:2, -6:] + third[:, :, :2, :1] * fourth[:, 0:1, -2:, :1]
    c = torch.cat([b.flatten(2), x[:, 2].flatten(1).unsqueeze(1).expand(-1, 4, -1)[:, :, :3]], 2)
    d = x.select(3, -1).reshape(x.shape[0], 24).view(-1, 4, 6)[:, :, :, None].squeeze(3)
    e = ops._unsafe_view(ops.alias(ops.view_copy(c, [3, 60])), [3, 4, 15]).unflatten(1, (2, 2)).flatten(1, 2)
    f = ops.lift_fresh_copy(x.to(torch.float64).float().clone().detach()).mean((2, 3))
    g = F.dropout(F.dropout2d(x, training=False), training=False)[:, :, 0]
    return torch.cat([e.flatten(1), d.flatten(1), f, g.flatten(1), fifth.flatten(1), sixth.flatten(1)], 1)


def _sampled(x: Tensor) -> Tensor:
    a = F.pad(x, (1, 2, 0, 1), value=0.5)
    b = F.pad(F.pad(a, (1, 0, 2, 1), mode="reflect"), (0, 1, 1, 1), mode="replicate")
    c = ops.replication_pad2d(ops.reflection_pad2d(ops.constant_pad_nd(x, [1, 0]), [1, 1, 0, 0]), [0, 0, 1, 2])
    d = F.max_pool2d(b, 3, 2, 1).flatten(1)
    e = F.avg_pool2d(c, (2, 3), padding=1).flatten(1)
    f = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False).flatten(1)
    g = F.adaptive_avg_pool2d(x, (3, 2)).flatten(1)
    return torch.cat([d, e, f, g, F.adaptive_avg_pool2d(x, 1).flatten(1)], 1)


def _resized(x: Tensor) -> Tensor:
    a = F.interpolate(x, scale_factor=2).flatten(1)
    b = F.interpolate(x, (7, 5)).flatten(1)
    c = F.interpolate(x, (9, 11), mode="bilinear").flatten(1)
    d = F.interpolate(x, (4, 13), mode="bilinear", align_corners=True).flatten(1)
    return torch.cat([a, b, c, d, F.pixel_shuffle(x, 2).flatten(1)], 1)


def _spread_out(z: Tensor) -> Tensor:
    """A spatial broadcast decoder's beginning: a latent at every place, with the place beside it."""
    a = z[:, :, None, None].expand(-1, -1, 5, 4)
    grid = drawn(1, 2, 5, 4)
    a, _ = torch.broadcast_tensors(a, z[:, :1, None, None])
    b = torch.cat([a, grid.expand(z.shape[0], -1, -1, -1)], 1)
    return (
        b
        + torch.cat([torch.ones_like(a), torch.zeros_like(a[:, :2])], 1)
        * z.view(-1, 12, 1, 1).repeat(1, 1, 5, 4)[:, :1]
    )


TABLE: dict[str, tuple[Callable[[Tensor], Tensor], Shape]] = {
    "linear": (_linear, VECTOR),
    "convolved": (_convolved, IMAGE),
    "transposed": (_transposed, IMAGE),
    "normalized": (_normalized, IMAGE),
    "functions": (_functions, IMAGE),
    "arithmetic": (_arithmetic, IMAGE),
    "moved": (_moved, IMAGE),
    "sampled": (_sampled, IMAGE),
    "resized": (_resized, IMAGE),
    "spread out": (_spread_out, VECTOR),
}


def _graph(function: Callable[[Tensor], Any], given: Shape) -> Any:
    return graph_of_module(Followed(function, lambda answer: answer), given, "decoder")


@pytest.mark.parametrize("name", TABLE)
def test_the_graph_gives_what_torch_gives(name: str) -> None:
    function, given = TABLE[name]
    x = torch.rand(3, *given)
    expected = function(x)
    network = _graph(function, given)
    torch.testing.assert_close(module_of(network)(x), expected, atol=1e-5, rtol=1e-5)


REFUSED: dict[str, tuple[Callable[[Tensor], Any], Shape, str]] = {
    "dropout in training": (lambda x: F.dropout(x, 0.5, training=True), VECTOR, "dropout"),
    "the batch's mean": (lambda x: x - x.mean(0), VECTOR, "mean"),
    "batch statistics": (lambda x: F.batch_norm(x, None, None, training=True), IMAGE, "batch_norm"),
    "a sample": (lambda x: x + torch.randn_like(x), VECTOR, "random"),
    "a sample from a distribution": (lambda x: torch.normal(x, torch.ones_like(x)), VECTOR, "random"),
    "images in another order": (lambda x: x.flip(0), VECTOR, "flip"),
    "some of the images": (lambda x: x[:2], VECTOR, "slice|images"),
    "a softmax": (lambda x: x.softmax(1), VECTOR, "softmax"),
    "a cube": (lambda x: x**3, VECTOR, "pow"),
    "three dimensions": (lambda x: F.conv3d(x[:, None], drawn(1, 1, 2, 2, 2)).flatten(1), IMAGE, "3 dimensions|conv3d"),
    "a branch": (lambda x: x if x.sum() > 0 else -x, VECTOR, "can't follow"),
    "its own order of axes": (lambda x: x.transpose(0, 1).flip(0).transpose(0, 1), VECTOR, "transpose|images"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_is_refused_by_name(name: str) -> None:
    function, given, said = REFUSED[name]
    function(torch.rand(3, *given))
    with pytest.raises(ConfigError, match=said):
        _graph(function, given)


def test_every_operation_was_met() -> None:
    """By the tests above, which run in one process."""
    missing = sorted(set(operations.OPERATIONS) - REACHED)
    assert not missing, missing


def test_normalizations_disappear() -> None:
    """Batch normalization after a linear layer, a convolution and a grouped transposed one costs nothing."""
    module = nn.Sequential(
        nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Unflatten(1, (8, 1, 1)),
        nn.ConvTranspose2d(8, 12, 3, 2, groups=4, bias=False), nn.BatchNorm2d(12), nn.LeakyReLU(),
        nn.Conv2d(12, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Identity(), nn.Dropout(),
    )  # fmt: skip
    for part in module.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            part.running_mean, part.running_var = drawn(part.num_features), drawn(part.num_features).square() + 0.2
            nn.init.normal_(part.weight)
    network = graph_of_module(module, (6,), "decoder")
    names = [node.name for node in network.graph.nodes]
    assert names == ["Gemm", "Relu", "Reshape", "ConvTranspose", "LeakyRelu", "Conv"]
    x = torch.rand(5, 6)
    with torch.no_grad():
        torch.testing.assert_close(module_of(network)(x), module.eval()(x), atol=1e-5, rtol=1e-5)


def test_a_value_that_two_read_keeps_its_normalization() -> None:
    """Or the one that reads the convolution itself would get what is not its."""
    weight = drawn(4, 4, 3, 3)

    def function(x: Tensor) -> Tensor:
        y = F.conv2d(x, weight, padding=1)
        return F.batch_norm(y, torch.ones(4), torch.full((4,), 2.0)) + y

    x = torch.rand(2, *IMAGE)
    network = _graph(function, IMAGE)
    torch.testing.assert_close(module_of(network)(x), function(x), atol=1e-5, rtol=1e-5)
