"""Dress a body: from a `Look` to one rigged mesh with materials.

Clothes are cut from the base mesh's tights and skirt (which morph and move with the body), pushed
out by the cloth's ease, and smoothed so that they bridge what cloth bridges. Skin is shown where no
cloth covers it. Bags and caps are simple solids bound to one joint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mtmc.simulate.body import JOINT_INDEX, BodyModel, Floats, Ints, Rest, body_model
from mtmc.simulate.mesh import Mask, edges_of, smooth, superellipsoid, vertex_normals
from mtmc.simulate.regions import regions
from mtmc.simulate.wardrobe import Cloth, Color, Look

SKIN, TOP, BOTTOM, SHOES, HAIR, OUTER, BAG, HAT, SOCKS, PHONE = range(10)


@dataclass
class PersonMesh:
    """One dressed person at rest.

    Attributes:
        vertices, normals: ``(V, 3)`` m.
        bones, weights: ``(V, 4)``.
        color: ``(V, 3)`` linear tint; uv: ``(V, 2)`` m on the cloth.
        faces: ``(F, 3)``; slot: ``(F,)`` index into `materials`.
        materials: one `Cloth` per slot; strap: 0 none, 1 backpack, 2 diagonal, per slot.
        rest: the body under the clothes.
    """

    rest: Rest
    vertices: Floats
    normals: Floats
    bones: Ints
    weights: Floats
    color: Floats
    uv: Floats
    faces: Ints
    slot: Ints
    materials: list[Cloth]
    strap: list[int]


@dataclass
class _Part:
    vertices: Floats
    faces: Ints
    bones: Ints
    weights: Floats
    slot: int
    color: Floats
    uv: Floats


def linear(color: Color | Floats) -> Floats:
    """SRGB → linear light."""
    c = np.asarray(color, dtype=np.float64)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def _cloth_uv(vertices: Floats, arm: Floats, rest: Rest) -> Floats:
    """Coordinates on the cloth in metres: around and along the limb."""
    hip = rest.joints[JOINT_INDEX["thigh.L"]][2]
    shoulder = rest.joints[JOINT_INDEX["upperarm.L"]][2]
    u = vertices[:, 0] + 0.35 * vertices[:, 1] * np.sign(vertices[:, 0])
    v = vertices[:, 2] - hip
    along = shoulder - hip + 0.04 - arm * 0.5
    across = np.abs(vertices[:, 0]) * 0.7 + vertices[:, 2] * 0.7 + vertices[:, 1]
    on_arm = np.clip(arm / 0.2, 0, 1)
    return np.stack([u + on_arm * (across - u), v + on_arm * (along - v)], axis=1)


def _compact(
    model: BodyModel,
    vertices: Floats,
    faces: Ints,
    slot: int,
    rest: Rest,
    color: Floats | None = None,
) -> _Part:
    used, inverse = np.unique(faces, return_inverse=True)
    kept = vertices[used]
    tint = np.ones((len(used), 3)) if color is None else color[used]
    return _Part(
        kept, inverse.reshape(faces.shape), model.bones[used], model.weights[used], slot, tint,
        _cloth_uv(kept, regions().arm[used], rest),
    )  # fmt: skip


def _mean(values: Floats, faces: Ints) -> Floats:
    """Mean per quad, given to both its triangles, so that a cut leaves no saw teeth."""
    half = len(faces) // 2
    per_face = values[faces].mean(1)
    return np.asarray(np.tile(0.5 * (per_face[:half] + per_face[half:]), 2))


class _Tailor:
    """Cuts one person's parts."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.model = body_model()
        self.where = regions()
        self.rest = self.model.rest(look.phenotype)
        self.tights = self.model.faces["helper-tights"]
        self.normals = vertex_normals(self.rest.vertices, self.tights)
        self.parts: list[_Part] = []

    def joint(self, name: str) -> Floats:
        return np.asarray(self.rest.joints[JOINT_INDEX[name]])

    def arm_lines(self) -> tuple[Floats, float]:
        """Per vertex the direction down its arm, ``(V, 3)``, and the arm's length in m."""
        along = np.zeros_like(self.rest.vertices)
        for side, where in (
            ("L", self.rest.vertices[:, 0] > 0),
            ("R", self.rest.vertices[:, 0] < 0),
        ):
            shoulder, elbow, wrist = (
                self.joint(f"{n}.{side}") for n in ("upperarm", "forearm", "hand")
            )
            upper, lower = np.linalg.norm(elbow - shoulder), np.linalg.norm(wrist - elbow)
            on_lower = self.where.arm * (upper + lower) > upper
            direction = np.where(
                on_lower[:, None], (wrist - elbow) / lower, (elbow - shoulder) / upper
            )
            along[where] = direction[where]
        return along, float(upper + lower)

    def even(self, part: _Part, used: Ints, sleeve: float | None, hem: float | None) -> None:
        """Move the border of a cut onto its line: a sleeve's end or a hem."""
        _, border = edges_of(part.faces)
        edge = np.unique(border)
        if sleeve is not None:
            along, length = self.arm_lines()
            rows = edge[(self.where.arm[used[edge]] > 0.12)]
            short = np.clip((sleeve - self.where.arm[used[rows]]) * length, -0.06, 0.06)
            part.vertices[rows] += along[used[rows]] * short[:, None]
        if hem is not None:
            length = self.joint("thigh.L")[2] - self.joint("foot.L")[2]
            rows = edge[
                (self.where.arm[used[edge]] <= 0) & (self.where.leg[used[edge]] > hem - 0.1)
            ]
            short = np.clip((hem - self.where.leg[used[rows]]) * length, -0.05, 0.05)
            part.vertices[rows, 2] -= short

    def cut(
        self, mask: Mask, ease: Floats, slot: int, rounds: int = 4,
        sleeve: float | None = None, hem: float | None = None,
    ) -> None:  # fmt: skip
        """Cut a garment from the tights where `mask` holds for a face."""
        faces = self.tights[mask]
        if not len(faces):
            return
        vertices = self.rest.vertices + self.normals * ease[:, None]
        part = _compact(self.model, vertices, faces, slot, self.rest)
        part.vertices = smooth(part.vertices, part.faces, rounds)
        self.even(part, np.unique(faces), sleeve, hem)
        self.parts.append(part)

    def trousers(self) -> None:
        leg, look = self.where.leg, self.look
        if look.leg == 0:
            return
        face_leg, face_arm = _mean(leg, self.tights), _mean(self.where.arm, self.tights)
        end = 1.02 if look.leg >= 1 else look.leg
        mask = (face_leg < end) & (face_leg > -0.16) & (face_arm <= 0)
        ease = 0.004 + look.leg_width * np.clip(leg / 0.3, 0.25, 1)
        # Below the knee cloth hangs from the calf: widen towards the ankle.
        ease = ease + (0.010 + 1.2 * look.leg_width) * np.clip((leg - 0.62) / 0.38, 0, 1)
        self.cut(mask, ease, BOTTOM, rounds=3, hem=end)

    def top(self, slot: int, ease: float, sleeve: float, hem: float, opening: float = 0.0) -> None:
        """A shirt or jacket; `hem` in shares of the leg below the hip, `opening` in metres."""
        where = self.where
        face_leg, face_arm = _mean(where.leg, self.tights), _mean(where.arm, self.tights)
        face_x = _mean(self.rest.vertices[:, 0], self.tights)
        face_y = _mean(self.rest.vertices[:, 1], self.tights)
        mask = (face_leg < hem) & (face_arm < sleeve)
        neck = self.joint("neck")
        high = _mean(self.rest.vertices[:, 2], self.tights) - neck[2]
        mask &= high < (0.035 if slot == OUTER else 0.02) + np.clip(face_y - neck[1], -0.05, 0.05)
        if opening:
            mask &= ~((np.abs(face_x) < opening) & (face_y < neck[1] + 0.01) & (face_arm <= 0))
        flare = np.clip((where.leg + 0.25) / 0.25, 0, 1) * 0.012
        loose = np.where(where.arm > 0, 0.7, 1.0)
        self.cut(mask, 0.006 + ease * loose + flare, slot, 5, sleeve, hem)

    def skirt(self, slot: int, length: float, ease: float, opening: float = 0.0) -> None:
        faces = self.model.faces["helper-skirt"]
        z = self.rest.vertices[:, 2]
        hip, ankle = self.joint("thigh.L")[2], self.joint("foot.L")[2]
        share = (hip - z) / (hip - ankle)
        mask = _mean(share, faces) < length
        if opening:
            x, y = (_mean(self.rest.vertices[:, k], faces) for k in (0, 1))
            mask &= ~((np.abs(x) < opening) & (y < 0))
        normals = vertex_normals(self.rest.vertices, faces)
        vertices = self.rest.vertices + normals * ease
        part = _compact(self.model, vertices, faces[mask], slot, self.rest)
        part.vertices = smooth(part.vertices, part.faces, 3)
        self.parts.append(part)

    def shoes(self) -> None:
        face_leg = _mean(self.where.leg, self.tights)
        self.cut(face_leg > 0.96, np.full(len(self.normals), 0.007), SHOES, rounds=3)
        covered = self.look.leg if self.look.leg else 0.0
        if covered < 0.9:
            self.cut(
                (face_leg > 0.88) & (face_leg < 1.05), np.full(len(self.normals), 0.003), SOCKS, 1
            )

    def skin(self) -> None:
        where, look = self.where, self.look
        faces = self.model.faces["body"]
        v = self.rest.vertices
        arm, leg = where.arm[faces].mean(1), where.leg[faces].mean(1)
        above = v[faces, 2].mean(1) - self.joint("neck")[2]
        sleeve = max(look.sleeve, 1.0 if look.outer else 0.0)
        centre = np.abs(v[faces, 0].mean(1)) < 0.11
        shown = ((above > -0.09) & centre) | (arm > sleeve - 0.1)
        if max(look.leg, 0) < 1:
            shown |= (leg > max(look.leg, min(look.skirt, 1.0) - 0.25) - 0.1) & (leg < 0.97)
        # Mouth and nostrils are hollows nobody sees from a ceiling.
        skin = linear(look.skin)
        color = np.tile(skin, (len(v), 1))
        color *= 1 - 0.35 * where.lip[:, None] * np.array([0.25, 0.9, 0.8])
        hair = linear(look.hair.color)
        for mask, strength in ((where.brow, 0.75), (where.beard, look.beard)):
            share = strength * mask[:, None]
            color = color * (1 - share) + share * hair * 1.2
        # Hair also colours the skin it grows from, so that its edge is soft.
        share = (0.1 if look.hair_style == "bald" else 0.85) * where.scalp[:, None]
        color = color * (1 - share) + share * hair
        self.parts.append(_compact(self.model, v, faces[shown], SKIN, self.rest, color))
        eyes = self.model.faces["eyes"]
        for side in (eyes[v[eyes[:, 0], 0] > 0], eyes[v[eyes[:, 0], 0] < 0]):
            centre = v[np.unique(side)].mean(0)
            radius = np.linalg.norm((v - centre)[:, [0, 2]], axis=1)
            iris = (radius < 0.0078) & (v[:, 1] < centre[1])
            white = np.where(iris[:, None], 0.02, 0.33) * np.ones(3)
            self.parts.append(_compact(self.model, v, side, SKIN, self.rest, white))

    def hair(self) -> None:
        style = self.look.hair_style
        covered = self.look.hat != ""
        thickness = {"short": 0.016, "crop": 0.006, "full": 0.034, "bald": 0.0}.get(style, 0.02)
        if covered and style == "full":
            thickness = 0.012
        v, faces = self.rest.vertices, self.model.faces["body"]
        if thickness:
            self.grow(thickness, HAIR)
        if style in ("long", "bob"):
            helper = self.model.faces["helper-hair"]
            low = self.joint("neck")[2] - (0.16 if style == "long" else -0.01)
            eye = v[np.unique(self.model.faces["eyes"])].mean(0)
            y, z = _mean(v[:, 1], helper) - eye[1], _mean(v[:, 2], helper) - eye[2]
            # Parted: no hair over the face.
            shown = helper[(z + eye[2] > low) & ((y > 0.055) | (z > 0.075))]
            part = _compact(self.model, v, shown, HAIR, self.rest)
            self.parts.append(part)
        if style in ("bun", "ponytail"):
            scalp = v[np.unique(faces)][self.where.scalp[np.unique(faces)] > 0.5]
            back = scalp[:, 1].max()
            centre = np.array([0, back + 0.015, scalp[:, 2].max() - 0.06])
            if style == "bun":
                self.solid(superellipsoid(centre, (0.042, 0.036, 0.042)), "head", HAIR)
            else:
                centre += np.array([0, 0.012, -0.10])
                self.solid(superellipsoid(centre, (0.03, 0.03, 0.13)), "head", HAIR)

    def grow(self, thickness: float, slot: int, lift: float = 0.0) -> None:
        """A layer over the scalp: hair, or a beanie."""
        v, faces = self.rest.vertices, self.model.faces["body"]
        scalp = np.clip(self.where.scalp, 0, 1)
        if slot == HAT:
            scalp = scalp * np.clip(
                (self.where.height - self.where.height.max() + 0.15) / 0.02, 0, 1
            )
        shown = faces[scalp[faces].mean(1) > 0.05]
        normals = vertex_normals(v, faces)
        centre = v[np.unique(shown)].mean(0)
        up = np.clip((v[:, 2] - centre[2]) / 0.1, 0, 1)
        grown = (
            v + normals * (0.002 + (thickness * (0.55 + 0.45 * up) + lift) * scalp**0.7)[:, None]
        )
        part = _compact(self.model, grown, shown, slot, self.rest)
        part.color = np.tile((0.45 + 0.55 * scalp[np.unique(shown)])[:, None], (1, 3))
        self.parts.append(part)

    def solid(self, shape: tuple[Floats, Ints], joint: str, slot: int) -> None:
        """A solid that follows one joint."""
        vertices, faces = shape
        bones = np.zeros((len(vertices), 4), dtype=np.int64)
        bones[:, 0] = JOINT_INDEX[joint]
        weights = np.zeros((len(vertices), 4))
        weights[:, 0] = 1.0
        uv = np.stack([vertices[:, 0] + vertices[:, 1], vertices[:, 2]], axis=1)
        self.parts.append(
            _Part(vertices, faces, bones, weights, slot, np.ones((len(vertices), 3)), uv)
        )

    def carried(self) -> None:
        look = self.look
        chest = self.joint("chest")
        scale = (self.joint("neck")[2] - self.joint("pelvis")[2]) / 0.56
        tights = np.unique(self.tights)
        torso = tights[(self.where.arm[tights] <= 0) & (self.where.leg[tights] < -0.1)]
        v = self.rest.vertices[torso]
        if look.bag == "backpack":
            band = v[np.abs(v[:, 2] - chest[2]) < 0.15]
            y = band[:, 1].max() + (0.035 if look.outer else 0.02)
            centre = np.array([0, y + 0.07, chest[2] + 0.02])
            size = (0.155 * scale, 0.085, 0.23 * scale)
            self.solid(superellipsoid(centre, size, power=3.5), "chest", BAG)
            pocket = centre + np.array([0, 0.075, -0.09])
            self.solid(superellipsoid(pocket, (0.11 * scale, 0.035, 0.10), power=3.0), "chest", BAG)
        elif look.bag == "shoulder bag":
            hip = self.joint("thigh.L")
            trunk = self.rest.vertices[tights[self.where.arm[tights] <= 0]]
            side = trunk[np.abs(trunk[:, 2] - hip[2]) < 0.1][:, 0].max()
            centre = np.array([side + 0.065, 0.0, hip[2] + 0.0])
            self.solid(superellipsoid(centre, (0.055, 0.16, 0.12), power=4.0), "pelvis", BAG)
        elif look.bag == "handbag":
            wrist = self.joint("hand.L")
            along = wrist - self.joint("forearm.L")
            along = along / np.linalg.norm(along)
            centre = wrist + along * 0.30
            shape = superellipsoid(np.zeros(3), (0.06, 0.17, 0.13), power=4.0)
            # Its z axis hangs along the arm.
            back = np.array([0, 1.0, 0]) - along * along[1]
            back /= np.linalg.norm(back)
            turn = np.stack([np.cross(back, -along), back, -along], axis=1)
            self.solid((shape[0] @ turn.T + centre, shape[1]), "hand.L", BAG)

    def hat(self) -> None:
        if self.look.hat == "":
            return
        self.grow(0.014, HAT, lift=0.007)
        if self.look.hat == "cap":
            v, faces = self.rest.vertices, self.model.faces["body"]
            used = np.unique(faces)
            scalp = v[used][self.where.scalp[used] > 0.5]
            front = scalp[scalp[:, 2] > scalp[:, 2].max() - 0.1][:, 1].min()
            centre = np.array([0, front - 0.025, scalp[:, 2].max() - 0.072])
            brim = superellipsoid(centre, (0.075, 0.075, 0.007), power=2.0)
            self.solid(brim, "head", HAT)

    def phone(self) -> None:
        """A phone in the right hand, shown only by those who look at one."""
        wrist = self.joint("hand.R")
        along = wrist - self.joint("forearm.R")
        along = along / np.linalg.norm(along)
        shape = superellipsoid(np.zeros(3), (0.038, 0.006, 0.075), power=6.0)
        self.solid((shape[0] + wrist + along * 0.09, shape[1]), "hand.R", PHONE)

    def sew(self) -> PersonMesh:
        look = self.look
        self.skin()
        self.hair()
        self.shoes()
        self.trousers()
        open_front = look.outer_kind.startswith("open")
        if look.skirt:
            self.skirt(BOTTOM, look.skirt, 0.004)
        hem = 0.05 + look.hem
        self.top(TOP, look.top_ease, look.sleeve, hem)
        if look.outer:
            coat = "coat" in look.outer_kind
            gap = 0.05 if open_front else 0.0
            self.top(OUTER, look.top_ease + 0.022, 1.0, 0.1 if coat else 0.08, gap)
            if coat:
                self.skirt(OUTER, 0.5, 0.035, gap)
        self.hat()
        self.carried()
        return self._join()

    def _join(self) -> PersonMesh:
        offset = 0
        faces, slots = [], []
        for part in self.parts:
            faces.append(part.faces + offset)
            slots.append(np.full(len(part.faces), part.slot))
            offset += len(part.vertices)
        joined_faces = np.concatenate(faces)
        vertices = np.concatenate([p.vertices for p in self.parts])
        materials, strap = _materials(self.look)
        return PersonMesh(
            rest=self.rest,
            vertices=vertices,
            normals=vertex_normals(vertices, joined_faces),
            bones=np.concatenate([p.bones for p in self.parts]),
            weights=np.concatenate([p.weights for p in self.parts]),
            color=np.concatenate([p.color for p in self.parts]),
            uv=np.concatenate([p.uv for p in self.parts]),
            faces=joined_faces,
            slot=np.concatenate(slots),
            materials=materials,
            strap=strap,
        )


def _materials(look: Look) -> tuple[list[Cloth], list[int]]:
    skin = Cloth("as modelled", (1.0, 1.0, 1.0), folds=0.0, gloss=0.02, fuzz=0.0)
    outer = look.outer or look.top
    strap_color = look.bag_cloth.color
    cloths = [
        skin, look.top, look.bottom, look.shoes, look.hair, outer, look.bag_cloth, look.hat_cloth,
        Cloth("plain", look.socks), Cloth("plain", (0.03, 0.03, 0.035), gloss=0.2, folds=0.0),
    ]  # fmt: skip
    kind = {"backpack": 1, "shoulder bag": 2}.get(look.bag, 0)
    strap = [0] * len(cloths)
    worn = OUTER if look.outer else TOP
    if kind:
        strap[worn] = kind
        cloths[worn] = replace(cloths[worn], third=strap_color)
    return cloths, strap


def dress(look: Look) -> PersonMesh:
    """Make the mesh of a person.

    Args:
        look: what the person looks like.
    """
    return _Tailor(look).sew()
