"""Settings of the refinement of finished tracks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mtmc.trackers.rate import NOMINAL_FPS, frames_in
from mtmc.trackers.settings import Checked, setting, share

_STRAIGHT = 0.2  # seconds, standard deviation, over which a path may be smoothed


@dataclass(frozen=True, slots=True)
class MotionNoise:
    """How people move, in box heights and frames.

    Args:
        measured: standard deviation of a detection's centre.
        position: of the place per frame.
        velocity: of the velocity per frame.
        walking: of the velocity of somebody not yet seen moving.
    """

    measured: float = 0.06
    position: float = 0.006
    velocity: float = 0.0007
    walking: float = 0.05


@dataclass(frozen=True, slots=True)
class RefineConfig(Checked):
    """Settings of the refinement, for 30 frames per second; `at_rate` gives those for another.

    Args:
        cut_gap: tracks are cut where they were unseen for more frames than this, and linked anew.
        link_gap: longest gap, in frames, across which tracks are linked; 0 links nothing.
        link_evidence: log-likelihood ratio a link must exceed.
        link_window: frames at each end that tell a track's motion and size.
        appearance_weight: nats of evidence per unit of cosine similarity above
            `appearance_middle`, where there are embeddings.
        appearance_middle: similarity that speaks neither for nor against one person.
        ghost_score: tracks whose detections' scores sum up to less are removed.
        thing_age: tracks whose box stays where it is for at least so many frames from first to last
            are things, and removed; 0 removes none.
        thing_spread: how far the centre of a thing's box moves, as a share of its height.
        fill_gap: longest gap, in frames, that is filled in; gaps of more than `cut_gap` frames are
            where motion and size alone would link across them, too.
        adopt_gap: tracks go on over detections that none of them took, before they begin, after
            they end and in gaps, until there was none for so many frames; 0 takes none.
        adopt_overlap: least IoU of such a detection with where the track is expected.
        adopt_inside: the same in gaps, where a straight line is a good answer already.
        adopt_score: least score of such a detection.
        whole_period: boxes with hidden feet are made as tall as the person, if these are hidden
            for less than about so many frames; 0 leaves them.
        extend: frames by which tracks are continued at both ends.
        smooth_position: standard deviation, in frames, of the smoothing of positions; 0 for none.
        smooth_size: likewise for width and height.
        noise: how people move.
    """

    cut_gap: int = setting(20, ge=1)
    link_gap: int = setting(150, ge=0)
    link_evidence: float = 4.0
    link_window: int = setting(30, ge=1)
    appearance_weight: float = 10.0
    appearance_middle: float = 0.6
    ghost_score: float = setting(10.0, ge=0)
    thing_age: int = setting(0, ge=0)
    thing_spread: float = setting(0.02, ge=0)
    fill_gap: int = setting(100, ge=0)
    adopt_gap: int = setting(10, ge=0)
    adopt_overlap: float = share(0.5)
    adopt_inside: float = share(0.7)
    adopt_score: float = share(0.1)
    whole_period: float = setting(120, ge=0)
    extend: int = setting(3, ge=0)
    smooth_position: float = setting(1.0, ge=0)
    smooth_size: float = setting(2.0, ge=0)
    noise: MotionNoise = field(default_factory=MotionNoise)

    def at_rate(self, fps: float) -> RefineConfig:
        """These settings, which are given for 30 frames per second, for another frame rate.

        Gaps and lengths keep their duration. Smoothing stays, as it averages over detections, of
        which each has its own error; but not over more time than people walk straight.

        Args:
            fps: frames per second of the video.
        """
        return replace(
            self,
            cut_gap=frames_in(self.cut_gap / NOMINAL_FPS, fps),
            link_gap=frames_in(self.link_gap / NOMINAL_FPS, fps),
            link_window=frames_in(self.link_window / NOMINAL_FPS, fps),
            ghost_score=self.ghost_score * fps / NOMINAL_FPS,
            thing_age=frames_in(self.thing_age / NOMINAL_FPS, fps),
            fill_gap=frames_in(self.fill_gap / NOMINAL_FPS, fps),
            adopt_gap=frames_in(self.adopt_gap / NOMINAL_FPS, fps),
            whole_period=self.whole_period * fps / NOMINAL_FPS,
            extend=round(self.extend * fps / NOMINAL_FPS),
            smooth_position=min(self.smooth_position, _STRAIGHT * fps),
            smooth_size=min(self.smooth_size, _STRAIGHT * fps),
        )
