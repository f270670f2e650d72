"""The service as a process: answers, limits, token, malformed requests, SIGKILL, shutdown."""

import concurrent.futures
import io
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image
from service_process import EXAMPLES, ServiceProcess

from reid_align import extract_features
from reid_align.cli.encoder_choice import select_encoder
from reid_align.galleries import Gallery

pytestmark = pytest.mark.services
SMALL = ("--model", "san_resnet18", "--weights", "random")
TOKEN = "a token of the tests, long enough"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    gallery = tmp_path_factory.mktemp("service") / "gallery"
    with ServiceProcess("serve", *SMALL, "--gallery", str(gallery)) as running:
        yield running


def expected_features() -> np.ndarray:
    return extract_features(EXAMPLES, select_encoder("san_resnet18", "random")).values


def test_features_equal_the_extractor(service: ServiceProcess) -> None:
    answer = service.post("/features", EXAMPLES).json()
    np.testing.assert_allclose(answer["features"], expected_features(), atol=1e-5)
    assert answer["names"] == [path.name for path in EXAMPLES]
    binary = service.post("/features?format=npy", EXAMPLES[:3])
    np.testing.assert_allclose(
        np.load(io.BytesIO(binary.content)), expected_features()[:3], atol=1e-5
    )
    assert binary.headers["x-reid-align-digest"] == answer["digest"]


def test_add_search_and_verify(service: ServiceProcess) -> None:
    rows = [{"camera": n % 2, "site": "door"} for n in range(len(EXAMPLES))]
    added = service.post("/add", EXAMPLES, metadata=rows).json()
    assert added["added"] == len(EXAMPLES)
    answer = service.post("/search", EXAMPLES[:2], k="5", where="camera = 1").json()
    assert [query["name"] for query in answer["queries"]] == [p.name for p in EXAMPLES[:2]]
    hits = answer["queries"][1]["hits"]
    assert hits[0]["path"] == EXAMPLES[1].name
    assert hits[0]["distance"] == pytest.approx(0, abs=1e-5)
    assert {hit["metadata"]["camera"] for hit in hits} == {1}
    values = expected_features()
    distances = 1 - values[1::2] @ values[1]
    found = [hit["distance"] for hit in hits]
    np.testing.assert_allclose(found, np.sort(distances)[:5], atol=1e-5)
    files = {
        name: path.read_bytes() for name, path in zip(("first", "second"), EXAMPLES, strict=False)
    }
    verified = service.client.post("/verify", files=files).json()
    assert verified["distance"] == pytest.approx(1 - values[0] @ values[1], abs=1e-5)
    assert verified["same"] is None


def test_remove_and_its_filter(tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    with ServiceProcess("serve", *SMALL, "--gallery", str(gallery)) as service:

        def remove(**fields: str) -> httpx.Response:
            return service.client.post("/remove", data=fields)

        assert remove(where="camera = 1").json() == {"removed": 0, "rows": 0}
        rows = [{"camera": n} for n in range(4)]
        assert service.post("/add", EXAMPLES[:4], metadata=rows).status_code == 200
        assert remove(where="camera >= 2").json() == {"removed": 2, "rows": 2}
        hits = service.post("/search", EXAMPLES[2:3], k="9").json()["queries"][0]["hits"]
        assert {hit["path"] for hit in hits} == {path.name for path in EXAMPLES[:2]}
        assert remove(where=f"path = '{EXAMPLES[0].name}'").json() == {"removed": 1, "rows": 1}
        assert remove(where="camera = 7").json() == {"removed": 0, "rows": 1}
        for fields in ({}, {"where": ""}, {"where": " "}, {"where": "nothing = 1"},
                       {"where": "camera = "}, {"where": "x" * 3000}):  # fmt: skip
            answer = remove(**fields)
            assert (answer.status_code, "\n" in answer.json()["detail"]) == (422, False), fields
        assert service.client.get("/health").json()["rows"] == 1
        assert "reid_align_removed_rows_total 3.0" in service.client.get("/metrics").text
        # Acknowledged, so it survives SIGKILL.
        assert remove(where="camera = 1").json() == {"removed": 1, "rows": 0}
        service.kill()
    assert len(Gallery.open(gallery, create=False)) == 0


def test_concurrent_requests_share_batches(service: ServiceProcess) -> None:
    expected = expected_features()

    def ask(index: int) -> list[float]:
        path = EXAMPLES[index % len(EXAMPLES)]
        return service.post("/features", [path]).json()["features"][0]

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, range(64)))
    np.testing.assert_allclose(found, np.tile(expected, (2, 1)), atol=1e-5)
    text = service.client.get("/metrics").text
    sizes = {
        line.split('"')[1]: float(line.split()[-1])
        for line in text.splitlines()
        if line.startswith("reid_align_batch_images_bucket")
    }
    assert sizes["+Inf"] > sizes["1.0"]


def test_health_docs_and_openapi(service: ServiceProcess) -> None:
    health = service.client.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    schema = service.client.get("/openapi.json").json()
    paths = {"/features", "/search", "/add", "/remove", "/verify", "/health", "/metrics"}
    assert set(schema["paths"]) == paths
    form = schema["components"]["schemas"]["Body_search_search_post"]["properties"]
    assert form["images"]["items"]["format"] == "binary"
    page = service.client.get("/docs").text
    assert "http" not in page.replace(service.url, "")
    script = service.client.get("/static-offline-docs/swagger-ui-bundle.js")
    assert script.status_code == 200
    assert len(script.content) > 500_000


def test_other_sites_cannot_use_the_service(service: ServiceProcess) -> None:
    for headers in ({"Host": "attacker.example"}, {"Origin": "http://attacker.example"}):
        answer = service.client.get("/metrics", headers=headers)
        assert answer.status_code == 403
    own = service.client.get("/metrics", headers={"Origin": service.url})
    assert own.status_code == 200


def test_limits_have_their_status() -> None:
    limits = ("--max-body-bytes", "200000", "--max-images", "3", "--max-pixels", "100000")
    with ServiceProcess("serve", *SMALL, *limits) as service:
        large = service.client.post("/features", files={"images": b"x" * 300_000})
        assert (large.status_code, "larger than 200,000" in large.json()["detail"]) == (413, True)

        def chunks() -> Iterator[bytes]:
            yield b'--b\r\nContent-Disposition: form-data; name="images"; filename="a"\r\n\r\n'
            for _ in range(30):
                yield b"x" * 10_000

        chunked = service.client.post(
            "/features",
            content=chunks(),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )
        assert chunked.status_code == 413
        assert service.post("/features", EXAMPLES[:4]).status_code == 413
        file = io.BytesIO()
        Image.new("RGB", (1000, 101)).save(file, "PNG")
        pixels = service.client.post("/features", files={"images": file.getvalue()})
        assert pixels.status_code == 422
        assert "1000 x 101 pixels are more than 100,000" in pixels.json()["detail"]
        no_gallery = service.post("/search", EXAMPLES[:1])
        assert no_gallery.status_code == 422
        assert service.post("/features", EXAMPLES[:3]).status_code == 200


def test_a_full_queue_answers_503_and_recovers() -> None:
    with ServiceProcess("serve", *SMALL, "--max-queued-images", "8") as service:

        def ask(_: int) -> httpx.Response:
            return service.post("/features", EXAMPLES[:4])

        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(ask, range(72)))
        found = [answer.status_code for answer in answers]
        assert set(found) == {200, 503}
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert "of at most 8 images" in refused.json()["detail"]
        assert refused.headers["retry-after"] == "1"
        assert service.post("/features", EXAMPLES[:4]).status_code == 200


def test_a_token_is_required_beyond_loopback() -> None:
    with ServiceProcess("serve", *SMALL, "--host", "0.0.0.0", token=TOKEN) as service:
        url = f"http://127.0.0.1:{urlsplit(service.url).port}"
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            for path in ("/metrics", "/features", "/nothing"):
                found = httpx.get(url + path, headers=headers, trust_env=False)
                assert found.status_code == 401
        assert httpx.get(f"{url}/health", trust_env=False).status_code == 200
        assert service.client.get(f"{url}/metrics").status_code == 200


def malformed(number: int) -> tuple[str, str, dict[str, str], bytes]:
    """Return method, path, headers and body of a malformed request."""
    rng = random.Random(number)
    path = rng.choice(["/features", "/search", "/add", "/remove", "/verify"])
    noise = rng.randbytes(rng.choice([0, 1, 30, 5000]))
    form = "multipart/form-data; boundary=b"
    jpeg = EXAMPLES[0].read_bytes()
    cut = jpeg[: rng.randrange(len(jpeg) // 2)]
    flipped = bytearray(jpeg)
    flipped[:4] = rng.randbytes(4)

    def part(name: str, content: bytes, file: str | None = None) -> bytes:
        extra = "" if file is None else f'; filename="{file}"'
        head = f'--b\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n'
        return head.encode() + content + b"\r\n"

    image = part("images", jpeg, "a.jpg")
    bodies = [
        (form, noise),
        (form, b"--b\r\n" + noise),
        ("multipart/form-data", noise),
        ("application/json", b'{"images": [1, 2'),
        ("text/plain", noise),
        ("application/x-www-form-urlencoded", b"images=%zz&k=" + noise),
        (form, part("images", cut, "cut.jpg") + b"--b--\r\n"),
        (form, part("images", bytes(flipped), "\u00e4.jpg") + b"--b--\r\n"),
        (form, part("images", noise) + b"--b--\r\n"),
        (form, part("wrong", jpeg, "a.jpg") + b"--b--\r\n"),
        (form, image[: len(image) // 2]),
        (form, b"".join(part(f"f{n}", b"") for n in range(2000)) + b"--b--\r\n"),
    ]
    kind, body = rng.choice(bodies)
    return rng.choice(["POST", "POST", "POST", "PUT", "GET"]), path, {"Content-Type": kind}, body


FIELDS = [
    {"metadata": "[" * 5000},
    {"metadata": '{"camera": [1]}'},
    {"metadata": '{"path": "a"}'},
    {"metadata": '{"a b": 1}'},
    {"metadata": '{"camera": "\\ud800"}'},
    {"metadata": '{"number": 1e999, "camera": 123456789012345678901234567890}'},
    {"metadata": '{"camera": "text"}'},
    {"paths": '["\\ud800"]'},
    {"paths": '[""]'},
    {"k": "-1"},
    {"k": "1e9"},
    {"k": "99999999999999999999"},
    {"where": "camera = "},
    {"where": "1) OR (1=1"},
    {"where": "nothing = 1"},
    {"where": "camera = 1; DROP TABLE images"},
    {"where": "(" * 900},
    {"where": "'" + "x" * 3000},
]


def test_a_thousand_malformed_requests_and_a_kill_lose_nothing(tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    acknowledged: list[str] = []
    stop = threading.Event()

    with ServiceProcess("serve", *SMALL, "--gallery", str(gallery)) as service:
        first = service.post("/add", EXAMPLES[:1], metadata={"camera": 1}, paths=["first"])
        assert first.status_code == 200, first.text

        def keep_adding(worker: int) -> None:
            number = 0
            while not stop.is_set():
                name = f"{worker}/{number}"
                number += 1
                try:
                    answer = service.post(
                        "/add", EXAMPLES[:2], metadata={"camera": 1}, paths=[name, f"{name}b"]
                    )
                except httpx.HTTPError:
                    return  # Killed: not acknowledged.
                assert answer.status_code in (200, 503), answer.text
                if answer.status_code == 200:
                    acknowledged.extend((name, f"{name}b"))

        statuses = set()
        for number in range(982):
            method, path, headers, body = malformed(number)
            answer = service.client.request(method, path, headers=headers, content=body)
            assert 400 <= answer.status_code < 500, (number, answer.status_code, answer.text)
            detail = answer.json()["detail"]
            assert isinstance(detail, str)
            assert detail
            assert "\n" not in detail, detail
            statuses.add(answer.status_code)
        for fields in FIELDS:
            path = "/add" if fields.keys() & {"metadata", "paths"} else "/search"
            answer = service.post(path, EXAMPLES[:1], **fields)
            assert answer.status_code == 422, (fields, answer.status_code, answer.text)
        assert {400, 405, 422} <= statuses
        host, port = urlsplit(service.url).hostname, urlsplit(service.url).port
        for noise in (
            b"\x00" * 100,
            b"GET\r\n\r\n",
            b"POST /add HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        ):
            with socket.create_connection((host, port), timeout=10) as raw:
                raw.sendall(noise)
                assert b"400" in raw.recv(1000)
        assert service.client.get("/health").json()["rows"] == 1

        threads = [threading.Thread(target=keep_adding, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 60
        while len(acknowledged) < 40 and time.monotonic() < deadline:
            time.sleep(0.05)
        service.kill()
        stop.set()
        for thread in threads:
            thread.join(30)
    assert len(acknowledged) >= 40
    rows = [row.path for row in Gallery.open(gallery, create=False).rows()]
    assert set(acknowledged) <= set(rows)
    assert len(rows) == len(set(rows))
    # Each addition is complete: both images or none.
    assert {row.removesuffix("b") for row in rows} <= set(rows)
    with ServiceProcess("serve", "--gallery", str(gallery)) as again:
        assert again.client.get("/health").json()["rows"] == len(rows)


def test_shutdown_finishes_requests_in_progress() -> None:
    with ServiceProcess("serve", *SMALL) as service:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(service.post, "/features", EXAMPLES[:16]) for _ in range(8)]
            while "images_in_progress 0.0" in service.client.get("/metrics").text:
                time.sleep(0.01)
            service.process.send_signal(signal.SIGTERM)
            statuses = []
            for answer in answers:
                try:
                    statuses.append(answer.result().status_code)
                except httpx.HTTPError:
                    statuses.append(0)  # Not accepted any more.
        assert service.process.wait(40) == 0
        assert service.process.stderr is not None
        assert service.process.stderr.read().startswith("Stopped. Everything")
        assert 200 in statuses
        assert set(statuses) <= {0, 200, 503}
