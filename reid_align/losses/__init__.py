"""What SAN and DSA-reID minimize while they train. Every loss is one scalar, whatever the batch."""

from reid_align.losses.constraint import (
    OFFICIAL_CONSTRAINT,
    PAPER_CONSTRAINT,
    TripletReidConstraint,
)
from reid_align.losses.contrast import SupervisedContrast
from reid_align.losses.identity import identity_loss
from reid_align.losses.texture import masked_l1
from reid_align.losses.triplet import BatchHardTriplet

__all__ = [
    "OFFICIAL_CONSTRAINT",
    "PAPER_CONSTRAINT",
    "BatchHardTriplet",
    "SupervisedContrast",
    "TripletReidConstraint",
    "identity_loss",
    "masked_l1",
]
