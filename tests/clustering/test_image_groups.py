"""Tracklets and identities of images, and the outputs of a clustering."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align.clustering import (
    cluster_report,
    cluster_sheet,
    groups_of_folders,
    groups_of_pattern,
    groups_of_table,
    ids_table,
    score_clusters,
)
from reid_align.errors import InvalidInputError


def test_folders_are_tracklets() -> None:
    groups = groups_of_folders(["a/1.jpg", "b/2.jpg", "a/3.jpg", "4.jpg"])
    assert groups.track_names == ("a", "b", "a", ".")
    np.testing.assert_array_equal(groups.tracks, [0, 1, 0, 2])
    assert groups.person_ids is None
    assert groups.description == "3 tracklets of 4 images"


def test_a_pattern_reads_tracklets_and_identities() -> None:
    paths = ["x/007_t2_01.jpg", "x/-1_t3_01.jpg", "x/007_t2_02.jpg"]
    groups = groups_of_pattern(paths, r"/(?P<person_id>-?\d+)_(?P<track>t\d+)")
    np.testing.assert_array_equal(groups.person_ids, [0, -1, 0])
    assert groups.track_names == ("t2", "t3", "t2")
    assert groups_of_pattern(paths, r"/(?P<person_id>-?\d+)").description == "no tracklets"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("(", "not valid"), ("x", "has the groups"), ("(?P<id>x)", "has the groups"),
     ("(?P<track>z)", "does not match a.jpg")],
)  # fmt: skip
def test_bad_patterns_are_refused(pattern: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        groups_of_pattern(["a.jpg"], pattern)


def test_a_table_is_matched_by_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "crops")
    table = tmp_path / "tracks.csv"
    table.write_text("\ufeffpath,track,person_id,time\ncrops/a.jpg,t1,5,0\ncrops/b.jpg, t1,-1,1\n")
    paths = [str(tmp_path / name) for name in ("link/a.jpg", "crops/b.jpg", "crops/c.jpg")]
    groups = groups_of_table(paths, table)
    assert groups.track_names == ("t1", "t1", "")
    np.testing.assert_array_equal(groups.tracks, [0, 0, -1])
    np.testing.assert_array_equal(groups.person_ids, [0, -1, -1])
    assert groups.description == "1 tracklets of 2 images"


@pytest.mark.parametrize(
    ("text", "message"),
    [("path,camera\na.jpg,1\n", "Give path, and track or person_id"),
     ("path,track\nx.jpg,1\n", "lists none of the 1 images"),
     ("path,track\na.jpg,1\n./a.jpg,2\n", "twice")],
)  # fmt: skip
def test_bad_tables_are_refused(tmp_path: Path, text: str, message: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(text)
    with pytest.raises(InvalidInputError, match=message):
        groups_of_table([str(tmp_path / "a.jpg")], table)
    with pytest.raises(InvalidInputError, match="Cannot read"):
        groups_of_table(["a.jpg"], tmp_path / "none.csv")


def test_the_table_keeps_order_and_odd_names() -> None:
    text = ids_table(['b,"1".jpg', "a\udcff.jpg"], np.array([1, 0]), ["t", ""])
    assert text == b'path,identity,track\n"b,""1"".jpg",1,t\na\xff.jpg,0,\n'
    assert ids_table(["a"], np.array([0])) == b"path,identity\na,0\n"


def test_the_sheet_shows_identities_with_several_images(tmp_path: Path) -> None:
    paths = []
    for index, color in enumerate(["red", "red", "blue", "lime", "lime", "lime"]):
        paths.append(str(tmp_path / f"{index}.png"))
        Image.new("RGB", (40, 80), color).save(paths[-1])
    sheet = cluster_sheet(paths, np.array([1, 1, 2, 0, 0, 0]), height=80)
    colors = {color for _, color in sheet.getcolors(1 << 20) or []}
    assert {(255, 0, 0), (0, 255, 0)} <= colors
    assert (0, 0, 255) not in colors
    assert cluster_sheet([], np.zeros(0, np.int64)).size[0] > 0


def test_the_report_counts_and_scores() -> None:
    clusters = np.array([0, 0, 0, 1, 2])
    scores = score_clusters(clusters, np.array([4, 4, 4, 4, 9]))
    text = cluster_report(clusters, 0.25, "no tracklets", scores)
    assert "5 images (no tracklets): 3 identities at a distance of at most 0.2500" in text
    assert "2 with one image, largest 3 images" in text
    assert "2 known identities of 5 images" in text
    assert "pairwise F1 0.667 (precision 1.000, recall 0.500)" in text
