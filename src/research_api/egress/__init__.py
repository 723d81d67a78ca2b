"""The one way out of the process: which hosts, at which addresses, for how long, and how many bytes."""

from research_api.egress.policy import EgressPolicy
from research_api.egress.sender import Egress, Verdict

__all__ = ["Egress", "EgressPolicy", "Verdict"]
