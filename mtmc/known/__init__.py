"""People who are known from one run to the next."""

from mtmc.known.people import Known, KnownPeople, Look, Network, Picture

__all__ = ["Known", "KnownPeople", "Look", "Network", "Picture"]
