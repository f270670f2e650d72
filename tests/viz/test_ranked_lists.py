"""Sheet and page of ranked lists: order, marks, contents, and display in a browser."""

import html.parser
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from reid_align.errors import InvalidInputError
from reid_align.viz import RankedImage, RankedList, ranked_page, ranked_sheet, worst_first
from reid_align.viz.ranked_lists import reciprocal_rank
from reid_align.viz.ranked_sheet import QUERY, RIGHT, UNKNOWN, WRONG


@pytest.fixture
def image(tmp_path: Path) -> str:
    Image.fromarray(np.full((80, 40, 3), 128, np.uint8)).save(tmp_path / "a.png")
    return str(tmp_path / "a.png")


def ranked(file: str, name: str, *right: bool | None, camera: str = "1") -> RankedList:
    hits = tuple(
        RankedImage(file, f"{name}-{rank}", f"0.{rank}", str(rank % 2), "7", is_right)
        for rank, is_right in enumerate(right, 1)
    )
    return RankedList(RankedImage(file, name, "", camera, "7"), hits, reciprocal_rank(hits))


def test_the_score_is_the_reciprocal_rank_of_the_first_right_hit(image: str) -> None:
    assert ranked(image, "q", False, False, True, True).score == pytest.approx(1 / 3)
    assert ranked(image, "q", False, False).score == 0
    assert ranked(image, "q", None, None).score is None


def test_worst_lists_come_first_and_unknown_ones_last(image: str) -> None:
    lists = [
        ranked(image, "good", True),
        ranked(image, "unknown", None),
        ranked(image, "second", False, True),
        ranked(image, "bad", False),
    ]
    names = [one.query.name for one in worst_first(lists)]
    assert names == ["bad", "second", "good", "unknown"]


def colors(sheet: Image.Image) -> set[str]:
    pixels = np.unique(np.asarray(sheet).reshape(-1, 3), axis=0)
    return {f"#{r:02x}{g:02x}{b:02x}" for r, g, b in pixels.tolist()}


def test_borders_have_the_color_of_right_and_wrong(image: str) -> None:
    sheet = ranked_sheet([ranked(image, "q", True, False, None)], height=64)
    assert {QUERY, RIGHT, WRONG, UNKNOWN} <= colors(sheet)
    plain = ranked_sheet([ranked(image, "q", None)], height=64)
    assert not colors(plain) & {RIGHT, WRONG}


def test_right_and_wrong_have_different_marks(image: str) -> None:
    right, wrong = (
        np.asarray(ranked_sheet([ranked(image, "q", is_right)], height=64)).sum(axis=2) > 720
        for is_right in (True, False)
    )
    # In black and white the sheets differ by the sign alone.
    assert right.shape == wrong.shape
    assert 10 < np.count_nonzero(right != wrong) < 300


def test_a_missing_image_is_a_gray_area(image: str) -> None:
    lists = [ranked(image, "q", True), ranked("none.png", "gone", False, True, None)]
    sheet = ranked_sheet(lists, height=64)
    assert "#d6d9de" in colors(sheet)


@pytest.mark.parametrize(("count", "height"), [(0, 64), (1, 15)])
def test_an_empty_sheet_is_refused(image: str, count: int, height: int) -> None:
    with pytest.raises(InvalidInputError, match="ranked lists and an image height"):
        ranked_sheet([ranked(image, "q", True)] * count, height=height)


def contents(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*)</script>', page)
    return json.loads(found[1])


def test_the_page_contains_each_image_once(image: str, tmp_path: Path) -> None:
    shutil.copy(image, tmp_path / "b.png")
    lists = [ranked(image, "q", True, False), ranked(str(tmp_path / "b.png"), "r", False)]
    data = contents(ranked_page(lists, "Mine"))
    assert (data["title"], data["truth"], len(data["thumbnails"])) == ("Mine", True, 2)
    assert [one["score"] for one in data["lists"]] == [1, 0]
    hit = data["lists"][0]["hits"][1]
    assert (hit["right"], hit["camera"], hit["caption"]) == (False, "0", "0.2")
    assert "file" not in hit


def test_the_page_loads_nothing_and_names_cannot_break_it(image: str) -> None:
    name = '</script><img src="http://example.org/x.png">\udc80'
    page = ranked_page([ranked(image, name, True)], name)
    assert contents(page)["title"] == name
    page.encode()

    class Sources(html.parser.HTMLParser):
        found: ClassVar[list[str]] = []

        def handle_starttag(self, tag: str, attrs: list) -> None:
            self.found.extend(value for key, value in attrs if key in ("src", "href"))

    Sources().feed(page)
    assert Sources.found == []
    assert not re.search(r"@import|url\(|fetch\(|XMLHttpRequest", page)


def displayed(page: str, folder: Path) -> str:
    """Return the document of a page as chromium displays it."""
    (folder / "page.html").write_text(page)
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [*command, profile, (folder / "page.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.mark.services
def test_a_browser_shows_the_worst_list_first_with_marks(image: str, tmp_path: Path) -> None:
    lists = [ranked(image, "good", True, False), ranked(image, "bad", False, True, camera="2")]
    shown = displayed(ranked_page(lists, "Found"), tmp_path)
    assert shown.index(">bad<") < shown.index(">good<")
    assert re.findall(r'class="mark">(.)<', shown) == ["✗", "✓", "✓", "✗"]
    assert '<option value="2">2</option>' in shown
    assert "2 of 2 queries" in shown


@pytest.mark.services
def test_a_browser_filters_by_camera(image: str, tmp_path: Path) -> None:
    lists = [ranked(image, "one", True, False), ranked(image, "two", False, camera="2")]
    choose = (
        "for (const [id, value] of [['query-camera', '1'], ['hit-camera', '0']]) {"
        "find(id).value = value; find(id).onchange(); }"
    )
    page = ranked_page(lists).replace("render();\n</script>", f"render();\n{choose}\n</script>")
    shown = displayed(page, tmp_path)
    assert "1 of 2 queries" in shown
    assert re.findall(r'<figure class="(\w*)"', shown) == ["query", "wrong"]


@pytest.mark.services
def test_a_browser_shows_lists_without_truth(image: str, tmp_path: Path) -> None:
    lists = [ranked(image, "first", None), ranked(image, "second", None)]
    shown = displayed(ranked_page(lists), tmp_path)
    assert shown.index(">first<") < shown.index(">second<")
    assert 'class="mark"' not in shown
    assert 'id="order-label" hidden' in shown
