"""Human bodies: anny's morphable mesh on a rig reduced to what walking people need.

anny (Apache-2.0) is a parametric body built on MakeHuman's CC0 base mesh. Only its own topology is
used. The base mesh carries *helper* geometry that morphs and moves with the body: tights (neck to
feet, the surface clothes are cut from), a skirt and hair. Units: metres; rest pose: z up, the
person faces -y, left is +x.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtmc.simulate.extra import require_sim

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Our joints, each with the anny bone whose head is its centre, and its parent. Every other anny
# bone (fingers, toes, twists) gives its weights to its nearest ancestor in this table.
JOINTS: dict[str, tuple[str, str | None]] = {
    "pelvis": ("root", None),
    "spine": ("spine04", "pelvis"),
    "chest": ("spine02", "spine"),
    "neck": ("neck01", "chest"),
    "head": ("head", "neck"),
    "clavicle.L": ("clavicle.L", "chest"),
    "upperarm.L": ("upperarm01.L", "clavicle.L"),
    "forearm.L": ("lowerarm01.L", "upperarm.L"),
    "hand.L": ("wrist.L", "forearm.L"),
    "clavicle.R": ("clavicle.R", "chest"),
    "upperarm.R": ("upperarm01.R", "clavicle.R"),
    "forearm.R": ("lowerarm01.R", "upperarm.R"),
    "hand.R": ("wrist.R", "forearm.R"),
    "thigh.L": ("upperleg01.L", "pelvis"),
    "shin.L": ("lowerleg01.L", "thigh.L"),
    "foot.L": ("foot.L", "shin.L"),
    "thigh.R": ("upperleg01.R", "pelvis"),
    "shin.R": ("lowerleg01.R", "thigh.R"),
    "foot.R": ("foot.R", "shin.R"),
}
JOINT_INDEX = {name: i for i, name in enumerate(JOINTS)}
PARENTS = np.array([-1 if p is None else JOINT_INDEX[p] for _, p in JOINTS.values()])
WEIGHTS_PER_VERTEX = 4


def _rotate(points: Floats, axis: Floats, angle: Floats) -> Floats:
    """Rodrigues' rotation of points ``(N, 3)``, each by its own angle ``(N,)``."""
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    along = (points @ axis)[:, None] * axis
    return np.asarray(along + c * (points - along) + s * np.cross(axis, points))


@dataclass(frozen=True)
class Rest:
    """One person's body at rest.

    Attributes:
        vertices: ``(V, 3)`` m, all vertices of the base mesh, helpers included.
        joints: ``(J, 3)`` m, joint centres in the order of `JOINTS`.
    """

    vertices: Floats
    joints: Floats


class BodyModel:
    """anny's body with the faces of its skin and helper groups and a 19-joint rig.

    Attributes:
        faces: group name → ``(F, 3)`` triangles: ``body``, ``helper-tights``, ``helper-skirt``,
            ``helper-hair``, ``eyes``.
        bones: ``(V, 4)`` joint indices; ``weights``: ``(V, 4)``, rows sum to one.
        template: the average body at rest, on which regions are defined once for all people.
        lips, ears: ``(V,)`` in [0, 1], how much a vertex belongs to them.
    """

    def __init__(self) -> None:
        require_sim()
        import anny
        from anny.models.model_data import TopologyConfig

        self._anny: Any = anny.Anny(
            topology=TopologyConfig(base_mesh="makehuman", remove_unattached_vertices=False),
            phenotypes="all",
        )
        self.bones, self.weights = self._reduce_rig()
        self.faces = self._load_faces()
        self.template = self.rest({})
        self.lips = self._vertex_mask("mpfb_lips.jpg")
        self.ears = self._vertex_mask("mpfb_ears.jpg")

    def rest(self, phenotype: dict[str, float]) -> Rest:
        """Shape a body; phenotype values are in [0, 1], 0.5 where not given.

        Keys: ``gender`` (0 male, 1 female), ``age``, ``muscle``, ``weight``, ``height``,
        ``proportions``, ``cupsize``, ``firmness``, ``african``, ``asian``, ``caucasian``.
        """
        import torch

        with torch.inference_mode():
            coefficients = self._anny.get_phenotype_blendshape_coefficients(**phenotype)
            rest = self._anny.get_rest_model(coefficients)
        heads = rest["rest_bone_heads"][0].numpy()
        labels = list(self._anny.bone_labels)
        joints = np.stack([heads[labels.index(bone)] for bone, _ in JOINTS.values()])
        vertices = rest["rest_vertices"][0].numpy().astype(np.float64)
        return Rest(self._curl_fingers(vertices, dict(zip(labels, heads, strict=True))), joints)

    def _curl_fingers(self, vertices: Floats, heads: dict[str, Floats]) -> Floats:
        """Bend the fingers as a resting hand has them; at rest anny's are stretched and spread."""
        curled = vertices.copy()
        for side in "LR":
            across = heads[f"finger5-1.{side}"] - heads[f"finger2-1.{side}"]
            across = across / np.linalg.norm(across) * (1 if side == "L" else -1)
            for finger in "2345":
                for first, angle in ((1, 0.45), (2, 0.6)):
                    moved, share = self._finger_share(side, finger, first)
                    arm = vertices[moved] - heads[f"finger{finger}-{first}.{side}"]
                    curled[moved] += _rotate(arm, across, angle * share) - arm
        return curled

    @lru_cache(maxsize=16)  # noqa: B019, there is one body model
    def _finger_share(self, side: str, finger: str, first: int) -> tuple[Ints, Floats]:
        """The vertices that a finger's bones from `first` on move, and how much."""
        labels = list(self._anny.bone_labels)
        bones = [labels.index(f"finger{finger}-{k}.{side}") for k in range(first, 4)]
        mine = np.isin(self._anny.vertex_bone_indices.numpy(), bones)
        share = (self._anny.vertex_bone_weights.numpy() * mine).sum(1)
        moved = np.flatnonzero(share)
        return moved, np.asarray(share[moved], np.float64)

    def _reduce_rig(self) -> tuple[Ints, Floats]:
        labels, parents = list(self._anny.bone_labels), list(self._anny.bone_parents)
        ours = {bone: JOINT_INDEX[name] for name, (bone, _) in JOINTS.items()}
        joint_of_bone = []
        for bone in range(len(labels)):
            ancestor = bone
            while labels[ancestor] not in ours:
                ancestor = parents[ancestor]
            joint_of_bone.append(ours[labels[ancestor]])
        index = np.asarray(joint_of_bone)[self._anny.vertex_bone_indices.numpy()]
        dense = np.zeros((len(index), len(JOINTS)))
        np.add.at(dense, (np.arange(len(index))[:, None], index), self._anny.vertex_bone_weights)
        bones = np.argsort(-dense, axis=1, kind="stable")[:, :WEIGHTS_PER_VERTEX]
        weights = np.take_along_axis(dense, bones, axis=1)
        return bones, weights / weights.sum(1, keepdims=True)

    def _load_faces(self) -> dict[str, Ints]:
        import torch
        from anny.paths import get_anny_root_dir
        from anny.utils.obj_utils import load_obj_file

        path = get_anny_root_dir() / "data/mpfb2/3dobjs/base.obj"
        _, _, groups = load_obj_file(str(path), dtype=torch.float64)

        def triangles(*names: str) -> Ints:
            quads = np.concatenate([groups[n]["face_vertex_indices"].numpy() for n in names])
            return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])

        faces = {n: triangles(n) for n in ("helper-tights", "helper-skirt", "helper-hair")}
        faces["eyes"] = triangles("helper-l-eye", "helper-r-eye")
        faces["body"] = self._anny.faces.numpy()[:, :3]
        faces["body"] = faces["body"][(faces["body"] < 13380).all(1)]
        return faces

    def _vertex_mask(self, texture: str) -> Floats:
        """Sample one of the base mesh's CC0 grey textures at the vertices of the skin."""
        import cv2
        from anny.paths import get_anny_root_dir

        image = cv2.imread(str(get_anny_root_dir() / "data/mpfb2/textures" / texture), 0)
        assert image is not None  # it comes with anny
        height, width = image.shape
        faces = self._anny.faces.numpy()
        uv = self._anny.texture_coordinates.numpy()[self._anny.face_texture_coordinate_indices]
        column = np.clip(uv[..., 0] * width, 0, width - 1).astype(int)
        row = np.clip((1 - uv[..., 1]) * height, 0, height - 1).astype(int)
        mask = np.zeros(len(self._anny.template_vertices))
        mask[faces] = image[row, column] / 255.0
        return mask


@lru_cache(maxsize=1)
def body_model() -> BodyModel:
    """The body model, loaded once per process (anny writes its cache on first use)."""
    return BodyModel()
