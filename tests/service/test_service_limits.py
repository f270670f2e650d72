"""Limits, token and address, form fields, uploads, and metrics."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reid_align.cli.service_options import LIMITS
from reid_align.errors import ImageReadError, InvalidInputError, OutputError, UnknownNameError
from reid_align.images import MAX_PIXELS, decode_image
from reid_align.preprocess import Preprocess
from reid_align.service import QueueFullError, ServiceLimits
from reid_align.service.form_fields import parse_filter, parse_metadata, parse_paths
from reid_align.service.http_errors import error_status
from reid_align.service.listen_address import is_loopback, read_token, require_token
from reid_align.service.request_guard import foreign_page
from reid_align.service.service_metrics import ServiceMetrics
from reid_align.service.uploaded_images import UploadedImage, decode_upload

EXAMPLE = Path(__file__).parents[2] / "examples" / "0001_c13s1_000001_00.jpg"
TOKEN = "0123456789abcdef"


def test_options_have_the_defaults_of_the_limits() -> None:
    limits = ServiceLimits()
    named = {name.replace("-", "_"): default for name, (default, _) in LIMITS.items()}
    assert named == vars(limits)


def test_limits_are_positive_and_consistent() -> None:
    with pytest.raises(InvalidInputError, match="images=0"):
        ServiceLimits(images=0)
    assert ServiceLimits(pixels=10**9).pixels == MAX_PIXELS
    assert ServiceLimits(images=64, queued_images=8).images == 8


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_loopback_needs_no_token(host: str) -> None:
    assert is_loopback(host)
    require_token(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_other_addresses_need_a_token(host: str) -> None:
    with pytest.raises(InvalidInputError, match="token is required"):
        require_token(host, None)
    require_token(host, TOKEN)


def test_an_unknown_host_is_refused() -> None:
    for host in ("no such host.invalid", ""):
        with pytest.raises(InvalidInputError, match="has no address"):
            is_loopback(host)


def test_tokens_come_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REID_ALIGN_TOKEN", raising=False)
    assert read_token(None) is None
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert read_token(file) == TOKEN
    monkeypatch.setenv("REID_ALIGN_TOKEN", TOKEN[::-1])
    assert read_token(None) == TOKEN[::-1]
    for bad in ("short", "ä" * 20, ""):
        file.write_text(bad, "utf-8")
        with pytest.raises(InvalidInputError, match="at least 16"):
            read_token(file)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_token(tmp_path / "missing")


def test_uploads_are_decoded_as_files_are() -> None:
    preprocess = Preprocess(64, 32)
    upload = UploadedImage("a.jpg", EXAMPLE.read_bytes())
    expected = preprocess.resize(decode_image(str(EXAMPLE)))
    np.testing.assert_array_equal(decode_upload(upload, preprocess, 10**6), expected)


def test_large_images_are_refused_by_their_header() -> None:
    file = io.BytesIO()
    Image.new("RGB", (3000, 2000)).save(file, "PNG")
    # Without pixel data: only the header may be read.
    upload = UploadedImage("big.png", file.getvalue()[:60])
    with pytest.raises(ImageReadError, match="3000 x 2000 pixels are more than 5,999,999"):
        decode_upload(upload, Preprocess(), 5_999_999)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"GIF89a", "damaged"), (b"hello", "unknown format")],
)
def test_unusable_uploads_are_named(data: bytes, reason: str) -> None:
    with pytest.raises(ImageReadError, match=f"x.jpg.*{reason}"):
        decode_upload(UploadedImage("x.jpg", data), Preprocess(), 10**6)


def test_metadata_is_one_object_per_image() -> None:
    assert parse_metadata(None, 2) == [{}, {}]
    assert parse_metadata('{"camera": 1}', 2) == [{"camera": 1}] * 2
    assert parse_metadata('[{"a": 1}, {}]', 2) == [{"a": 1}, {}]
    for text in ("[{}]", "[1, 2]", "3", "{", "[" * 100_000, "x" * 1_000_001):
        with pytest.raises(InvalidInputError, match="metadata"):
            parse_metadata(text, 2)


def test_paths_are_given_or_the_file_names() -> None:
    images = [UploadedImage("a.jpg", b""), UploadedImage("b.jpg", b"")]
    assert parse_paths(None, images) == ["a.jpg", "b.jpg"]
    assert parse_paths('["x", "y"]', images) == ["x", "y"]
    for text in ('["x"]', '["x", 1]', '{"x": 1}', '["x", ""]', "nonsense"):
        with pytest.raises(InvalidInputError, match="paths"):
            parse_paths(text, images)


def test_filters_are_limited() -> None:
    assert parse_filter(None) is None
    assert parse_filter("  ") is None
    assert parse_filter("camera = 1") == "camera = 1"
    for text in ("a" * 2001, "\ud800"):
        with pytest.raises(InvalidInputError, match="where"):
            parse_filter(text)


def test_errors_have_a_status() -> None:
    assert error_status(QueueFullError("full")) == 503
    assert error_status(InvalidInputError("bad")) == 422
    assert error_status(ImageReadError("a", "bad")) == 422
    assert error_status(UnknownNameError("column", "a", ["b"])) == 422
    assert error_status(OutputError("disk full")) == 507


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"host": "127.0.0.1:8000"}, False),
        ({"host": "127.0.0.5"}, False),
        ({"host": "localhost:80", "origin": "http://localhost:80"}, False),
        ({"host": "[::1]:8000"}, False),
        ({"host": "attacker.example"}, True),
        ({"host": "127.0.0.1.attacker.example"}, True),
        ({"host": "["}, True),
        ({}, True),
        ({"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:9000"}, True),
        ({"host": "127.0.0.1:8000", "origin": "null"}, True),
    ],
)
def test_without_a_token_only_local_pages_are_answered(headers: dict, refused: bool) -> None:
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    assert (foreign_page(encoded) is not None) == refused


def test_metrics_are_text() -> None:
    metrics = ServiceMetrics()
    metrics.count_request("/search", 200, 0.03)
    metrics.count_batch(8)
    metrics.count_rows(3)
    metrics.add_gauge("reid_align_test", "Test.", lambda: 7)
    lines = metrics.text().decode().splitlines()
    assert 'reid_align_requests_total{path="/search",status="200"} 1.0' in lines
    assert 'reid_align_request_seconds_bucket{le="0.05",path="/search"} 1.0' in lines
    assert "reid_align_encoded_images_total 8.0" in lines
    assert "reid_align_added_rows_total 3.0" in lines
    assert "reid_align_test 7.0" in lines
