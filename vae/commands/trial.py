"""Measure how fast this machine trains a model: about a second of real gradient steps. Nothing is kept but the time."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from vae.commands.common import add_json, add_run_folder, print_json
from vae.commands.train import requested
from vae.jobs.progress import Progress
from vae.jobs.stopping import stoppable
from vae.training import request_budget, speed
from vae.training.request_options import add_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`, but for --output; --json."""
    add_options(parser)
    add_json(parser)
    add_run_folder(parser)


def run(arguments: argparse.Namespace) -> None:
    """Measure, save the result in derived/trials/ and print it."""
    request = requested(arguments, speed.OUTPUT)
    request_budget.check_trial(request)
    progress = Progress(arguments.run_folder, quiet=True)
    with stoppable():
        progress.stage("measuring")
        trial = speed.measure(request)
    speed.save(trial, request)
    progress.report(stage="done", fraction=1.0, finished=True)
    epochs = request.train.epochs
    if arguments.json:
        print_json({"epochs": epochs, "seconds": trial.seconds(epochs), **asdict(trial)})
        return
    seconds = f"{trial.seconds_per_epoch:.3g} s an epoch; {trial.seconds(epochs):.3g} s for {epochs:,} with the start"
    print(f"{seconds}, on {trial.device}.")
    print(
        f"Measured over {trial.steps:,} gradient steps in {trial.measured_seconds:.2g} s, with the validation passes."
    )
    if trial.shared:
        print("Another job was computing at the same time; alone it is faster.")
