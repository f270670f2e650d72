"""Message about features that a command computes and does not save."""

from contextlib import AbstractContextManager

from reid_align.interrupts import kept

_LOST = (
    "the features are not kept; to keep them, write them with extract, which can resume, and give "
    "this command the .npy file"
)


def unsaved_features() -> AbstractContextManager[None]:
    """Add to an interruption that the features are lost, and how to keep them."""
    return kept(lambda: _LOST)
