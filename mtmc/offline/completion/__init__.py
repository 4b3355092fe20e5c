"""What one camera saw badly, completed by the others, once it is known who everybody is.

Calibrated cameras know together where each person was on the floor, and how tall each is. That
tells in every camera where to expect whom: boxes with hidden parts are made whole, weak detections
of people a camera had lost are taken up, and these are drawn on where the camera sees people.
"""

from mtmc.offline.completion.config import CompletionConfig
from mtmc.offline.completion.scene import complete_scene

__all__ = ["CompletionConfig", "complete_scene"]
