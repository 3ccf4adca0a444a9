"""Make a model of the app out of a VAE that was trained elsewhere: from Python, ONNX, or a file of weights."""

from __future__ import annotations

import argparse
import importlib
import sys
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae.commands.common import add_json, add_run_folder, print_json
from vae.errors import ConfigError
from vae.jobs.progress import Progress
from vae.jobs.stopping import stoppable
from vae.storage import door, kinds, probe
from vae.storage.reporting import storage_errors_as

if TYPE_CHECKING:
    from vae.adoption.adopting import Adopted

RANGES = ("unit", "signed", "bytes", "mnist", "imagenet")
CUTS = "MU,LOGVAR,LATENT,PICTURE"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NAME, where it comes from, the data set, and what the files don't tell."""
    parser.add_argument("name", metavar="NAME", help="the new model's name")
    parser.add_argument(
        "code",
        metavar="MODULE:FACTORY",
        nargs="?",
        help="your own code: a function without arguments that gives an object with encode and decode, or encoder and "
        "decoder",
    )
    parser.add_argument("--onnx", nargs="+", type=Path, metavar="FILE", help="an encoder and a decoder, in any order")
    parser.add_argument("--cut", metavar=CUTS, help="names of values in a single ONNX model")
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help=".pt, .pth, .ckpt or .safetensors; with MODULE:FACTORY its state"
    )
    parser.add_argument("--dataset", required=True, metavar="NAME", help="images of the size that it was trained on")
    parser.add_argument("--pixels", choices=RANGES, help="the range of its pixels (default: what reconstructs best)")
    parser.add_argument(
        "--logits", action=argparse.BooleanOptionalAction, default=None, help="whether its decoder gives logits"
    )
    parser.add_argument("--likelihood", choices=("bernoulli", "gaussian"), help="by which the loss is measured")
    parser.add_argument("--activation", metavar="NAME", help="between its layers, such as ReLU or LeakyReLU(0.2)")
    parser.add_argument("--final", choices=("nothing", "Sigmoid", "Tanh"), help="after its last layer")
    parser.add_argument("--again", action="store_true", help="in place of an adopted model of that name")
    add_json(parser)
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Read it, check it on real images, write the checkpoint: a failure or a stop leaves nothing behind."""
    progress = Progress(arguments.run_folder)
    try:
        with stoppable():
            adopted = _adopted(arguments, progress)
        message = "\n".join([f"{arguments.name}: in {adopted.path}.", *adopted.lines()])
        told = {"error": adopted.error, "is_clear": adopted.is_clear, "tried": [asdict(one) for one in adopted.tried]}
        progress.report(stage="done", fraction=1.0, seconds_left=0, finished=True, message=message, adopted=told)
    finally:
        progress.close()
        _remove_uploads(arguments)
    if arguments.json:
        print_json(
            {
                "name": arguments.name,
                "path": str(adopted.path),
                "error_share": adopted.error,
                "test_loss": adopted.test_loss,
                "choices": adopted.choices,
            }
        )
    else:
        print(message)


def _adopted(arguments: argparse.Namespace, progress: Progress) -> Adopted:
    from vae.adoption import from_onnx, from_weights
    from vae.adoption.adopting import Destination
    from vae.adoption.candidates import Wishes
    from vae.adoption.weights.guessing import LayerChoice

    wishes = Wishes(arguments.pixels, arguments.logits, arguments.likelihood)
    if sum(map(bool, (arguments.code, arguments.onnx, arguments.weights and not arguments.code))) != 1:
        raise ConfigError("Expected one of MODULE:FACTORY, --onnx or --weights.")
    if arguments.code:
        return _from_code(arguments)
    destination = Destination(arguments.name, arguments.again)
    if arguments.onnx:
        files = [(path.name, _read(_given(path, arguments))) for path in arguments.onnx]
        return from_onnx.adopt(destination, files, arguments.dataset, wishes, _cuts(arguments.cut), progress)
    choice = LayerChoice(arguments.activation, arguments.final)
    weights = _given(arguments.weights, arguments)
    return from_weights.adopt(destination, weights, arguments.dataset, wishes, choice, progress)


def _given(path: Path, arguments: argparse.Namespace) -> Path:
    """A job's files are in its run folder."""
    here = arguments.run_folder / path.name if arguments.run_folder else path
    return here if probe.is_there(here) else path


def _remove_uploads(arguments: argparse.Namespace) -> None:
    """The job's own copies; a person's files are not in its run folder."""
    for path in (*(arguments.onnx or ()), *filter(None, [arguments.weights])):
        if arguments.run_folder:
            (arguments.run_folder / path.name).unlink(missing_ok=True)


@storage_errors_as(ConfigError)
def _read(path: Path) -> bytes:
    return door.read(path, kinds.ONNX)


def _cuts(text: str | None) -> Any:
    from vae.adoption.from_onnx import Cuts

    if text is None:
        return Cuts()
    names = [name.strip() for name in text.split(",")]
    if len(names) != 4:
        raise ConfigError(f"--cut is {text!r:.100}, expected {CUTS}; leave one empty for what the model has.")
    return Cuts(*names)


def _from_code(arguments: argparse.Namespace) -> Adopted:
    """The person's own code, on their own machine."""
    from vae.adoption import from_python

    module_name, _, factory = arguments.code.partition(":")
    if not factory:
        raise ConfigError(f"{arguments.code!r:.100} names no function, expected MODULE:FACTORY.")
    sys.path.insert(0, str(Path.cwd()))
    try:
        made = getattr(importlib.import_module(module_name), factory)()
    except Exception as error:  # whatever somebody's own code raises
        raise ConfigError(f"{arguments.code} can't be used: {type(error).__name__}: {error!s:.300}") from error
    if arguments.weights:
        _load(made, arguments.weights)
    encoder = getattr(made, "encode", None) or getattr(made, "encoder", None)
    decoder = getattr(made, "decode", None) or getattr(made, "decoder", None)
    if encoder is None or decoder is None:
        raise ConfigError(f"{arguments.code} gives {type(made).__name__}, which has no encode and decode.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", from_python.KeptInOnnxWarning)  # its text is among what is printed
        return from_python.adopt(
            arguments.name,
            encoder=encoder,
            decoder=decoder,
            dataset=arguments.dataset,
            pixels=arguments.pixels,
            logits=arguments.logits,
            likelihood=arguments.likelihood,
        )


def _load(model: Any, path: Path) -> None:
    import torch

    from vae.adoption.weights import state_dict, weights_file

    tensors = {name: torch.tensor(array) for name, array in weights_file.read(path).items()}
    stripped = state_dict.without_wrappers(tensors)
    wanted = set(model.state_dict())
    chosen = tensors if set(tensors) == wanted else stripped
    if set(chosen) != wanted:
        missing, extra = sorted(wanted - set(chosen)), sorted(set(chosen) - wanted)
        raise ConfigError(f"{path.name} lacks {', '.join(missing[:8])}; it has {', '.join(extra[:8])} instead.")
    try:
        model.load_state_dict(chosen)
    except RuntimeError as error:
        raise ConfigError(f"{path.name} doesn't fit {type(model).__name__}: {error!s:.400}") from error
