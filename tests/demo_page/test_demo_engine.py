"""Search, comparison and explanation of the page, with a small encoder."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align.calibration import Calibration, read_calibration
from reid_align.calibration.calibration_files import SHIPPED
from reid_align.cli.encoder_choice import select_encoder
from reid_align.demo_page import DemoEngine
from reid_align.errors import InvalidInputError, MixedFeaturesError
from reid_align.features import ExtractOptions, Features
from reid_align.heads import decoder_for
from reid_align.images import decode_image
from reid_align.retrieval import GalleryFeatures, load_gallery
from reid_align.retrieval.search_hits import probability_text
from reid_align.unwrapping import TextureUnwrapper

EXAMPLES = sorted(str(path) for path in (Path(__file__).parents[2] / "examples").glob("*.jpg"))
OPTIONS = ExtractOptions("cpu", num_workers=1)


@cache
def gallery() -> GalleryFeatures:
    encoder = select_encoder("san_resnet18", "random")
    folder = str(Path(EXAMPLES[0]).parent)
    return load_gallery(folder, encoder=encoder, options=OPTIONS)


def calibration() -> Calibration:
    shipped = read_calibration(sorted(SHIPPED.glob("*.json"))[0])
    return replace(shipped, digest=gallery().features.digest, place="a door")


@cache
def engine() -> DemoEngine:
    return DemoEngine(select_encoder("san_resnet18", "random"), OPTIONS, gallery())


def test_the_image_itself_is_nearest() -> None:
    hits = engine().search(decode_image(EXAMPLES[7]), 5)
    assert hits[0].path == EXAMPLES[7]
    assert hits[0].caption == "1: distance 0.000"
    assert hits[0].image.height == 320
    values = gallery().features.values
    order = np.argsort(1 - values @ values[7], kind="stable")[:5]
    assert [hit.row for hit in hits] == order.tolist()


def test_a_query_from_the_gallery_is_left_out() -> None:
    hits = engine().search(decode_image(EXAMPLES[7]), 100, without=7)
    assert len(hits) == len(EXAMPLES) - 1
    assert 7 not in [hit.row for hit in hits]


def test_probabilities_and_decisions_need_a_calibration() -> None:
    encoder = select_encoder("san_resnet18", "random")
    known = DemoEngine(encoder, OPTIONS, gallery(), calibration=calibration())
    assert known.search(decode_image(EXAMPLES[0]), 1)[0].caption.startswith("1: ✓ >99 %, distance")
    same = known.compare(decode_image(EXAMPLES[0]), decode_image(EXAMPLES[0]))
    assert "✓ same person" in same
    assert "a door" in same
    assert "No decision" in engine().compare(*map(decode_image, EXAMPLES[:2]))
    other = replace(calibration(), digest="weights:0")
    with pytest.raises(MixedFeaturesError, match="calibration"):
        DemoEngine(encoder, OPTIONS, gallery(), calibration=other)


def test_explanations_are_images() -> None:
    pixels = [decode_image(path) for path in EXAMPLES[:2]]
    for found in (engine().explain(pixels[0]), engine().explain(*pixels)):
        assert isinstance(found, Image.Image)
        assert found.width > 200
    assert engine().texture(pixels[0]) is None


def test_textures_are_those_of_the_unwrapper() -> None:
    encoder = select_encoder("san_resnet18", "random")
    decoder = decoder_for(encoder, height=32, width=32)
    unwrapper = TextureUnwrapper(encoder, decoder, torch.device("cpu"))
    page = DemoEngine(
        select_encoder("san_resnet18", "random"), OPTIONS, gallery(), unwrapper=unwrapper
    )
    pixels = decode_image(EXAMPLES[3])
    found = page.texture(pixels)
    assert found is not None
    expected = unwrapper(np.stack([unwrapper.preprocess.resize(pixels)]))[0]
    np.testing.assert_array_equal(np.asarray(found), expected)


def test_missing_images_are_shown_as_missing() -> None:
    found = gallery()
    paths = ("gone.jpg", *found.features.paths[1:])
    features = replace(found.features, paths=paths)
    missing = GalleryFeatures(features, {}, {})
    page = DemoEngine(select_encoder("san_resnet18", "random"), OPTIONS, missing)
    assert page.files[0] == ""
    assert page.pixels(0) == "the file is missing"
    hits = page.search(decode_image(EXAMPLES[0]), 1)
    assert (hits[0].row, hits[0].image.size) == (0, (160, 320))


def test_empty_galleries_and_wrong_priors_are_refused() -> None:
    encoder = select_encoder("san_resnet18", "random")
    empty = Features(np.empty((0, 4), np.float32), ())
    with pytest.raises(InvalidInputError, match="empty"):
        DemoEngine(encoder, OPTIONS, GalleryFeatures(empty, {}, {}))
    with pytest.raises(InvalidInputError, match="prior"):
        DemoEngine(encoder, OPTIONS, gallery(), prior=1.5)


def test_percentages_are_never_certain() -> None:
    assert [probability_text(p) for p in (0, 0.004, 0.01, 0.5, 0.99, 0.999, 1)] == [
        "<1 %", "<1 %", "1 %", "50 %", "99 %", ">99 %", ">99 %",
    ]  # fmt: skip
