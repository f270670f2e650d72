"""CUHK03 with the new protocol: 767 training and 700 test identities."""

import os
from collections.abc import Sequence

from reid_align.datasets.benchmark import Benchmark, PublishedCount
from reid_align.datasets.cuhk03_protocol import URL, Integers, read_protocol_file
from reid_align.datasets.dataset_files import list_images, require_files
from reid_align.datasets.dataset_registry import register
from reid_align.datasets.dataset_types import ImageRecord, ReidDataset, Split


class Cuhk03(Benchmark):
    """Base of the detected and labeled variants; one query per identity and view.

    Reads the images that ``extract_cuhk03`` writes, as PNG or JPEG; prefers PNG.
    """

    paper = "Li et al., DeepReID, CVPR 2014; protocol: Zhong et al., CVPR 2017 (arXiv:1701.08398)"
    url = URL
    terms = "Non-commercial research; no redistribution."
    advice = f"extract_cuhk03 makes the images from cuhk-03.mat; the other .mat is at {URL}"
    protocol = "cross_camera"

    def read(self, root: str, paths: Sequence[str]) -> ReidDataset:
        """Read the protocol file and find its images."""
        list_path, folder = paths
        listed = read_protocol_file(self.name, list_path)
        # Paths are sorted, so a .png replaces the .jpg of the same stem.
        files = {_stem(path): path for path in list_images(self.name, folder)}
        images = [files.get(_stem(name), os.path.join(folder, name)) for name in listed.names]

        def records(rows: Integers) -> tuple[ImageRecord, ...]:
            require_files(self.name, [images[row] for row in rows], list_path)
            return tuple(
                ImageRecord(images[row], int(listed.person_ids[row]), int(listed.camera_ids[row]))
                for row in sorted(rows, key=lambda row: images[row])
            )

        train, query, gallery = map(records, (listed.train, listed.query, listed.gallery))
        self.check(train, query, gallery)
        return ReidDataset(self.name, root, train, (Split("test", query, gallery),), self.protocol)


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


@register
class Cuhk03Detected(Cuhk03):
    """Bounding boxes from a deformable part model."""

    name = "cuhk03_detected"
    title = "CUHK03 (detected), new protocol"
    layouts = (("cuhk03_new_protocol_config_detected.mat", "images_detected/"),)
    published = (
        PublishedCount("train_idx", 7_365, 767),
        PublishedCount("query_idx", 1_400, 700),
        PublishedCount("gallery_idx", 5_332, 700),
    )


@register
class Cuhk03Labeled(Cuhk03):
    """Manually labeled bounding boxes."""

    name = "cuhk03_labeled"
    title = "CUHK03 (labeled), new protocol"
    layouts = (("cuhk03_new_protocol_config_labeled.mat", "images_labeled/"),)
    published = (
        PublishedCount("train_idx", 7_368, 767),
        PublishedCount("query_idx", 1_400, 700),
        PublishedCount("gallery_idx", 5_328, 700),
    )
