"""The life of one training run: from images through epochs, each saved in the run folder, to a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from vae.budget import limits
from vae.checkpoints import checkpoint_files, checkpoint_writing, every_image, inference, loading, placing
from vae.checkpoints.baseline import PixelMoments, pixel_moments
from vae.checkpoints.checkpoint import DatasetRef, FloatArray, Latents, Metric, NewCheckpoint
from vae.checkpoints.metrics import Yardstick, measured_by, metrics_of
from vae.config import TrainConfig
from vae.data import datasets
from vae.data.image_dataset import SPLITS, ImageDataset
from vae.errors import CheckpointError, ConfigError, DatasetError, TrainingError
from vae.jobs.progress import Progress
from vae.jobs.stopping import Stopped, deferring, unstoppable
from vae.maps import making
from vae.maps.projection import TITLES, ProjectionMap
from vae.model.devices import best_device, best_precision
from vae.model.vae import VAE, new_model
from vae.storage import probe
from vae.training.batches import free_bytes
from vae.training.diagnostics import in_words
from vae.training.diagnostics.evidence import Evidence
from vae.training.distributed import Workers, from_environment, own_device, together
from vae.training.request import TrainingRequest
from vae.training.run_folder import epoch_files, film, film_files, history, resume_state, status
from vae.training.trainer import EpochReport, Trainer


@dataclass(frozen=True)
class Finished:
    """The epoch that the checkpoint will hold, and why it is that one."""

    rows: list[history.EpochRow]
    epochs: int
    weights: dict[str, FloatArray]
    outcome: str  # trained, early_stopped, stopped or diverged
    summary: str


def run_to_end(request: TrainingRequest, progress: Progress, folder: Path) -> None:
    """Train as requested, from the state in the run folder if there is one, and write the checkpoint.

    Raises
    ------
    Stopped
        When stopped before the first epoch was finished.
    TrainingError
        When no epoch could be finished or saved; the message says what is saved in the run folder.
    """
    workers = from_environment()
    device = own_device(best_device())
    train = request.train
    if train.precision == "auto":  # what is stored says what was done
        train = replace(train, precision=best_precision(device))
    progress.stage("reading images")
    splits = {name: datasets.load(train.dataset, name) for name in SPLITS}
    for name in ("train", "validation"):  # the test split stays whole: it shows what becomes of other classes
        splits[name] = splits[name].only(train.classes)
    if device.type == "cuda" and workers.count == 1:
        counts = {name: len(split) for name, split in splits.items()}
        limits.check_device(request.model, train, counts, free_bytes(device))
    with together(workers, device):
        trainer = Trainer(
            new_model(request.model, train.seed),
            splits["train"].images,
            splits["validation"].images,
            train,
            device,
            workers,
        )
        saver = EpochSaver(folder, trainer, splits, progress)
        finished = saver.train()
    if workers.writes:
        _write(request, train, finished, splits["test"], saver.pixels, progress, folder)


class EpochSaver:
    """Runs a trainer and saves every finished epoch: its numbers, its frame of the film, the state to go on from."""

    def __init__(self, folder: Path, trainer: Trainer, splits: dict[str, ImageDataset], progress: Progress) -> None:
        self.folder, self.trainer, self.progress = folder, trainer, progress
        self.workers: Workers = trainer.workers
        self.images = splits["train"].fingerprint
        self.rows: list[history.EpochRow] = []
        self.weights: dict[str, FloatArray] = {}
        self.kept = epoch_files.planned(trainer.model.config, trainer.config.epochs)
        self.by = measured_by(trainer.model.config, trainer.config)
        self.pixels: PixelMoments = pixel_moments(splits["train"].images)
        self.yardsticks = {
            name: self.pixels.yardstick(pixel_moments(images.cpu().numpy()), self.by)
            for name, images in (("train", trainer.reference), ("validation", trainer.validation))
        }
        self._begin(splits["validation"])

    def _begin(self, validation: ImageDataset) -> None:
        """Go back to the saved state, or begin a new film and history."""
        state = status.resume_file(self.folder)
        if probe.is_there(state):
            resume_state.restore(self.trainer, state, self.images)
            self.rows = [row for row in history.read(self.folder) if row["epoch"] <= self.trainer.epoch]
            self.weights = loading.weights_of(self.trainer.model)
        self.saved = self.trainer.epoch
        if int(self.workers.agree(self.trainer.epoch, self.trainer.device)) != self.trainer.epoch:
            raise TrainingError(
                f"Worker {self.workers.rank} does not find the state in {self.folder} that the first one goes on from.",
                "Put the run folder (VAE_RUNS) where all machines see it.",
            )
        self.film = film.Film(validation, film_files.read_frame(self.folder, self._last_frame()))
        if self.workers.writes:
            with self._explained("The run"):
                history.write(self.folder, self.rows)
                epoch_files.forget_after(self.folder, self.trainer.epoch)
                film_files.write_fixed(self.folder, self.film.fixed)
                if not self.trainer.epoch:
                    film_files.write_frame(self.folder, self.film.frame(self.trainer.model, 0))

    def _last_frame(self) -> int:
        return max((epoch for epoch in film_files.epochs(self.folder) if epoch <= self.trainer.epoch), default=0)

    def train(self) -> Finished:
        """All epochs that are left, or as many as a stop or a divergence leaves."""
        config = self.trainer.config
        self.progress.report(epochs=config.epochs, epoch=self.trainer.epoch)
        self.progress.stage("training", "batches")
        begun = self.trainer.epoch * self.trainer.steps_per_epoch
        try:
            for report in self.trainer.run(lambda done, total: self.progress.update(done, total, begun)):
                self._save(report)
        except Stopped:
            if not self.saved:
                self.progress.report(message="Stopped before the first epoch was finished; nothing was kept.")
                raise
            return self._finished("stopped", f"Stopped: kept epoch {self.saved} of {config.epochs}")
        except DatasetError as error:  # images that are streamed can vanish meanwhile
            if not self.saved:
                raise
            return self._finished("stopped", f"{error} Kept epoch {self.saved}")
        except TrainingError as error:
            if not self.saved or isinstance(error, NotSavedError):
                raise
            return self._finished("diverged", f"{error} Kept epoch {self.saved}")
        best = self.trainer.best.epoch
        if self.kept and config.patience and best < self.saved:  # the checkpoint will hold the best, not the last
            self._keep_weights()
        if self.saved < config.epochs:
            self.weights = loading.weights_of(self.trainer.model)
            return self._finished(
                "early_stopped",
                f"No improvement for {config.patience} epochs: kept epoch {best}, the best of {self.saved}",
            )
        self.weights = loading.weights_of(self.trainer.model)
        best_of = f"; kept epoch {best}, the best" if config.patience else ""
        epochs = "epoch" if self.saved == 1 else "epochs"
        return self._finished("trained", f"Trained {self.saved} {epochs}{best_of}")

    def _finished(self, outcome: str, summary: str) -> Finished:
        return Finished(self.rows, self.saved, self.weights, outcome, summary)

    def _save(self, report: EpochReport) -> None:
        trainer, epoch = self.trainer, report.epoch
        row = history_row(report, self.yardsticks)
        had = len(self.rows[0]) if self.rows else len(row)
        if self.rows:  # a run that an earlier version began goes on with the columns that both have
            row = {name: row[name] for name in self.rows[0] if name in row}
        if len(row) < had:
            self.rows = [{name: old[name] for name in row} for old in self.rows]
        if self.workers.writes:
            with self._explained(f"Epoch {epoch}"):
                if len(row) < had:
                    history.write(self.folder, self.rows)
                history.append(self.folder, row)
                if film_files.is_due(epoch, report.epochs):
                    film_files.write_frame(self.folder, self.film.frame(trainer.model, epoch))
                resume_state.save(trainer, status.resume_file(self.folder), self.images)
        self.rows = [*self.rows, row]
        self.saved, self.weights = epoch, loading.weights_of(trainer.model)
        if epoch in self.kept:
            self._keep_weights()
        self.progress.note(epoch=epoch)

    def _keep_weights(self) -> None:
        """Those of the epoch that was saved last, as what the model was on its way."""
        if self.workers.writes:
            with self._explained(f"The weights of epoch {self.saved}"):
                epoch_files.write(self.folder, self.saved, self.weights)

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Inside, a full disk or a folder without write permission becomes a message that says what is left."""
        try:
            yield
        except OSError as error:
            if not probe.is_folder(self.folder):
                raise NotSavedError(f"The run folder {self.folder} was deleted, and with it every epoch.") from error
            kept = f"epoch {self.saved} is" if self.saved else "nothing is"
            raise NotSavedError(
                f"{what} can't be written to {self.folder}: {error.strerror or error}; {kept} kept there.",
                "Free some space or give write permission, then resume the run.",
            ) from error


class NotSavedError(TrainingError):
    """An epoch could not be written to the run folder."""


def history_row(report: EpochReport, yardsticks: Mapping[str, Yardstick]) -> history.EpochRow:
    """One row of history.csv: nats per image, counts, seconds, images per second."""
    row: history.EpochRow = {"epoch": report.epoch, "steps": report.steps, "train_images": report.train_images}
    for name, terms in (("train", report.train), ("validation", report.validation)):
        row |= {f"{name}_elbo": terms.elbo, f"{name}_log_likelihood": terms.log_likelihood, f"{name}_kl": terms.kl}
        row |= {f"{name}_loss": terms.loss, f"{name}_baseline": yardsticks[name].baseline}
    row |= {f"kl_{i}": kl for i, kl in enumerate(report.validation.kl_per_dim)}
    row |= {"active_units": report.validation.active_units, "sample_variety": report.sample_variety}
    row |= {"kl_weight": report.kl_weight, "learning_rate": report.learning_rate}
    row["marginal_kl"] = report.train.marginal_kl
    if (error := report.validation.loss_error) is not None:
        row["validation_loss_error"] = error
    if (floor := yardsticks["validation"].floor) is not None:
        row["validation_floor"] = floor
    if report.noise_sigma is not None:
        row["noise_sigma"] = report.noise_sigma
    return row | {"images_per_second": report.images_per_second, "seconds": report.seconds}


# --- the checkpoint ---------------------------------------------------------------------------------------------------


def _write(
    request: TrainingRequest,
    train: TrainConfig,
    finished: Finished,
    test: ImageDataset,
    pixels: PixelMoments,
    progress: Progress,
    folder: Path,
) -> None:
    measured = measured_by(request.model, train)
    with deferring() as asked:  # a stop that arrives here must not throw away the epochs
        model = loading.model_from(request.model, finished.weights)
        progress.stage("encoding test images", "images")
        encoded = inference.encode(
            model, test.images, test.labels, binarized=measured.binarized, on_batch=progress.update
        )
        yardstick = pixels.yardstick(pixel_moments(test.images), measured)
        bound = inference.bound_of(model, test.images, train, measured.binarized)
        progress.stage("PCA map")
        maps = [making.fit("pca", encoded.mu, encoded.labels)]
    if finished.outcome in ("trained", "early_stopped") and not asked.is_set():
        maps += _maps_of_neighbours(encoded, progress)
    with unstoppable():
        known = datasets.info(train.dataset)
        metrics = metrics_of(encoded, known.title, measured, yardstick=yardstick, bound=bound)
        metrics["epochs_trained"] = Metric(finished.epochs, "epochs", f"of {train.epochs} asked for")
        reference = DatasetRef(
            test.name,
            known.title,
            test.image_shape,
            test.class_names,
            test.fingerprint,
            measured.preprocessing,
            known.reading,
        )
        new = NewCheckpoint(
            model=request.model,
            train=train,
            dataset=reference,
            command=request.command(),
            weights=finished.weights,
            latents=encoded,
            maps=maps,
            metrics=metrics,
            history=history.thinned(finished.rows),
        )
        try:
            checkpoint_writing.write(
                new, request.destination, status.written(folder), lambda identity: status.note_written(folder, identity)
            )
        except CheckpointError as error:  # such as another run that took the name meanwhile
            raise CheckpointError(
                error.message,
                f"Every epoch is kept: rename or delete what is in the way, then resume run {folder.name}.",
            ) from error
    if not asked.is_set():
        _place_every_image(request, model, progress)
    with unstoppable():
        loss = f"test loss {metrics['test_loss'].value:,.2f} nats per image"
        message = f"{finished.summary}, in {request.destination} ({loss})."
        progress.report(
            stage="done", fraction=1.0, seconds_left=0, finished=True, message=message, outcome=finished.outcome
        )
        progress.close()
        print(message)
        print(in_words.report(Evidence(finished.rows, request.model, train, finished.outcome)))


def _place_every_image(request: TrainingRequest, model: VAE, progress: Progress) -> None:
    """The latents of training and validation images too, for maps; a stop leaves them out, and what they lack is said.

    The checkpoint is there already: nothing here may lose it.
    """
    known = datasets.info(request.train.dataset)
    if sum(known.counts.values()) > every_image.MOST:
        return
    try:
        others = {split: datasets.load(known.name, split) for split in every_image.SPLITS[1:]}
        progress.stage("encoding the other images", "images")
        written = checkpoint_files.read_folder(request.destination, request.destination.name)
        placing.place(written, model, others, progress.update)
    except Stopped:
        return
    except (DatasetError, CheckpointError) as error:
        _say_of_map(f"Only the test images are on the map: {error}", progress)


def _maps_of_neighbours(latents: Latents, progress: Progress) -> list[ProjectionMap]:
    """The t-SNE and UMAP maps; none where there are too few images, and none from the one on that the person stops."""
    made: list[ProjectionMap] = []
    said: list[str] = []
    try:
        for method in making.OF_NEIGHBOURS:
            progress.stage(f"{TITLES[method]} map", "iterations")
            made.append(making.fit(method, latents.mu, latents.labels, on_step=progress.update))
            said.append(made[-1].adapted())
    except (ConfigError, Stopped) as reason:
        lacking = " or ".join(TITLES[method] for method in making.OF_NEIGHBOURS[len(made) :])
        why = reason if isinstance(reason, ConfigError) else "stopped. `python -m vae map` makes it later."
        said.append(f"No {lacking} map: {why}")
    _say_of_map(" ".join(filter(None, said)), progress)
    return made


def _say_of_map(text: str, progress: Progress) -> None:
    """On the page and in the terminal, where there is something to say."""
    if text:
        progress.report(warning=text)
        progress.close()
        print(text)
