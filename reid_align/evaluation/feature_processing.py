"""Statement of how the evaluated features were computed and changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FeatureProcessing:
    """Processing of features before an evaluation; None means unknown.

    Attributes:
        normalized: scaled to length 1.
        flip: averaged with the features of the mirror image.
        adapted_images: images that the batch norms were adapted to; 0 without adaptation.
        dtype: dtype of the computation.
    """

    normalized: bool | None = None
    flip: bool | None = None
    adapted_images: int | None = None
    dtype: str | None = None

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> "FeatureProcessing":
        """Read the processing from ``feats.json``, or from `features.describe_encoder`."""
        adapted = description.get("adapted")
        return cls(
            description.get("normalized"),
            description.get("flip"),
            adapted["images"] if adapted else 0 if "adapted" in description else None,
            description.get("computed_in"),
        )

    @property
    def statement(self) -> str:
        """Processing as text: "scaled to length 1, averaged with the mirror image"."""
        steps = []
        if self.normalized is not None:
            steps.append("scaled to length 1" if self.normalized else "not scaled")
        if self.flip:
            steps.append("averaged with the mirror image")
        if self.adapted_images:
            steps.append(f"batch norms adapted to {self.adapted_images:,} images")
        if self.dtype not in (None, "float32"):
            steps.append(f"computed in {self.dtype}")
        return ", ".join(steps) or "as given"
