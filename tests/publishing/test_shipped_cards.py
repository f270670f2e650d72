"""Cards of the bundled weights agree with their results and with the manifest."""

import json
from pathlib import Path

import pytest

from reid_align.publishing.card_file import read_card
from reid_align.publishing.card_results import read_result_file
from reid_align.publishing.publication import gather_publication
from reid_align.weights import shipped_weights
from reid_align.weights.weights_location import BUNDLED

CARDS = Path(__file__).parents[2] / "publishing" / "cards"
NAMES = sorted(path.stem for path in CARDS.glob("*.toml"))
ENCODERS = [name for name in NAMES if shipped_weights()[name].kind == "encoder"]
RESULTS = sorted(CARDS.glob("results/*.json"))


def test_all_bundled_weights_have_a_card() -> None:
    assert sorted(name for name, entry in shipped_weights().items() if entry.bundled) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_agrees_with_the_card(name: str) -> None:
    card, entry = read_card(CARDS / f"{name}.toml"), shipped_weights()[name]
    results = [read_result_file(listed, CARDS) for listed in card.results]
    expected = [metrics for result in results for metrics in result.metrics(name, None)]
    assert list(entry.metrics) == expected
    # Only encoders have results, all of the same weights.
    assert len({result.state_sha256 for result in results}) == (entry.kind == "encoder")
    assert (entry.license, entry.training_data) == (card.license, card.training_data)
    assert (entry.recipe.cost, entry.recipe.command) == (card.cost, card.recipe.command)


@pytest.mark.parametrize("name", ENCODERS)
def test_bundled_encoders_can_be_published_on_the_hub(name: str) -> None:
    file = BUNDLED / f"{name}.safetensors"
    publication = gather_publication(f"{name}_hub", CARDS / f"{name}.toml", file)
    assert len(publication.exact) == len(publication.card.results) > 0
    recipe = shipped_weights()[name].recipe
    assert publication.recipe == recipe


def test_every_result_belongs_to_a_card() -> None:
    cards = [read_card(CARDS / f"{name}.toml") for name in NAMES]
    named = sorted(CARDS / listed.file for card in cards for listed in card.results)
    assert named == RESULTS


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_results_contain_no_local_paths(path: Path) -> None:
    made_by = json.loads(path.read_text("utf-8"))["features"]
    for part in made_by:
        assert Path(part["weights"]["name"]).name == part["weights"]["name"]
