"""A run's cameras in several processes: what each camera saw comes back, who that is stays here."""

from mtmc.run.workers.hire import hired
from mtmc.run.workers.remote import RemoteCameras
from mtmc.run.workers.workers import WorkerError, Workers

__all__ = ["RemoteCameras", "WorkerError", "Workers", "hired"]
