"""Mean features of tracks, updated frame by frame."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from reid_align.errors import InvalidInputError
from reid_align.features.feature_digest import require_same_digest
from reid_align.features.feature_matrix import Features


class TrackFeatures:
    """Weighted mean of the features of each track.

    Keeps one vector per track, however long the track is.
    """

    def __init__(self) -> None:
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._weights: dict[str, float] = {}
        self._feature_dim: int | None = None
        self._digest = ""

    def add(
        self,
        track_ids: Iterable[object],
        features: Features | NDArray[np.float32],
        quality: NDArray[np.floating] | Sequence[float] | None = None,
    ) -> None:
        """Add the boxes of one frame.

        Rows of NaN, boxes of quality 0 and boxes without a track (None, or a negative number, as
        trackers give to unconfirmed boxes) are left out.

        Args:
            track_ids: N track ids: numbers or names. Prefix the camera's name if several cameras
                count from 1.
            features: N rows, as from `FeatureExtractor.crops`.
            quality: N weights of at least 0, as from `box_quality`; None is 1 for each box.

        Raises:
            InvalidInputError: numbers of rows that differ, a negative quality, or features of
                another dimension than before.
            MixedFeaturesError: features of another encoder or other options than before.
        """
        values = features.values if isinstance(features, Features) else np.asarray(features)
        tracks = list(track_ids)
        weights = np.ones(len(tracks)) if quality is None else np.asarray(quality, np.float64)
        if values.ndim != 2 or len(values) != len(tracks) or weights.shape != (len(tracks),):
            raise InvalidInputError(
                f"{len(tracks)} track ids, features of shape {values.shape} and quality of shape "
                f"{weights.shape}: give one row and one number for each track id."
            )
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise InvalidInputError("quality has values below 0 or not finite. Give 0 or more.")
        if self._feature_dim not in (None, values.shape[1]):
            raise InvalidInputError(
                f"The features have {values.shape[1]} dimensions, those before had "
                f"{self._feature_dim}. Use one encoder for all boxes."
            )
        if isinstance(features, Features):
            require_same_digest(self._digest, features.digest, "earlier boxes", "these boxes")
            self._digest = self._digest or features.digest
        self._feature_dim = values.shape[1]
        known = np.isfinite(values).all(1) & (weights > 0)
        for row in np.flatnonzero(known).tolist():
            name = _name(tracks[row])
            if name is not None:
                term = weights[row] * values[row].astype(np.float64)
                self._sums[name] = self._sums.get(name, 0) + term
                self._weights[name] = self._weights.get(name, 0.0) + float(weights[row])

    def features(self) -> Features:
        """Return the mean features of all tracks, scaled to length 1, named by their track ids.

        Tracks are in the order of their first box. Tracks without a usable box are left out.
        """
        means = [total / self._weights[name] for name, total in self._sums.items()]
        values = np.array(means).reshape(len(means), self._feature_dim or 0)
        norms = np.linalg.norm(values, axis=1, keepdims=True)
        scaled = (values / np.where(norms > 0, norms, 1)).astype(np.float32)
        return Features(scaled, tuple(self._sums), digest=self._digest)


def _name(track: object) -> str | None:
    if track is None or (isinstance(track, int | float | np.number) and not track >= 0):
        return None
    return str(track)
