"""Self-contained HTML page of ranked lists."""

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files

from reid_align.images import decode_image
from reid_align.viz.ranked_lists import Decode, RankedImage, RankedList, has_truth, thumbnail

THUMBNAIL_HEIGHT, _QUALITY = 128, 80
_PLACE = "__DATA__"


def ranked_page(
    lists: Sequence[RankedList], title: str = "Search results", decode: Decode = decode_image
) -> str:
    """Return an HTML page that shows ranked lists; it contains the images and loads nothing.

    The page filters by the camera of the query and of the hits. Where right and wrong are known it
    shows the worst lists first and marks hits by color, border style and sign. An image takes about
    3 kB, once, however often it is shown.

    Args:
        lists: ranked lists.
        title: heading of the page.
        decode: reads an image file.
    """
    thumbnails = _Thumbnails(decode)
    content = {
        "title": title,
        "truth": has_truth(lists),
        "lists": [
            {
                "query": thumbnails.entry(one.query),
                "hits": [thumbnails.entry(hit) for hit in one.hits],
                "score": one.score,
            }
            for one in lists
        ],
        "thumbnails": thumbnails.uris,
    }
    # In a script element only "<" could end the data.
    text = json.dumps(content, separators=(",", ":")).replace("<", "\\u003c")
    page = (files("reid_align.viz") / "ranked_page.html").read_text("utf-8")
    return page.replace(_PLACE, text)


class _Thumbnails:
    """Thumbnails as data URIs, each file once."""

    def __init__(self, decode: Decode) -> None:
        self.uris: list[str] = []
        self._decode = decode
        self._number: dict[str, tuple[int, bool]] = {}

    def entry(self, image: RankedImage) -> dict[str, object]:
        """Return the image for the page's data, with the number of its thumbnail."""
        if image.file not in self._number:
            shown, is_read = thumbnail(image.file, THUMBNAIL_HEIGHT, self._decode)
            file = io.BytesIO()
            shown.save(file, "JPEG", quality=_QUALITY)
            code = base64.b64encode(file.getvalue()).decode()
            self._number[image.file] = len(self.uris), is_read
            self.uris.append(f"data:image/jpeg;base64,{code}")
        number, is_read = self._number[image.file]
        entry = asdict(image)
        del entry["file"]
        return {**entry, "thumbnail": number, "missing": not is_read}
