"""A few exponentials that stand for the sum over the whole spectrum.

The signal behind any path through the four basis materials is fitted with relative errors, so that
a dense body behind metal is as right as the lung: see the tests for the figures.
"""

from __future__ import annotations

import numpy as np

TERMS = 6
"""Exponentials per beam: rms error about 0.1 % down to a transmission of 1e-4."""

LONGEST = (400.0, 80.0, 16.0, 10.0)
"""Paths that are fitted: mm of soft tissue and bone, mm·g/cm³ of the agent, mm of steel."""
SAMPLES = 600
FAINTEST, FAINT = 1e-6, 2e-5
"""Transmission below which nothing is fitted, and below which errors stop being relative."""
STARTS = ((0.0, 0.0, 5.0, 0.0), (30.0, 1.0, 1.0, 0.0))
"""Paths whose spectra the first guesses are taken from: they lie on both sides of a K-edge."""
FIRST_STEPS, STEPS, NEAR_STEPS = 15, 180, 30
LARGEST_STEP = 0.7


def _sample_paths() -> np.ndarray:
    """Paths spread over the four materials, (n, 4); the first is the open beam.

    A low-discrepancy sequence, denser where paths are short; each material but the first is absent
    from about half of them, because it is from most rays.
    """
    k = np.arange(SAMPLES)[:, None] + 1.0
    g = 1.1673039782614187  # root of x**5 = x + 1: the Kronecker sequence of four dimensions
    u = (0.5 + k * (1.0 / g) ** np.arange(1, 5)) % 1.0
    u = u ** np.array([1.2, 2.0, 2.5, 2.5])
    absent = np.random.default_rng(1).random(u.shape) < (0.1, 0.45, 0.45, 0.45)
    return np.concatenate([np.zeros((1, 4)), np.where(absent, 0.0, u * LONGEST)])


def fit_terms(
    response: np.ndarray,
    mu_per_mm: np.ndarray,
    energies: np.ndarray,
    near: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (TERMS,) and coefficients (TERMS, 4).

    Args:
        response: what the detector makes of each energy bin, any unit.
        mu_per_mm: (bins, 4) coefficients of the materials; a column of zeros is skipped.
        energies: of the bins.
        near: result for a spectrum much like this one, from which to go on: takes a sixth of the
            time.

    Levenberg-Marquardt on the logarithms (so everything stays positive), started from quantiles of
    the spectrum behind each of STARTS; the better of them is followed to the end.
    """
    keep = response > 1e-7 * response.sum()
    response = response[keep] / response[keep].sum()
    used = mu_per_mm.max(axis=0) > 0.0
    mu, energies, paths = mu_per_mm[keep][:, used], energies[keep], _sample_paths()[:, used]
    truth = np.exp(-paths @ mu.T) @ response
    seen = truth > FAINTEST
    search = _Search(paths[seen], truth[seen])
    if near is not None:
        start = np.concatenate([np.log(near[0]), np.log(near[1][:, used]).ravel()])
        return _result(search.go_on(start, 1e-3, NEAR_STEPS)[1], used)
    reached = []
    for path in STARTS:
        hardened = np.cumsum(response * np.exp(-mu @ np.array(path)[used]))
        start = np.interp((np.arange(TERMS) + 0.5) / TERMS, hardened / hardened[-1], energies)
        first = np.stack([np.interp(start, energies, column) for column in mu.T], axis=1)
        logs = np.concatenate([np.full(TERMS, -np.log(TERMS)), np.log(first).ravel()])
        reached.append(search.go_on(logs, 1e-2, FIRST_STEPS))
    _, logs, damping = min(reached, key=lambda r: r[0])
    return _result(search.go_on(logs, damping, STEPS)[1], used)


def _result(logs: np.ndarray, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights and coefficients from the parameters; zeros for materials that were skipped."""
    weights, whole = np.exp(logs[:TERMS]), np.zeros((TERMS, len(used)))
    whole[:, used] = np.exp(logs[TERMS:]).reshape(TERMS, -1)
    return weights / weights.sum(), whole


class _Search:
    """Least squares of relative errors over the parameters' logarithms."""

    def __init__(self, paths: np.ndarray, truth: np.ndarray) -> None:
        self.paths, self.truth = np.ascontiguousarray(paths.T), truth
        self.certainty = 1.0 / (truth + FAINT)
        self.certainty[paths.sum(axis=1) == 0] *= 10.0
        # One row per parameter, so that each is written in one go.
        self._jacobian = np.empty((TERMS * (1 + len(self.paths)), len(truth)))

    def go_on(
        self, logs: np.ndarray, damping: float, steps: int
    ) -> tuple[float, np.ndarray, float]:
        """Goes on from `logs`; returns the sum of squares, the parameters and the damping."""
        terms, error = self._errors(logs)
        cost, moved = float(error @ error), True
        for _ in range(steps):
            if moved:
                jacobian = self._slopes(logs, terms)
                normal, slope = jacobian @ jacobian.T, jacobian @ error
            damped = normal.copy()
            damped.flat[:: len(damped) + 1] *= 1.0 + damping
            damped.flat[:: len(damped) + 1] += 1e-12
            step = np.linalg.solve(damped, slope)
            np.clip(step, -LARGEST_STEP, LARGEST_STEP, out=step)
            new_terms, new_error = self._errors(logs - step)
            new_cost = float(new_error @ new_error)
            moved = new_cost < cost
            if moved:
                logs, terms, error, cost = logs - step, new_terms, new_error, new_cost
            damping = max(damping / 3.0, 1e-9) if moved else min(damping * 3.0, 1e6)
        return cost, logs, damping

    def _errors(self, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The exponentials on all paths, (TERMS, n), and the relative errors of their sum, (n,)."""
        mu = np.exp(logs[TERMS:].reshape(TERMS, -1))
        terms = np.exp(logs[:TERMS, None] - mu @ self.paths)
        return terms, (terms.sum(axis=0) - self.truth) * self.certainty

    def _slopes(self, logs: np.ndarray, terms: np.ndarray) -> np.ndarray:
        """Derivatives of the errors, (parameters, n)."""
        mu = np.exp(logs[TERMS:].reshape(TERMS, -1))
        weighted = terms * self.certainty
        self._jacobian[:TERMS] = weighted
        by_mu = self._jacobian[TERMS:].reshape(TERMS, len(self.paths), -1)
        np.multiply(-weighted[:, None, :] * mu[:, :, None], self.paths[None], out=by_mu)
        return self._jacobian
