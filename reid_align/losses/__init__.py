"""Training losses of SAN, DSA-reID and distillation. Every loss is a scalar."""

from reid_align.losses.batch_hard import BatchHardTriplet
from reid_align.losses.cross_entropy import identity_loss
from reid_align.losses.relation_distillation import RelationDistillation
from reid_align.losses.supervised_contrast import SupervisedContrast
from reid_align.losses.texture_l1 import masked_l1
from reid_align.losses.triplet_reid_constraint import (
    OFFICIAL_CONSTRAINT,
    PAPER_CONSTRAINT,
    TripletReidConstraint,
)

__all__ = [
    "OFFICIAL_CONSTRAINT",
    "PAPER_CONSTRAINT",
    "BatchHardTriplet",
    "RelationDistillation",
    "SupervisedContrast",
    "TripletReidConstraint",
    "identity_loss",
    "masked_l1",
]
