"""What holds for every anomaly score: one finite number an image, the image's own, from a state that can be kept."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from numpy.typing import NDArray

from vae.anomalies.forward_pass import Pass, concatenate, passes
from vae.anomalies.methods import base, registry
from vae.errors import ScoreError
from vae.model.vae import VAE
from vae.storage.paths import PROJECT

States = dict[str, dict[str, NDArray[Any]]]  # arrays by the name of the score, and by their own
EVERY = list(registry.SCORES)


def scored(name: str, batch: Pass, states: States, model: VAE) -> NDArray[np.float32]:
    return registry.get(name).score(batch, states[name], model)


@pytest.mark.parametrize("name", EVERY)
def test_a_score_is_one_finite_number_an_image(
    name: str, digits_vae: VAE, sixty_digits: Pass, digits_states: States
) -> None:
    blank = np.zeros((3, 1, 8, 8), np.uint8)
    flat = np.stack([blank[0], blank[0] + 255, blank[0] + 128])  # black has no energy to divide by
    found = scored(
        name, concatenate([passes(digits_vae, flat), sixty_digits.take(slice(0, 15))]), digits_states, digits_vae
    )
    assert found.shape == (18,)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert len(np.unique(found)) > 10
    assert scored(name, sixty_digits.take(slice(0, 0)), digits_states, digits_vae).shape == (0,)


@pytest.mark.parametrize("name", EVERY)
def test_a_score_depends_on_its_image_alone(
    name: str, digits_vae: VAE, sixty_digits: Pass, digits_states: States
) -> None:
    few = sixty_digits.take(slice(0, 12))
    whole = scored(name, few, digits_states, digits_vae)
    chunks = [scored(name, few.take(s), digits_states, digits_vae) for s in (slice(0, 1), slice(1, 6), slice(6, None))]
    np.testing.assert_allclose(np.concatenate(chunks), whole, rtol=1e-3, atol=1e-3)
    backwards = scored(name, few.take(slice(None, None, -1)), digits_states, digits_vae)
    np.testing.assert_allclose(backwards[::-1], whole, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", EVERY)
def test_a_state_is_deterministic_bounded_and_survives_a_file(
    name: str,
    digits_vae: VAE,
    normal_digits: Pass,
    sixty_digits: Pass,
    digits_states: States,
) -> None:
    score, few = registry.get(name), sixty_digits.take(slice(0, 8))
    again = score.fit(normal_digits, digits_vae)
    kept = safetensors.numpy.load(safetensors.numpy.save(again))
    assert {n: a.tolist() for n, a in kept.items()} == {n: a.tolist() for n, a in digits_states[name].items()}
    base.rebuilt.cache_clear()  # estimators are fitted from the file's arrays, not remembered
    assert np.array_equal(score.score(few, kept, digits_vae), scored(name, few, digits_states, digits_vae))


@pytest.mark.parametrize("name", EVERY)
def test_too_few_normal_images_are_refused(name: str, digits_vae: VAE, normal_digits: Pass, sixty_digits: Pass) -> None:
    score = registry.get(name)
    least = score.minimum(normal_digits)
    for count in {0, least - 1}:
        with pytest.raises(ScoreError, match=rf"fitted to {count} normal images, expected at least {least}"):
            score.fit(normal_digits.take(slice(0, count)), digits_vae)
    fitted = score.fit(normal_digits.take(slice(0, least)), digits_vae)
    assert np.isfinite(score.score(sixty_digits.take(slice(0, 4)), fitted, digits_vae)).all()


@pytest.mark.parametrize("name", EVERY)
def test_equal_normal_images_give_finite_scores(
    name: str, digits_vae: VAE, normal_digits: Pass, sixty_digits: Pass
) -> None:
    score, same = registry.get(name), normal_digits.take(np.zeros(40, np.int64))
    assert np.isfinite(score.score(sixty_digits.take(slice(0, 4)), score.fit(same, digits_vae), digits_vae)).all()


@pytest.mark.parametrize("name", sorted(n for n in EVERY if n in {"mahalanobis", "knn", "lof", "mixture_density"}))
def test_a_foreign_state_is_refused(name: str, digits_vae: VAE, sixty_digits: Pass, digits_states: States) -> None:
    score, state = registry.get(name), digits_states[name]
    first = next(iter(state))
    with pytest.raises(ScoreError, match=f"no '{first}'"):
        score.score(sixty_digits, {n: a for n, a in state.items() if n != first}, digits_vae)
    with pytest.raises(ScoreError, match="has shape"):
        score.score(sixty_digits, {n: a[:, None] for n, a in state.items()}, digits_vae)
    with pytest.raises(ScoreError, match="not finite"):
        score.score(sixty_digits, {n: np.full_like(a, np.nan) for n, a in state.items()}, digits_vae)


def test_a_mixture_that_is_none_is_refused(sixty_digits: Pass, digits_states: States) -> None:
    state = digits_states["mixture_density"]
    with pytest.raises(ScoreError, match="mixture can't be used"):
        registry.get("mixture_density").score(sixty_digits, {**state, "covariances": -state["covariances"]})


def test_scores_that_ask_the_model_say_so(normal_digits: Pass) -> None:
    for score in registry.SCORES.values():
        if score.needs_model:
            with pytest.raises(ScoreError, match="needs the model"):
                score.fit(normal_digits)
        else:
            score.fit(normal_digits.take(slice(0, 60)))  # does without
    needing = {score.name for score in registry.SCORES.values() if score.needs_model}
    assert {"importance_weighted", "regret"} <= needing
    assert not needing & registry.BASELINES


# --- the registry -----------------------------------------------------------------------------------------------------


def test_every_score_says_what_it_is() -> None:
    for name, score in registry.SCORES.items():
        assert (score.name, registry.get(name)) == (name, score)
        assert score.title
        assert score.source
        assert "fails" in score.about or "can't" in score.about, f"{name} doesn't say when it fails"
    assert registry.DEFAULT in registry.SCORES
    assert set(registry.SCORES) > registry.SLOW | registry.BASELINES
    assert len({score.title for score in registry.SCORES.values()}) == len(registry.SCORES)


def test_an_unknown_score_names_the_known_ones() -> None:
    with pytest.raises(ScoreError, match=r"Unknown score 'elbow'\. Known ones: .*negative_elbo"):
        registry.get("elbow")


def test_the_registry_needs_neither_torch_nor_scikit_learn() -> None:
    code = "import sys, vae.anomalies.methods.registry; print({'torch', 'sklearn', 'scipy'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True)
    assert ran.stdout.strip() == "set()"
