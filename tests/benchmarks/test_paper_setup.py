"""What a measurement says that it started from."""

import hashlib
from pathlib import Path

import pytest
from paper.scale import SMALL
from paper.setup import Setup


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    for file in ("start/encoder", "start/dsag_stream", "san_pg/encoder"):
        path = tmp_path / f"{file}.safetensors"
        path.parent.mkdir(exist_ok=True)
        path.write_text(file)
    names = str(tmp_path / "start"), str(tmp_path / "san_pg")
    return Setup(SMALL, {}, tmp_path, tmp_path, initial=names[0], san_pg=names[1])


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("recipe", "more"),
    [
        ("san_baseline", ""),
        ("dsa_baseline", ""),
        ("dsa_two_branch", ""),
        ("dsa_full", f", guided by sha256 {digest('start/dsag_stream')}"),
        ("dsa_csa", f", guided by sha256 {digest('start/dsag_stream')}"),
        ("san_baseline_pginit", f", by way of SAN-PG, sha256 {digest('san_pg/encoder')}"),
        ("san_full", f", by way of SAN-PG, sha256 {digest('san_pg/encoder')}"),
        ("san_rec_input", ""),
    ],
)
def test_a_start_names_every_network_that_the_row_takes(
    setup: Setup, recipe: str, more: str
) -> None:
    assert setup.start(recipe) == f"start, sha256 {digest('start/encoder')}{more}"


def test_without_weights_the_scale_says_where_a_row_starts(tmp_path: Path) -> None:
    assert Setup(SMALL, {}, tmp_path, tmp_path).start("dsa_full") == "imagenet"
    given = Setup(SMALL, {}, tmp_path, tmp_path, initial="random")
    assert given.start("dsa_full") == "random"
