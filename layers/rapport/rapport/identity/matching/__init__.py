"""Probabilistic matching after Fellegi and Sunter: how likely two records are one person.

Fellegi, I. and Sunter, A.: A Theory for Record Linkage, JASA 64 (1969).
"""

from rapport.identity.matching.clustering import agglomerate
from rapport.identity.matching.features import Features
from rapport.identity.matching.model import Model, default_model
from rapport.identity.matching.scoring import Group, Matcher, Score

__all__ = ["Features", "Group", "Matcher", "Model", "Score", "agglomerate", "default_model"]
