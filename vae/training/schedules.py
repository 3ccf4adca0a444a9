"""What changes from step to step: the weight of the KL term, and the learning rate."""

from __future__ import annotations

import math
import warnings

from torch import optim
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from vae.config import TrainConfig

RISING_SHARE = 0.5  # of a cycle, after which the KL weight stays at beta
RATE_HALVED = {"one_cycle": 0.65, "cosine": 0.5}  # share of all steps after which the rate is below half its peak


def kl_weight(config: TrainConfig, step: int, steps_per_epoch: int) -> float:
    """The weight of the KL term in gradient step `step`, counted from 0.

    linear: from 0 to beta over the first `kl_warmup` epochs (Bowman et al. 2016; Sønderby et al. 2016). cyclical: so
    again in the first half of each of `kl_cycles` parts of the training (Fu et al. 2019, eq. 6, R = 0.5).
    """
    match config.kl_schedule:
        case "linear":
            return config.beta * min(1.0, step / (config.kl_warmup * steps_per_epoch))
        case "cyclical":
            total = config.epochs * steps_per_epoch
            place = step * config.kl_cycles % total / total  # within its cycle, 0 to 1; whole numbers until here
            return config.beta * min(1.0, place / RISING_SHARE)
        case _:
            return config.beta


def has_slowed_down(config: TrainConfig, share: float) -> bool:
    """Whether the learning rate has come down from its peak when `share` of all steps are done; a constant one needn't.

    Before, a loss that rests says little: most of what a schedule brings comes as the rate falls.
    """
    return share >= RATE_HALVED.get(config.lr_schedule, 0.0)


def learning_rates(config: TrainConfig, optimizer: optim.Optimizer, steps: int, done: int) -> LRScheduler:
    """The schedule of the learning rate over `steps` gradient steps, of which `done` are behind.

    one_cycle: up over the first 30 %, down to almost nothing, Adam's momentum the other way round (Smith & Topin 2018,
    arXiv:1708.07120; torch's OneCycleLR). cosine: down to nothing (Loshchilov & Hutter 2017, one period).
    """
    for group in optimizer.param_groups:  # from the peak, wherever an earlier schedule has left it
        group["lr"] = config.learning_rate * group.get("rate_factor", 1.0)
    schedule: LRScheduler
    match config.lr_schedule:
        case "one_cycle":
            peaks = [group["lr"] for group in optimizer.param_groups]
            schedule = OneCycleLR(optimizer, peaks, total_steps=max(steps, 2))
        case "cosine":
            schedule = LambdaLR(optimizer, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps)))
        case _:
            schedule = LambdaLR(optimizer, lambda step: 1.0)
    if done:  # all three are functions of the step alone: jump there instead of going step by step
        schedule.last_epoch = done - 1
        with warnings.catch_warnings():  # the optimizer has stepped, in the process that was interrupted
            warnings.filterwarnings("ignore", "Detected call of `lr_scheduler.step")
            schedule.step()
    return schedule
