"""Which part of the body a vertex is: arms, legs, scalp, face; found once on the average body."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mtmc.simulate.body import JOINT_INDEX, BodyModel, Floats, body_model


@dataclass(frozen=True)
class Regions:
    """Where a vertex lies on any body, found once on the average one.

    Attributes:
        arm: 0 at the shoulder, 1 at the wrist, 0 off the arms.
        leg: 0 at the hip, 1 at the ankle, beyond 1 on the foot, negative above the hip.
        height: m above the hip joint at rest.
        scalp: how much hair grows there, [0, 1].
        brow, lip, beard: parts of the face, [0, 1].
    """

    arm: Floats
    leg: Floats
    height: Floats
    scalp: Floats
    brow: Floats
    lip: Floats
    beard: Floats


@lru_cache(maxsize=1)
def regions() -> Regions:
    """The regions of the average body."""
    model = body_model()
    v, j = model.template.vertices, model.template.joints

    def joint(name: str) -> Floats:
        return np.asarray(j[JOINT_INDEX[name]])

    share = np.zeros((len(v), len(j)))
    np.put_along_axis(share, model.bones, model.weights, axis=1)
    arm = np.zeros(len(v))
    for side in "LR":
        own = share[:, [JOINT_INDEX[f"{n}.{side}"] for n in ("upperarm", "forearm", "hand")]]
        on_lower = own[:, 1:].sum(1) > own[:, 0]
        shoulder, elbow, wrist = (joint(f"{n}.{side}") for n in ("upperarm", "forearm", "hand"))
        upper = np.linalg.norm(elbow - shoulder)
        lower = np.linalg.norm(wrist - elbow)
        along_upper = (v - shoulder) @ (elbow - shoulder) / upper
        along_lower = (v - elbow) @ (wrist - elbow) / lower
        length = np.where(on_lower, upper + along_lower, along_upper)
        arm = np.where(own.sum(1) > 0.5, np.clip(length / (upper + lower), 0.001, 1.5), arm)
    hip, ankle = joint("thigh.L")[2], joint("foot.L")[2]
    leg = (hip - v[:, 2]) / (hip - ankle)
    leg[arm > 0] = -1.0
    return Regions(arm=arm, leg=leg, height=v[:, 2] - hip, **_face_regions(model, share))


def _face_regions(model: BodyModel, share: Floats) -> dict[str, Floats]:
    """Scalp, brows, lips and beard by their place around the eyes of the average head."""
    v = model.template.vertices
    eyes = np.unique(model.faces["eyes"])
    eye = v[eyes].mean(0)
    x, y, z = np.abs(v[:, 0]), v[:, 1] - eye[1], v[:, 2] - eye[2]
    head = share[:, JOINT_INDEX["head"]] + share[:, JOINT_INDEX["neck"]] > 0.5
    # Hairline: how high hair starts, from the forehead (y < 0 is in front) to the neck.
    line = np.interp(
        y, [-0.045, -0.02, 0.0, 0.02, 0.04, 0.052, 0.075, 0.095, 0.11, 0.14, 0.17],
        [0.074, 0.070, 0.058, 0.040, 0.014, -0.022, 0.008, -0.02, -0.05, -0.075, -0.08],
    )  # fmt: skip
    scalp = head * np.clip((z - line) / 0.012, 0, 1)
    scalp *= 1 - model.ears
    front = head & (y < 0.03)
    arch = 0.021 + 0.10 * (x - 0.012) - 1.6 * np.maximum(x - 0.03, 0) ** 2 * 10
    brow = front * (x > 0.010) * (x < 0.052) * np.clip(1.5 - np.abs(z - arch) / 0.0055, 0, 1)
    jaw = head * np.clip((-0.045 - z) / 0.01, 0, 1) * np.clip((0.075 - y) / 0.02, 0, 1)
    jaw = jaw * np.clip((z + 0.135) / 0.01, 0, 1) * (1 - model.lips)
    return {"scalp": scalp, "brow": brow, "lip": model.lips, "beard": jaw}
