"""Tables of a set: columns, and encoding of images."""

from collections.abc import Sequence

import cv2
import numpy as np

from reid_align.shard_set import ROLES, SPLITS
from reid_align.shards import Table
from reid_align.synth.array_types import Pixels
from reid_align.synth.body.joint_angles import POSE_KINDS
from reid_align.synth.identity_generator import Identity
from reid_align.synth.synth_settings import SynthSettings, roles, split_of


def identity_tables(settings: SynthSettings, identities: Sequence[Identity]) -> dict[str, Table]:
    """Return the tables "images" and "people" of some identities.

    "images" has one row per image:
        jpeg: the image, 256 tall.
        iuv: dense pose map as PNG: part, U·255, V·255.
        person, camera: int32 numbers.
        split, role, kind: uint8 indices of `SPLITS`, `ROLES` and `POSE_KINDS`.
        heading: float32 degrees from facing the camera, to the left of the avatar.
        box: (4,) float32 left, top, width and height in the camera's frame of 960×540.
        visible: float32 unoccluded share of the part of the avatar inside the box.

    "people" has one row per identity:
        texture: (256, 256) RGB as PNG.
        frontal: the fixed frontal image, 256×128, as JPEG.
        person, look_alike: int32 numbers; look_alike is the identity it resembles, or -1.
        split, female: uint8.
    """
    return {"images": _images(settings, identities), "people": _identities(settings, identities)}


def _images(settings: SynthSettings, identities: Sequence[Identity]) -> Table:
    pairs = [(identity, view) for identity in identities for view in identity.views]
    views = [view for _, view in pairs]
    splits = [split_of(settings, identity.number) for identity in identities]
    all_roles = [
        role
        for identity, split in zip(identities, splits, strict=True)
        for role in roles(split, identity.cameras)
    ]
    split_by_number = dict(zip([identity.number for identity in identities], splits, strict=True))
    boxes = [(v.box.left, v.box.top, v.box.width, v.box.height) for v in views]
    return Table(
        {
            "person": np.array([identity.number for identity, _ in pairs], np.int32),
            "camera": np.concatenate([identity.cameras for identity in identities]).astype(
                np.int32
            ),
            "split": np.array(
                [SPLITS.index(split_by_number[identity.number]) for identity, _ in pairs], np.uint8
            ),
            "role": np.array([ROLES.index(role) for role in all_roles], np.uint8),
            "kind": np.array([POSE_KINDS.index(view.pose.kind) for view in views], np.uint8),
            "heading": np.array([view.heading for view in views], np.float32),
            "box": np.array(boxes, np.float32),
            "visible": np.array([view.visible for view in views], np.float32),
        },
        {"jpeg": [jpeg(view.image) for view in views], "iuv": [png(view.iuv) for view in views]},
    )


def _identities(settings: SynthSettings, identities: Sequence[Identity]) -> Table:
    splits = [SPLITS.index(split_of(settings, identity.number)) for identity in identities]
    return Table(
        {
            "person": np.array([identity.number for identity in identities], np.int32),
            "look_alike": np.array([identity.look_alike for identity in identities], np.int32),
            "split": np.array(splits, np.uint8),
            "female": np.array([identity.female for identity in identities], np.uint8),
        },
        {
            "texture": [png(identity.texture) for identity in identities],
            "frontal": [jpeg(identity.frontal) for identity in identities],
        },
    )


# High, because the image already has the artifacts of its camera's JPEG compression.
_QUALITY = 93


def jpeg(image: Pixels) -> bytes:
    """Return an RGB image (H, W, 3) as a JPEG file."""
    _, data = cv2.imencode(".jpg", image[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return bytes(data)


def png(image: Pixels) -> bytes:
    """Return an image or IUV map (H, W, 3), or a mask (H, W), as a PNG file.

    The channels keep their order: in an IUV map, red is the part number, as `reid_align.uv` reads.
    """
    stored = image[..., ::-1] if image.ndim == 3 else image
    options = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, 3)
    _, data = cv2.imencode(".png", stored, options)
    return bytes(data)
