"""The constant-velocity Kalman filter of many tracks at once.

A track's state is four coordinates and their velocities. The noise of one coordinate says nothing
about another, so the 8x8 covariance consists of four independent 2x2 blocks and every step has a
closed form per coordinate: the same numbers as the matrix filter, without matrices.

Source: Kalman, "A New Approach to Linear Filtering and Prediction Problems", 1960, for the state
(p, v) with F = [[1, 1], [0, 1]] and H = [1, 0].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# Planes of the state array (5, N, 4): value, velocity, and the covariance of the two.
VALUE, VELOCITY, VAR_VALUE, COVARIANCE, VAR_VELOCITY = range(5)


def start(values: Array, var_value: Array, var_velocity: Array) -> Array:
    """States at rest.

    Args:
        values: ``(N, 4)`` measured coordinates.
        var_value: variance of the coordinates, broadcast to ``(N, 4)``.
        var_velocity: variance of their velocities, likewise.

    Returns:
        ``(5, N, 4)`` state.
    """
    state = np.zeros((5, *values.shape))
    state[VALUE] = values
    state[VAR_VALUE] = var_value
    state[VAR_VELOCITY] = var_velocity
    return state


def predict(state: Array, var_value: Array, var_velocity: Array) -> None:
    """Moves states one frame ahead, in place.

    Args:
        state: ``(5, N, 4)``.
        var_value: process noise of the coordinates, broadcast to ``(N, 4)``.
        var_velocity: process noise of their velocities, likewise.
    """
    value, velocity, p_xx, p_xv, p_vv = state
    value += velocity
    p_xx += p_xv
    p_xv += p_vv
    p_xx += p_xv
    p_xx += var_value
    p_vv += var_velocity


def update(state: Array, measured: Array, var_measured: Array) -> None:
    """Corrects states by a measurement of their coordinates, in place.

    Args:
        state: ``(5, N, 4)``.
        measured: ``(N, 4)`` coordinates.
        var_measured: measurement noise, broadcast to ``(N, 4)``.
    """
    value, velocity, p_xx, p_xv, p_vv = state
    total = p_xx + var_measured
    gain, gain_velocity = p_xx / total, p_xv / total
    surprise = measured - value
    value += gain * surprise
    velocity += gain_velocity * surprise
    p_vv -= gain_velocity * p_xv
    left = 1.0 - gain
    p_xx *= left
    p_xv *= left
