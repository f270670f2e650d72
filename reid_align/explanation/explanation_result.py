"""Explanation of one image, or of the similarity of two images."""

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from reid_align.errors import InvalidInputError
from reid_align.explanation.explanation_figure import (
    Box,
    Heat,
    LinkedRegions,
    Pixels,
    draw_image_explanation,
    draw_pair_explanation,
)
from reid_align.explanation.position_grid import PositionGrid
from reid_align.explanation.region_matches import RegionMatch

Method = Literal["positions", "occlusion"]

HEIGHT, MATCHES, MAX_MATCHES = 384, 8, 20


@dataclass(frozen=True, eq=False)
class Explanation:
    """Explanation of one image, or of the similarity of two images.

    Attributes:
        names: file names of the one or two images, or ``input[i]`` for images in memory.
        images: the images, (H, W, 3) RGB.
        method: how the heat maps were computed.
        similarity: cosine similarity of the features; 1 for one image.
        heat: one heat map per image. "positions": (h, w), the contribution of each position to the
            similarity; the sum is the similarity. "occlusion": (height, width) of the
            preprocessing, the drop of the similarity when the region is covered.
        grid: positions of the last feature map; None if the encoder cannot be split by position.
        matches: regions that match each other, largest contribution first; () for one image.
    """

    names: tuple[str, ...]
    images: tuple[Pixels, ...]
    method: Method
    similarity: float
    heat: tuple[Heat, ...]
    grid: PositionGrid | None
    matches: tuple[RegionMatch, ...] = ()

    def draw(self, matches: int = MATCHES, height: int = HEIGHT) -> Image.Image:
        """Draw the images, their heat maps, and lines between matching regions.

        Args:
            matches: maximum number of matches, 0 to 20. Matches with a negative contribution are
                not drawn.
            height: of every image, 1 to 4096 pixels.

        Raises:
            InvalidInputError: ``matches`` or ``height`` out of range.
        """
        if not 0 <= matches <= MAX_MATCHES:
            raise InvalidInputError(f"matches is {matches}. Give 0 to {MAX_MATCHES}.")
        if not 1 <= height <= 4096:
            raise InvalidInputError(f"height is {height}. Give 1 to 4096 pixels.")
        by_position = self.grid if self.method == "positions" else None
        heat = [by_position.spread(one) if by_position else one for one in self.heat]
        caption = f"{self._key}: plus orange, minus blue"
        if len(self.images) == 1:
            return draw_image_explanation(self.images[0], heat[0], caption, height)
        positive = [match for match in self.matches if match.contribution > 0][:matches]
        links = [LinkedRegions(*self._boxes(match), match.contribution) for match in positive]
        captions = [
            f"similarity {self.similarity:.2f}",
            caption,
            f"{len(links)} of {len(self.matches)} matching regions",
        ]
        return draw_pair_explanation(self.images, heat, links, captions, height)

    def to_json(self) -> dict[str, object]:
        """Return the numbers as JSON values; boxes are left, top, right, bottom in pixels."""
        return {
            "method": self.method,
            "similarity": self.similarity,
            "distance": 1 - self.similarity,
            "images": [self._json_image(index) for index in range(len(self.images))],
            "matches": [self._json_match(match) for match in self.matches],
        }

    @property
    def _key(self) -> str:
        return "contributions" if self.method == "positions" else "drops"

    def _json_image(self, index: int) -> dict[str, object]:
        height, width = self.images[index].shape[:2]
        image: dict[str, object] = {
            "path": self.names[index],
            "width": width,
            "height": height,
            self._key: self.heat[index].tolist(),
        }
        if self.grid and self.method == "positions":
            size = height, width
            boxes = [
                [self.grid.box((row, column), size) for column in range(self.grid.columns)]
                for row in range(self.grid.rows)
            ]
            image["boxes"] = [[list(box) for box in row] for row in boxes]
        return image

    def _json_match(self, match: RegionMatch) -> dict[str, object]:
        first, second = (list(box) for box in self._boxes(match))
        return {
            "first": first,
            "second": second,
            "cosine": match.cosine,
            "contribution": match.contribution,
        }

    def _boxes(self, match: RegionMatch) -> tuple[Box, Box]:
        assert self.grid is not None  # matches are positions of the grid
        first, second = self.images
        return (
            self.grid.box(match.first, first.shape[:2]),
            self.grid.box(match.second, second.shape[:2]),
        )
