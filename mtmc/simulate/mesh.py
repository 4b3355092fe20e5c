"""Triangle meshes: normals, borders, smoothing and simple solids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mtmc.simulate.body import Floats, Ints

Mask = NDArray[np.bool_]


def vertex_normals(vertices: Floats, faces: Ints) -> Floats:
    """Area-weighted unit normals, ``(V, 3)``."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for k in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(
                faces[:, k], weights=face[:, axis], minlength=len(vertices)
            )
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12))


def edges_of(faces: Ints) -> tuple[Ints, Ints]:
    """All edges and those at a border, ``(E, 2)`` each."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    key = np.sort(edges, axis=1)
    key = key[:, 0] * (faces.max() + 1) + key[:, 1]
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    return edges, edges[counts[inverse.ravel()] == 1]


def smooth(vertices: Floats, faces: Ints, rounds: int) -> Floats:
    """Smooth without shrinking; borders stay.

    Source: Taubin, A Signal Processing Approach to Fair Surface Design, 1995, eq. 6-8.
    """
    n = len(vertices)
    edges, border = edges_of(faces)
    edges = edges[~np.isin(edges[:, 0], border)]
    matrix = sparse.csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    total = np.asarray(matrix.sum(1))
    moves = total > 0
    for _ in range(rounds):
        for step in (0.5, -0.53):
            mean = (matrix @ vertices) / np.maximum(total, 1)
            vertices = np.where(moves, vertices + step * (mean - vertices), vertices)
    return vertices


def superellipsoid(
    centre: Floats, radii: tuple[float, float, float], power: float = 2.0, n: int = 12
) -> tuple[Floats, Ints]:
    """A superellipsoid: a ball for power 2, towards a box for larger powers."""
    rows, columns = n // 2 + 1, n
    latitude = np.linspace(-np.pi / 2, np.pi / 2, rows)
    longitude = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    lat, lon = np.meshgrid(latitude, longitude, indexing="ij")
    ball = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1)
    ball = ball.reshape(-1, 3)
    norm = (np.abs(ball) ** power).sum(1, keepdims=True) ** (1 / power)
    vertices = ball / norm * np.array(radii) + centre
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns), indexing="ij")
    a, b = i * columns + j, i * columns + (j + 1) % columns
    c, d = a + columns, b + columns
    quads = np.stack([a, b, d, c], -1).reshape(-1, 4)
    return vertices, np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
