import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small_synthetic_set import blocks, dense_map, make_set

from reid_align.batches.sources import PairsSource, ReidSource, SyntheticSource, TextureInput
from reid_align.datasets import load_dataset, read_image
from reid_align.errors import (
    DatasetFormatError,
    DatasetNotFoundError,
    ImageReadError,
    InvalidInputError,
)
from reid_align.shard_set import ShardSet, shard_path
from reid_align.shards import Table, write_shard
from reid_align.uv import IUV, save_iuv

PATTERN = r"(?P<person_id>\d+)_c(?P<camera_id>\d)"
NAMES = ["11_c1.jpg", "11_c2.png", "deep/4_c1.png"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three training images, with a texture, a map and an external image for each."""
    for number, name in enumerate(NAMES):
        stem = os.path.splitext(name)[0]
        for kind in ("data/train", "textures/train", "iuv/train", "external/train"):
            (tmp_path / kind / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(blocks(number, 16, 8)).save(tmp_path / "data" / "train" / name)
        Image.fromarray(blocks(10 + number, 64, 64)).save(tmp_path / f"textures/train/{stem}.png")
        Image.fromarray(blocks(20 + number, 16, 8)).save(tmp_path / f"external/train/{stem}.jpg")
        planes = torch.from_numpy(dense_map(number, 16, 8)).permute(2, 0, 1)
        save_iuv(tmp_path / f"iuv/train/{stem}.png", IUV(planes.contiguous()))
    return tmp_path


def source_of(folder: Path, **folders: Path) -> ReidSource:
    return ReidSource(load_dataset("folder", folder / "data", pattern=PATTERN), **folders)


def whole(folder: Path) -> ReidSource:
    return source_of(
        folder,
        textures=folder / "textures",
        iuv=folder / "iuv",
        external=folder / "external",
    )


def test_synthetic_source_has_the_images_of_its_split(source: SyntheticSource) -> None:
    assert len(source) == 24
    assert source.person_ids.tolist() == np.repeat(range(6), 4).tolist()
    assert source.camera_ids.tolist() == [0, 0, 1, 1] * 6
    assert source.holds == {"texture", "frontal", "iuv"}
    # JPEG is lossy, PNG is not; rows 17 and 5 are in different shards.
    assert np.abs(source.image(17).astype(int) - blocks(17, 64, 32)).mean() < 12
    assert np.array_equal(source.texture(17), blocks(104, 256, 256, 32))
    assert np.array_equal(source.texture(7), blocks(101, 256, 256, 32))
    assert np.abs(source.frontal(17).astype(int) - blocks(204, 64, 32)).mean() < 12
    assert np.array_equal(source.iuv(17).planes.permute(1, 2, 0), dense_map(17, 64, 32))
    assert source.iuv(5).is_empty


def test_splits_of_a_synthetic_set_are_disjoint(set_folder: Path) -> None:
    val, test = SyntheticSource(set_folder, "val"), SyntheticSource(set_folder, "test")
    assert set(val.person_ids.tolist()) == {6}
    assert set(test.person_ids.tolist()) == {7}
    assert np.array_equal(test.texture(0), blocks(107, 256, 256, 32))
    assert (
        len({val.fingerprint(), test.fingerprint(), SyntheticSource(set_folder).fingerprint()}) == 3
    )


def test_paired_set_has_no_identities(tmp_path: Path) -> None:
    pit = SyntheticSource(make_set(tmp_path / "pit", pit=True))
    assert len(pit) == 32
    assert set(pit.person_ids.tolist()) == {-1}
    assert np.array_equal(pit.texture(31), blocks(107, 256, 256, 32))
    with pytest.raises(InvalidInputError, match="no images in the split 'test'"):
        SyntheticSource(tmp_path / "pit", "test")


def test_synthetic_fingerprint_is_independent_of_the_location(
    set_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(set_folder, tmp_path / "moved")
    assert (
        SyntheticSource(tmp_path / "moved").fingerprint()
        == SyntheticSource(set_folder).fingerprint()
    )
    other = SyntheticSource(make_set(tmp_path / "other", pit=True))
    assert other.fingerprint() != SyntheticSource(set_folder).fingerprint()


def test_texture_mask_is_optional(set_folder: Path, tmp_path: Path) -> None:
    mask = SyntheticSource(set_folder).texture_mask
    assert mask.shape == (256, 256)
    assert mask.sum() == 128 * 192
    assert mask[64, 32]
    assert not mask[63, 32]
    shutil.copytree(set_folder, tmp_path / "set")
    (tmp_path / "set" / "texture_mask.png").unlink()
    assert SyntheticSource(tmp_path / "set").texture_mask is None


def test_unknown_splits_and_folders_are_refused(set_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="split 'training': choose one of train, val"):
        SyntheticSource(set_folder, "training")
    with pytest.raises(DatasetNotFoundError, match=r"expected set\.json, found an empty folder"):
        SyntheticSource(tmp_path)


def test_shard_row_that_is_not_an_image_is_named(tmp_path: Path) -> None:
    make_set(tmp_path / "set")
    shard = shard_path(tmp_path / "set", 1)
    images = ShardSet(tmp_path / "set")
    columns = {name: images.column("images", name)[16:] for name in ("person", "camera", "split")}
    columns["role"] = images.column("images", "role")[16:]
    files = {"jpeg": [b"nothing"] * 16, "iuv": [b""] * 16}
    people = {"person": np.arange(4, 8, dtype=np.int32)}
    write_shard(shard, {"images": Table(columns, files), "people": Table(people)})
    with pytest.raises(DatasetFormatError, match="no column 'people/texture"):
        SyntheticSource(tmp_path / "set").texture(16)
    with pytest.raises(ImageReadError, match=r"shard-00001\.safetensors/images/jpeg/000002: the"):
        SyntheticSource(tmp_path / "set").image(18)
    with pytest.raises(InvalidInputError, match=r"shard-00001\.safetensors: row 99"):
        read_image(f"{shard}/images/jpeg/000099")


def test_reid_source_reads_companion_folders(folder: Path) -> None:
    source = whole(folder)
    assert source.holds == {"texture", "iuv", "external"}
    assert source.person_ids.tolist() == [0, 0, 1]
    assert source.camera_ids.tolist() == [0, 1, 0]
    assert np.array_equal(source.image(2), blocks(2, 16, 8))
    assert np.array_equal(source.texture(0), blocks(10, 64, 64))
    assert source.external(1).shape == (16, 8, 3)
    assert np.array_equal(source.iuv(1).planes.permute(1, 2, 0), dense_map(1, 16, 8))
    assert source.texture_mask is None
    with pytest.raises(InvalidInputError, match="frontal data for every image"):
        source.frontal(0)


def test_unknown_cameras_are_minus_one(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    Image.fromarray(blocks(0, 16, 8)).save(tmp_path / "train" / "5.png")
    dataset = load_dataset("folder", tmp_path, pattern=r"(?P<person_id>\d)")
    assert ReidSource(dataset).camera_ids.tolist() == [-1]


def test_texture_mask_in_the_texture_folder_is_used(folder: Path) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[:16] = 255
    Image.fromarray(mask).save(folder / "textures" / "texture_mask.png")
    assert whole(folder).texture_mask.sum() == 64 * 256


@pytest.mark.parametrize("kind", ["textures", "iuv", "external"])
def test_missing_companions_are_counted_and_the_first_named(folder: Path, kind: str) -> None:
    for path in (folder / kind / "train").glob("11_*"):
        path.unlink()
    with pytest.raises(DatasetFormatError) as error:
        source_of(folder, **{kind: folder / kind})
    assert "2 of the 3 training images have no file" in str(error.value)
    for name in ("11_c1.png", "11_c2.png"):
        assert str(folder / kind / "train" / name) in str(error.value)


def test_jpeg_is_allowed_for_textures_but_not_for_dense_pose_maps(folder: Path) -> None:
    for kind in ("textures", "iuv"):
        path = folder / kind / "train" / "11_c1.png"
        Image.open(path).save(path.with_suffix(".jpg"))
        path.unlink()
    assert source_of(folder, textures=folder / "textures").texture(0).shape == (64, 64, 3)
    with pytest.raises(DatasetFormatError, match=r"iuv: 1 of the 3 .*11_c1\.png"):
        source_of(folder, iuv=folder / "iuv")


def test_missing_companion_kind_says_what_to_do(folder: Path) -> None:
    plain = source_of(folder)
    for read in (plain.texture, plain.frontal, plain.external, plain.iuv):
        with pytest.raises(InvalidInputError, match=r"available: none\. Give the folder"):
            read(0)


def test_dataset_without_training_images_is_refused(tmp_path: Path) -> None:
    for seed, part in enumerate(("query", "gallery")):
        (tmp_path / part).mkdir()
        Image.fromarray(blocks(seed, 16, 8)).save(tmp_path / part / "5.png")
    dataset = load_dataset("folder", tmp_path, pattern=r"(?P<person_id>\d)")
    with pytest.raises(InvalidInputError, match=r"no training images.*into a folder train"):
        ReidSource(dataset)
    (tmp_path / "list.csv").write_text("path,person_id\nquery/5.png,5\n")
    with pytest.raises(InvalidInputError, match=r"no training images.*column split.*value train"):
        ReidSource(load_dataset("csv", tmp_path / "list.csv"))


def test_missing_dense_pose_map_names_the_all_black_map(folder: Path) -> None:
    (folder / "iuv/train/11_c1.png").unlink()
    with pytest.raises(DatasetFormatError, match=r"without a detection .* all-black PNG"):
        source_of(folder, iuv=folder / "iuv")


def test_fingerprint_depends_on_data_and_not_on_location(folder: Path, tmp_path: Path) -> None:
    first = whole(folder).fingerprint()
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    copy = tmp_path / "elsewhere" / "copy"
    assert whole(copy).fingerprint() == first
    assert source_of(copy).fingerprint() != first
    Image.fromarray(blocks(0, 32, 64)).save(copy / "textures" / "train" / "11_c1.png")
    assert whole(copy).fingerprint() != first
    (copy / "data" / "train" / "11_c1.jpg").rename(copy / "data" / "train" / "12_c1.jpg")
    renamed = source_of(copy).fingerprint()
    assert renamed not in (first, source_of(folder).fingerprint())


def pairs(folder: Path, text: str) -> PairsSource:
    (folder / "pairs.csv").write_text(text)
    return PairsSource(folder / "pairs.csv")


def test_pairs_are_read_from_a_list(folder: Path) -> None:
    source = pairs(
        folder,
        "image,texture,frontal,iuv,note\n"
        "data/train/11_c2.png,textures/train/11_c2.png,external/train/11_c2.jpg,"
        "iuv/train/11_c2.png,x\n",
    )
    assert source.holds == {"texture", "frontal", "iuv"}
    assert source.person_ids.tolist() == source.camera_ids.tolist() == [-1]
    assert np.array_equal(source.image(0), blocks(1, 16, 8))
    assert np.array_equal(source.texture(0), blocks(11, 64, 64))
    assert source.frontal(0).shape == (16, 8, 3)
    assert np.array_equal(source.iuv(0).planes.permute(1, 2, 0), dense_map(1, 16, 8))
    assert source.fingerprint() == PairsSource(folder / "pairs.csv").fingerprint()
    short = pairs(folder, "image, texture\ndata/train/11_c2.png, textures/train/11_c2.png\n")
    assert short.holds == {"texture"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,iuv\na,b\n", r"Required: image and texture"),
        ("image,texture\n", r"has 0 rows"),
        ("", r"has 0 rows and the columns \[\]"),
        ('image,texture\n"a,b', r"is not a valid CSV file: unexpected end"),
        ("image,texture\ndata/train/11_c2.png,\n", r"1 rows lack a value; the first is row 2"),
        ("image,texture\ndata/train/11_c2.png\n", r"1 rows lack a value"),
        ("image,texture\ndata/train/11_c2.png,no.png\n", r"1 of the 1 .* missing.*no\.png"),
    ],
)
def test_invalid_pair_lists_are_refused(folder: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetFormatError, match=message):
        pairs(folder, text)


def test_missing_pair_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match=r"pairs\.csv, expected a CSV file"):
        PairsSource(tmp_path / "pairs.csv")


def test_texture_input_returns_textures_as_images(source: SyntheticSource) -> None:
    textures = TextureInput(source)
    assert np.array_equal(textures.image(9), source.texture(9))
    assert np.array_equal(textures.texture(9), source.texture(9))
    assert np.array_equal(textures.frontal(9), source.frontal(9))
    assert textures.holds == {"texture", "frontal"}
    assert textures.fingerprint() != source.fingerprint()
    with pytest.raises(InvalidInputError, match="Dense pose maps belong to images"):
        textures.iuv(0)
    with pytest.raises(InvalidInputError, match="training needs external data"):
        textures.external(0)


def test_texture_input_needs_textures(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="training needs texture data"):
        TextureInput(source_of(folder))
