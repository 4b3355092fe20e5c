"""Settings of the refinement of finished tracks, in seconds for users and in frames for a video."""

from __future__ import annotations

from dataclasses import dataclass

from mtmc.trackers.rate import NOMINAL_FPS, frames_in
from mtmc.trackers.settings import Checked, setting

CUT_GAP = 0.67  # seconds unseen after which tracks are cut, to be linked anew
RETURN = 1.0  # seconds, mean, until somebody who was lost is seen again, if at all
WINDOW = 1.0  # seconds at each end that tell a track's motion and size
STRAIGHT = 0.2  # seconds, standard deviation, over which a path may be smoothed


@dataclass(frozen=True, slots=True)
class MotionNoise:
    """How people move, in box heights and frames; the defaults are for 30 frames per second.

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

    def at_rate(self, fps: float) -> MotionNoise:
        """The same people at another frame rate: place and velocity are random walks in time."""
        step = NOMINAL_FPS / fps
        return MotionNoise(
            measured=self.measured,
            position=self.position * step**0.5,
            velocity=self.velocity * step**1.5,
            walking=self.walking * step,
        )


@dataclass(frozen=True, slots=True)
class RefineFrames:
    """The refinement of one video, whose times are frames; `RefineConfig.at_rate` makes it.

    Args:
        cut_gap: tracks are cut where they were unseen for more frames than this, and linked anew.
        link_gap: see `RefineConfig`, as for the next six.
        fill_gap: gaps of more than `cut_gap` frames are filled where motion and size alone would
            link across them, too.
        adopt_gap: in frames.
        ghost_score: tracks whose detections' scores sum up to less are removed.
        thing_age: in frames.
        whole_period: in frames.
        extend: in frames.
        return_time: frames; evidence for a link loses a nat with each so many.
        link_window: frames at each end that tell a track's motion and size.
        smooth_position: standard deviation, in frames, of the smoothing of positions; 0 for none.
        smooth_size: likewise for width and height.
        noise: how people move.
        link_evidence: log-likelihood ratio a link must exceed.
        appearance_weight: nats of evidence per unit of cosine similarity above
            `appearance_middle`, where there are embeddings.
        appearance_middle: similarity that speaks neither for nor against one person.
        adopt_score: least score of a detection that is taken up.
    """

    cut_gap: int
    link_gap: int
    fill_gap: int
    adopt_gap: int
    ghost_score: float
    thing_age: int
    whole_period: float
    extend: int
    return_time: float
    link_window: int
    smooth_position: float
    smooth_size: float
    noise: MotionNoise
    link_evidence: float = 2.5
    appearance_weight: float = 10.0
    appearance_middle: float = 0.6
    adopt_score: float = 0.1


@dataclass(frozen=True, slots=True)
class RefineConfig(Checked):
    """Settings of the second look at each camera's tracks, when it is known what comes after.

    Args:
        link_gap: longest gap across which tracks are linked; 0 links nothing.
        fill_gap: longest gap that is filled in.
        adopt_gap: tracks go on over detections that none of them took, before they begin, after
            they end and in gaps, until there was none for so long; 0 takes none.
        ghost_age: tracks are removed that were seen for less than so long, where a detection
            counts as much as its score says.
        thing_age: tracks that never move for at least so long from first to last are things and
            no people: their box stays where it is, and in the picture nothing moves in it. 0 takes
            none for a thing.
        whole_period: boxes with hidden feet are made as tall as the person, if these are hidden
            for less than about so long; 0 leaves them.
        extend: by which tracks are continued at both ends.
    """

    link_gap: float = setting(5.0, ge=0, unit="s", public=True)
    fill_gap: float = setting(3.33, ge=0, unit="s", public=True)
    adopt_gap: float = setting(0.33, ge=0, unit="s")
    ghost_age: float = setting(0.33, ge=0, unit="s", public=True)
    thing_age: float = setting(10.0, ge=0, unit="s", public=True)
    whole_period: float = setting(4.0, ge=0, unit="s")
    extend: float = setting(0.1, ge=0, unit="s")

    def at_rate(self, fps: float) -> RefineFrames:
        """What they are in frames.

        Smoothing averages over detections, of which each has its own error, however far apart; but
        not over more time than people walk straight.

        Args:
            fps: frames per second of the video.
        """
        return RefineFrames(
            cut_gap=frames_in(CUT_GAP, fps),
            link_gap=frames_in(self.link_gap, fps),
            fill_gap=frames_in(self.fill_gap, fps),
            adopt_gap=frames_in(self.adopt_gap, fps),
            ghost_score=self.ghost_age * fps,
            thing_age=frames_in(self.thing_age, fps),
            whole_period=self.whole_period * fps,
            extend=round(self.extend * fps),
            return_time=RETURN * fps,
            link_window=frames_in(WINDOW, fps),
            smooth_position=min(1.0, STRAIGHT * fps),
            smooth_size=min(2.0, STRAIGHT * fps),
            noise=MotionNoise().at_rate(fps),
        )
