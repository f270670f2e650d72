"""Search for images: own files, paths, metadata, the recorded encoder, and bad input."""

import json
import os
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reid_align import (
    Features,
    SearchOptions,
    create_model,
    extract_features,
    save_pretrained,
    search_images,
)
from reid_align.errors import (
    DatasetWarning,
    EncoderUnavailableError,
    ImageReadError,
    InvalidInputError,
    MixedFeaturesError,
    OutputError,
)
from reid_align.features import Adaptation, ExtractOptions, extract_to_file
from reid_align.metrics import distances
from reid_align.models.encoder import Encoder
from reid_align.preprocess import Preprocess
from reid_align.retrieval import hits_table, load_gallery, read_metadata

OPTIONS = ExtractOptions(device="cpu", num_workers=0, batch_size=8)
COUNT = 12


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    encoder = create_model("san_resnet18")
    encoder.preprocess = Preprocess(32, 16, interpolation="bicubic")
    return save_pretrained(encoder, tmp_path_factory.mktemp("weights") / "san")


@pytest.fixture(scope="module")
def encoder(weights: Path) -> Encoder:
    return create_model("san_resnet18", weights=weights)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve images in ``crops``, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crops").mkdir()
    random = np.random.default_rng(0)
    for index in range(COUNT):
        pixels = random.integers(0, 256, (32, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "crops" / f"{index:02}.png")
    return tmp_path


def crops() -> list[str]:
    return [f"crops/{index:02}.png" for index in range(COUNT)]


def extract(encoder: Encoder, options: ExtractOptions = OPTIONS) -> None:
    extract_to_file(crops(), encoder, "feats.npy", options)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_hits_are_the_nearest_images(folder: Path, encoder: Encoder, metric: str) -> None:
    extract(encoder)
    features = extract_features(crops(), encoder, device="cpu").values
    table = distances(features, features, metric=metric)
    np.fill_diagonal(table, np.inf)
    answers = search_images(crops(), "feats.npy", 4, options=SearchOptions(metric=metric))
    assert [answer.query for answer in answers] == crops()
    for row, answer in zip(table, answers, strict=True):
        order = np.argsort(row)[:4]
        assert [hit.path for hit in answer.hits] == [crops()[index] for index in order]
        assert [hit.row for hit in answer.hits] == order.tolist()
        assert [hit.distance for hit in answer.hits] == pytest.approx(row[order], abs=1e-3)


def test_folder_file_and_features_give_the_same_hits(folder: Path, encoder: Encoder) -> None:
    extract(encoder)
    by_file = search_images("crops/03.png", "feats.npy", 5)
    by_folder = search_images("crops/03.png", "crops", 5, encoder=encoder, extract=OPTIONS)
    features = extract_features(crops(), encoder, device="cpu")
    by_features = search_images(features, features, 5)[3]
    paths = [hit.path for hit in by_file[0].hits]
    assert [hit.path for hit in by_folder[0].hits] == paths
    assert [hit.path for hit in by_features.hits] == paths


def test_the_own_file_is_left_out_under_every_name(folder: Path, encoder: Encoder) -> None:
    os.symlink(folder / "crops" / "05.png", folder / "link.png")
    os.link(folder / "crops" / "05.png", folder / "hard.png")
    shutil.copy(folder / "crops" / "05.png", folder / "copy.png")
    os.symlink(folder / "crops", folder / "other")
    extract(encoder)
    names = ["link.png", "hard.png", "./crops/../crops/05.png", "other/05.png"]
    for answer in search_images(names, "feats.npy", COUNT - 1):
        assert "crops/05.png" not in [hit.path for hit in answer.hits]
        assert len(answer.hits) == COUNT - 1
    copied = search_images("copy.png", "feats.npy", 1)[0].hits[0]
    assert (copied.path, copied.distance) == ("crops/05.png", pytest.approx(0, abs=1e-6))


def test_images_in_memory_have_no_own_file(folder: Path, encoder: Encoder) -> None:
    pixels = np.asarray(Image.open("crops/02.png"))
    gallery = extract_features([pixels], encoder, device="cpu", channel_order="rgb")
    answers = search_images([pixels], gallery, 1, encoder=encoder, channel_order="rgb")
    assert answers[0].hits[0].path == "input[0]"
    assert answers[0].file == ""


def test_paths_are_found_below_the_working_directory_then_below_the_root(
    folder: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract(encoder)
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    query = folder / "crops" / "00.png"
    with pytest.warns(DatasetWarning, match=rf"{COUNT} of {COUNT} gallery files are missing \(fi"):
        without = search_images(query, folder / "feats.npy", COUNT)
    # Without the root the query's own row is not recognized.
    assert without[0].hits[0].path == "crops/00.png"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = search_images(query, folder / "feats.npy", COUNT - 1, root=folder)
    assert "crops/00.png" not in [hit.path for hit in found[0].hits]
    assert found[0].hits[0].file == str(folder / "crops" / found[0].hits[0].path[-6:])


def test_missing_gallery_files_are_searched_with_one_warning(
    folder: Path, encoder: Encoder
) -> None:
    extract(encoder)
    expected = search_images("crops/00.png", "feats.npy", COUNT - 1)
    for name in ("crops/07.png", "crops/09.png"):
        Path(name).unlink()
    with pytest.warns(DatasetWarning, match=r"2 of 12 gallery files .*first: crops/07.png") as seen:
        found = search_images("crops/00.png", "feats.npy", COUNT - 1)
    assert len(seen) == 1
    assert found == expected


def test_a_gallery_smaller_than_k_is_returned_whole_with_a_warning(
    folder: Path, encoder: Encoder
) -> None:
    extract(encoder)
    with pytest.warns(DatasetWarning, match="has only 12 images, fewer than k=50"):
        answers = search_images("crops/00.png", "feats.npy", 50)
    assert len(answers[0].hits) == COUNT - 1


def test_an_empty_gallery_gives_an_empty_answer(folder: Path, encoder: Encoder) -> None:
    extract_to_file([], encoder, "none.npy", OPTIONS)
    with pytest.warns(DatasetWarning, match="only 0 images"):
        assert search_images("crops/00.png", "none.npy")[0].hits == ()


def write_metadata(rows: dict[str, tuple[str, str]]) -> None:
    lines = [f"{path},{camera},{track}" for path, (camera, track) in rows.items()]
    Path("meta.csv").write_text("\n".join(["path,camera,track_id", *lines]) + "\n")


def test_images_of_the_same_camera_or_track_are_left_out(folder: Path, encoder: Encoder) -> None:
    extract(encoder)
    rows = {path: (str(index % 3), "" if index > 8 else "t1") for index, path in enumerate(crops())}
    write_metadata(rows)
    options = SearchOptions(exclude_same="camera")
    answers = search_images(crops(), "feats.npy", 8, options=options, metadata="meta.csv")
    for index, answer in enumerate(answers):
        assert [hit.metadata["camera"] == str(index % 3) for hit in answer.hits] == [False] * 8
        assert answer.metadata["camera"] == str(index % 3)
    by_track = search_images(
        crops()[:1],
        "feats.npy",
        8,
        options=SearchOptions(exclude_same="track"),
        metadata="meta.csv",
    )
    assert {hit.path for hit in by_track[0].hits} == set(crops()[9:])
    assert {hit.metadata["track_id"] for hit in by_track[0].hits} == {None}


def test_columns_of_the_feature_table_are_metadata(folder: Path, encoder: Encoder) -> None:
    extract(encoder)
    lines = Path("feats.csv").read_text().splitlines()
    Path("feats.csv").write_text(
        "\n".join([f"{lines[0]},camera,time", *(f"{line},c1,9:00" for line in lines[1:])]) + "\n"
    )
    hit = search_images("crops/00.png", "feats.npy", 1)[0].hits[0]
    assert hit.metadata == {"camera": "c1", "time": "9:00"}


def test_unknown_cameras_are_refused_with_what_is_known(folder: Path, encoder: Encoder) -> None:
    extract(encoder)
    Image.new("RGB", (16, 32)).save("new.png")
    write_metadata({path: ("1", "2") for path in crops()})
    options = SearchOptions(exclude_same="camera")
    with pytest.raises(InvalidInputError, match=r"no column 'camera'. Its columns: none"):
        search_images("new.png", "feats.npy", options=options)
    with pytest.raises(InvalidInputError, match=r"camera of 1 of 1 queries is unknown .*new.png"):
        search_images("new.png", "feats.npy", options=options, metadata="meta.csv")
    write_metadata({path: ("1", "2") for path in crops()[1:]} | {"new.png": ("1", "")})
    options = SearchOptions(normalize_cameras=True)
    with pytest.raises(InvalidInputError, match="unknown for 1 of 12 gallery images"):
        search_images("new.png", "feats.npy", options=options, metadata="meta.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,camera\na,1\n", "needs a column 'path'"),
        ("path,camera,camera\na,1,2\n", "each column once"),
        ("path,camera\na,1\na,2\n", "lists a twice"),
        ("path,camera\na\n", "row 2 has 1 values for 2 columns"),
    ],
)
def test_unusable_metadata(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        read_metadata(tmp_path / "m.csv")
    with pytest.raises(InvalidInputError, match="Cannot read the metadata"):
        read_metadata(tmp_path / "none.csv")


def test_camera_normalization_whitens_queries_and_gallery_together(
    folder: Path, encoder: Encoder
) -> None:
    from reid_align.features.camera_normalization import normalize_by_camera

    extract(encoder)
    Image.fromarray(np.full((32, 16, 3), 99, np.uint8)).save("new.png")
    rows = {path: (str(index % 2), "") for index, path in enumerate(crops())}
    write_metadata(rows | {"new.png": ("1", "")})
    answers = search_images(
        ["crops/04.png", "new.png"],
        "feats.npy",
        3,
        options=SearchOptions(normalize_cameras=True),
        metadata="meta.csv",
    )
    values = extract_features([*crops(), "new.png"], encoder, device="cpu").values
    cameras = np.array([*(index % 2 for index in range(COUNT)), 1])
    whitened = normalize_by_camera(values, cameras)
    table = distances(whitened[[4, 12]], whitened[:COUNT])
    table[0, 4] = np.inf
    for row, answer in zip(table, answers, strict=True):
        assert [hit.row for hit in answer.hits] == np.argsort(row)[:3].tolist()
        assert [h.distance for h in answer.hits] == pytest.approx(np.sort(row)[:3], abs=1e-4)


def test_expansion_and_reranking_change_only_the_order_and_the_distance(
    folder: Path, encoder: Encoder
) -> None:
    extract(encoder)
    for options in (SearchOptions(expand_query=3), SearchOptions(rerank=COUNT)):
        answer = search_images("crops/01.png", "feats.npy", COUNT - 1, options=options)[0]
        assert sorted(hit.path for hit in answer.hits) == [p for p in crops() if "01" not in p]
        ordered = [hit.distance for hit in answer.hits]
        assert ordered == sorted(ordered)
        assert not options.keeps_distances


@pytest.mark.parametrize(
    "changed", [{"flip": True}, {"normalize": False}, {"dtype": "bfloat16"}, {}]
)
def test_queries_are_encoded_as_the_gallery_was(
    folder: Path, encoder: Encoder, changed: dict
) -> None:
    extract(encoder, replace(OPTIONS, **changed))
    shutil.copy("crops/06.png", "copy.png")
    hit = search_images("copy.png", "feats.npy", 1)[0].hits[0]
    assert (hit.path, hit.distance) == ("crops/06.png", pytest.approx(0, abs=1e-4))


def test_a_random_and_an_adapted_encoder_are_rebuilt(folder: Path) -> None:
    from reid_align.cli.encoder_choice import select_encoder

    for index in range(COUNT, 40):
        shutil.copy(f"crops/{index % COUNT:02}.png", f"crops/{index:02}.png")
    encoder = select_encoder("san_resnet18", "random", 3)
    encoder.preprocess = Preprocess(32, 16)
    paths = sorted(str(path) for path in Path("crops").iterdir())
    for adaptation in (None, Adaptation(seed=1)):
        extract_to_file(paths, encoder, "feats.npy", OPTIONS, adaptation=adaptation, overwrite=True)
        shutil.copy("crops/06.png", "copy.png")
        hits = search_images("copy.png", "feats.npy", 4)[0].hits
        assert {hit.path[-6:-4] for hit in hits} == {"06", "18", "30", hits[3].path[-6:-4]}
        assert hits[0].distance == pytest.approx(0, abs=1e-5)
    Path("crops/39.png").unlink()
    with pytest.raises(EncoderUnavailableError, match="cannot be loaded here"):
        search_images("copy.png", "feats.npy", 4)


def test_an_encoder_that_is_gone_or_has_changed_is_refused(
    folder: Path, weights: Path, encoder: Encoder
) -> None:
    moved = folder / "san"
    shutil.copytree(weights, moved)
    extract(create_model("san_resnet18", weights=moved))
    assert search_images("crops/00.png", "feats.npy", 1)
    moved.rename(folder / "away")
    with pytest.raises(EncoderUnavailableError, match="no such file or folder") as info:
        search_images("crops/00.png", "feats.npy", 1)
    assert str(moved) in str(info.value)
    assert search_images("crops/00.png", "feats.npy", 1, encoder=encoder)
    torch.manual_seed(1)
    other = create_model("san_resnet18")
    other.preprocess = Preprocess(32, 16, interpolation="bicubic")
    with pytest.raises(
        MixedFeaturesError, match=r"the gallery and of the encoder random .* weight"
    ):
        search_images("crops/00.png", "feats.npy", 1, encoder=other)
    save_pretrained(other, moved)
    with pytest.raises(MixedFeaturesError):
        search_images("crops/00.png", "feats.npy", 1)


def test_features_of_another_encoder_are_refused(folder: Path, encoder: Encoder) -> None:
    extract(encoder)
    flipped = extract_features(crops(), encoder, device="cpu", flip=True)
    with pytest.raises(MixedFeaturesError, match=r"differ in flip\. the gallery has"):
        search_images(flipped, "feats.npy")
    unknown = replace(flipped, digest="")
    assert len(search_images(unknown, "feats.npy", 2)) == COUNT


def test_queries_without_a_usable_image(folder: Path, encoder: Encoder) -> None:
    extract(encoder)
    Path("bad.png").write_bytes(b"no image")
    with pytest.raises(ImageReadError, match=r"bad\.png"):
        search_images(["bad.png"], "feats.npy")
    skipping = replace(OPTIONS, on_error="skip")
    with pytest.raises(InvalidInputError, match=r"no usable query image \(1 could not be read\)"):
        search_images(["bad.png"], "feats.npy", extract=skipping)
    with pytest.raises(InvalidInputError, match=r"no usable query image\. Give"):
        search_images([], "feats.npy")


def test_galleries_that_cannot_be_searched(folder: Path, encoder: Encoder) -> None:
    with pytest.raises(InvalidInputError, match="consists of images, which need an encoder"):
        load_gallery("crops")
    with pytest.raises(OutputError, match=r"feats\.npy"):
        search_images("crops/00.png", "feats.npy")
    extract(encoder)
    description = json.loads(Path("feats.json").read_text())
    for key in ("digest", "state_sha256"):
        del description[key]
    Path("feats.json").write_text(json.dumps(description))
    with pytest.raises(EncoderUnavailableError, match="does not record"):
        search_images("crops/00.png", "feats.npy")
    bare = Features(np.ones((2, 4), np.float32), ("a", "b"))
    with pytest.raises(InvalidInputError, match="does not record its encoder"):
        search_images("crops/00.png", bare)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k": 0}, "k=0"),
        ({"metric": "dot"}, "metric 'dot': choose one of cosine, euclidean"),
        ({"exclude_same": "shoe"}, "exclude_same 'shoe': choose one of camera, track"),
        ({"expand_query": -1}, "expand_query=-1"),
        ({"rerank": 3, "k": 5}, "rerank=3: give at least k=5"),
    ],
)
def test_invalid_options(settings: dict, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        SearchOptions(**settings)


def test_the_table_quotes_names_and_separates_reserved_columns(
    folder: Path, encoder: Encoder
) -> None:
    Path("crops/00.png").rename('crops/a, "b".png')
    paths = ['crops/a, "b".png', *crops()[1:]]
    extract_to_file(paths, encoder, "feats.npy", OPTIONS)
    Path("meta.csv").write_text("path,rank,time\ncrops/03.png,first,9:00\n")
    answers = search_images(paths[0], "feats.npy", COUNT - 1, metadata="meta.csv")
    lines = hits_table(answers).splitlines()
    assert lines[0] == "query,rank,path,distance,metadata_rank,time"
    assert lines[1].startswith('"crops/a, ""b"".png",1,crops/')
    assert sum(line.endswith(",first,9:00") for line in lines) == 1
    assert sum(line.endswith(",,") for line in lines) == COUNT - 2
