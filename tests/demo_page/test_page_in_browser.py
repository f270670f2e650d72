"""The page in Chromium: search, box, regions, comparison, labels; offline; wide and narrow."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from service_process import EXAMPLES, ServiceProcess

from reid_align.calibration import read_pairs

pytestmark = pytest.mark.services
webdriver = pytest.importorskip("selenium.webdriver", exc_type=ImportError)
WIDE, NARROW = (1400, 900), (420, 900)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of the page, and the file of labeled pairs."""
    pairs = tmp_path_factory.mktemp("demo") / "pairs.csv"
    model = ("--model", "san_resnet18", "--weights", "random")
    with ServiceProcess("demo", "examples", *model, "--pairs", str(pairs)) as running:
        yield running.url, pairs


class Browser:
    """Headless Chromium without a network beyond this machine."""

    def __init__(self, size: tuple[int, int]) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu"):
            options.add_argument(f"--{argument}")
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options, service)
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1}
        metrics["mobile"] = size[0] < 500
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def all(self, selector: str) -> list:
        return self.driver.find_elements("css selector", selector)

    def wait(self, condition: Callable[[], object], seconds: float = 60) -> object:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := condition():
                return found
            time.sleep(0.05)
        raise TimeoutError(self.driver.execute_script("return document.body.innerText"))

    def upload(self, place: str, file: Path) -> None:
        self.wait(lambda: self.all(f"#{place} input[type=file]"))[0].send_keys(str(file))
        self.wait(lambda: self.all(f"#{place} img"))
        self.wait_idle()

    def click(self, selector: str, index: int = 0) -> None:
        element = self.wait(lambda: self.all(selector)[index:])[0]
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def click_at(self, place: str, x: float, y: float) -> None:
        """Click at a share of the width and height of a shown image."""
        image = self.all(f"#{place} img")[0]
        script = """
            const image = arguments[0], r = image.getBoundingClientRect();
            const scale = Math.min(r.width / image.naturalWidth, r.height / image.naturalHeight);
            const w = image.naturalWidth * scale, h = image.naturalHeight * scale;
            const at = {clientX: r.left + (r.width - w) / 2 + arguments[1] * w,
                        clientY: r.top + (r.height - h) / 2 + arguments[2] * h, bubbles: true};
            image.dispatchEvent(new MouseEvent("click", at));"""
        before = image.get_attribute("src")
        self.driver.execute_script(script, image, x, y)
        self.wait(lambda: self.all(f"#{place} img")[0].get_attribute("src") != before)
        self.wait_idle()

    def wait_idle(self) -> None:
        """Wait until the images are loaded and no event is running."""
        script = (
            "return [...document.images].every(i => i.complete) && "
            "!document.querySelector('.generating, .pending, .progress-text')"
        )
        time.sleep(0.3)
        self.wait(lambda: self.driver.execute_script(script))

    def tab(self, index: int) -> None:
        self.click("button[role=tab]", index)

    def text(self, selector: str) -> str:
        return " ".join(element.text for element in self.all(selector))

    def hosts(self) -> set[str]:
        """Hosts of all requests so far."""
        events = [
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        ]
        urls = [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]
        return {url.split("/")[2] for url in urls if url.startswith(("http", "ws"))}

    def screenshot(self, name: str) -> None:
        """Save the whole page to REID_ALIGN_SCREENSHOTS, if this variable is set."""
        if folder := os.environ.get("REID_ALIGN_SCREENSHOTS"):
            script = "return [innerWidth, document.documentElement.scrollHeight]"
            width, height = self.driver.execute_script(script)
            metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
            self.driver.save_screenshot(str(Path(folder, f"{name}.png")))


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def browser(request: pytest.FixtureRequest, page: tuple[str, Path]) -> Iterator[Browser]:
    opened = Browser(request.param)
    try:
        opened.driver.get(page[0])
        yield opened
        width, shown = opened.driver.execute_script(
            "return [document.documentElement.scrollWidth, innerWidth]"
        )
        assert width <= shown
        assert opened.hosts() == {page[0].split("/")[2]}
    finally:
        opened.driver.quit()


def captions(browser: Browser) -> list[str]:
    return [element.text for element in browser.all("#hits .caption-label")]


def test_search_shows_hits_and_regions(
    browser: Browser, page: tuple[str, Path], request: pytest.FixtureRequest
) -> None:
    browser.upload("query", EXAMPLES[0])
    browser.click("#search")
    browser.wait(lambda: len(browser.all("#hits img")) == 10)
    assert captions(browser)[0] == "1: distance 0.000"
    browser.wait(lambda: browser.all("#regions-of-hit img"))
    assert "Where the encoder looks" in browser.text("#heading")
    assert not browser.all("#texture img")
    browser.click("#hits .thumbnail-item", 1)
    browser.wait(lambda: "Matching regions: query and hit 2" in browser.text("#heading"))
    browser.wait_idle()
    browser.screenshot(f"search-{request.node.callspec.id}")


def test_a_box_on_a_frame_is_the_query(browser: Browser, tmp_path: Path) -> None:
    frame = np.full((400, 800, 3), 90, np.uint8)
    person = np.asarray(Image.open(EXAMPLES[5]))
    height, width = person.shape[:2]
    frame[100 : 100 + height, 500 : 500 + width] = person
    Image.fromarray(frame).save(tmp_path / "frame.png")
    browser.upload("query", tmp_path / "frame.png")
    browser.click_at("query", 500.5 / 800, 100.5 / 400)
    browser.click_at("query", (499.5 + width) / 800, (99.5 + height) / 400)
    browser.click("#search")
    browser.wait(lambda: "Query:" in browser.text("#message"))
    found_width, found_height = browser.text("#message").split()[1:4:2]
    # Clicks are as precise as a pixel of the screen.
    assert abs(int(found_width) - width) <= 6
    assert abs(int(found_height) - height) <= 6
    browser.wait(lambda: len(browser.all("#hits img")) == 10)
    assert float(captions(browser)[0].split()[-1]) < 0.1


def test_two_images_are_compared(browser: Browser, request: pytest.FixtureRequest) -> None:
    browser.tab(1)
    browser.upload("first", EXAMPLES[0])
    browser.upload("second", EXAMPLES[1])
    browser.click("#compare")
    browser.wait(lambda: browser.all("#regions img"))
    assert "distance 0." in browser.text("#answer")
    assert "No decision" in browser.text("#answer")
    browser.wait_idle()
    browser.screenshot(f"compare-{request.node.callspec.id}")


def test_labels_are_stored_at_once(
    browser: Browser, page: tuple[str, Path], request: pytest.FixtureRequest
) -> None:
    file = page[1]
    before = len(read_pairs(file)) if file.exists() else 0
    browser.tab(2)
    browser.click("#start")
    browser.wait(lambda: browser.all("#pair-first img"))
    for count, button in enumerate(("same", "different", "same"), before + 1):
        browser.click(f"#{button}")
        browser.wait(lambda count=count: f"{count} of 200" in browser.text("#progress"))
        assert read_pairs(file)[-1].same == (button == "same")
    browser.wait_idle()
    browser.screenshot(f"label-{request.node.callspec.id}")
    browser.click("#undo")
    browser.wait(lambda: f"{before + 2} of 200" in browser.text("#progress"))
    assert len(read_pairs(file)) == before + 2


def test_a_random_image_is_left_out_of_its_hits(browser: Browser) -> None:
    browser.click("#random")
    browser.wait(lambda: browser.all("#query img"))
    browser.wait_idle()
    browser.click("#search")
    browser.wait(lambda: len(browser.all("#hits img")) == 10)
    assert captions(browser)[0] != "1: distance 0.000"
    browser.click("#hits .thumbnail-item", 0)
    browser.wait(lambda: "Matching regions" in browser.text("#heading"))


def test_errors_are_shown(browser: Browser, tmp_path: Path) -> None:
    browser.click("#search")
    browser.wait(lambda: "Add a query image first" in browser.text("body"))


def test_uploads_are_deleted_at_the_end() -> None:
    model = ("--model", "san_resnet18", "--weights", "random")
    before = set(Path(tempfile.gettempdir()).glob("reid_align-demo-*"))
    with ServiceProcess("demo", "examples", *model) as running:
        folders = set(Path(tempfile.gettempdir()).glob("reid_align-demo-*")) - before
        assert folders
        running.process.terminate()
        assert running.process.wait(30) == 0
    assert not [folder for folder in folders if folder.exists()]
