"""`worker.engines.talking.motion.trajectory`: the smoothest way past weighted targets."""

from __future__ import annotations

import numpy as np
import pytest

from worker.engines.talking.motion.trajectory import HARD, smoothest
from worker.engines.talking.numerics.arrays import floats


@pytest.mark.parametrize("count", [3, 4, 5, 200])
def test_it_is_the_least_of_what_is_minimised(count: int) -> None:
    chance = np.random.default_rng(count)
    target, weight = floats(chance.standard_normal(count)), floats(chance.random(count) + 0.1)
    differences = np.diff(np.eye(count), 2, axis=0)
    system = np.diag(weight.astype(np.float64)) + 7 * differences.T @ differences
    assert smoothest(target, weight, 7) == pytest.approx(np.linalg.solve(system, weight * target), abs=1e-5)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_is_too_short_to_bend_is_its_targets(count: int) -> None:
    assert smoothest(floats(np.arange(count)), floats(np.ones(count)), 9).tolist() == list(range(count))


def test_a_hard_target_is_met_and_a_soft_one_passed_by() -> None:
    target, weight = floats(np.full(60, 0.5)), floats(np.ones(60))
    target[28:36], weight[28:36] = 0, HARD
    found = smoothest(target, weight, 100)
    assert np.abs(found[29:35]).max() < 0.02
    assert found[20] < 0.5
    assert np.abs(np.diff(found)).max() < 0.1
