"""Self-training: adaptation of an encoder to images without labels."""

from reid_align.self_training.pseudo_identities import NO_GROUP, pseudo_identities
from reid_align.self_training.round_groups import RoundSummary
from reid_align.self_training.self_training_rounds import self_train
from reid_align.self_training.self_training_settings import SelfTraining
from reid_align.self_training.unlabeled_images import UnlabeledImages

__all__ = [
    "NO_GROUP",
    "RoundSummary",
    "SelfTraining",
    "UnlabeledImages",
    "pseudo_identities",
    "self_train",
]
