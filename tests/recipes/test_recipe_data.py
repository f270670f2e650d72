from pathlib import Path

import pytest
from tiny_people import make_set, write_files

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.recipes import load_recipe_data


def test_synthetic_dataset_is_also_the_synthetic_set(people: Path, table: Path) -> None:
    assert load_recipe_data(f"synthetic={people}").synthetic == str(people)
    assert load_recipe_data(f"synthetic={people}", synthetic="pairs.csv").synthetic == "pairs.csv"
    assert load_recipe_data(f"csv={table}").synthetic is None


def test_held_out_identities_are_excluded_from_the_training(table: Path) -> None:
    data = load_recipe_data(f"csv={table}", held_out=2, seed=1)
    assert data.reid is not None
    assert data.evaluation is not None
    trained = {record.person_id for record in data.reid.train}
    scored = {record.person_id for record in data.evaluation.splits[0].query}
    assert (len(trained), len(scored)) == (4, 2)
    assert not trained & scored


def test_options_are_passed_to_the_datasets(people: Path) -> None:
    data = load_recipe_data(f"synthetic={people}", evaluation=f"synthetic={people}",
                     evaluation_options=["split=test"])  # fmt: skip
    assert data.evaluation is not None
    assert data.evaluation.splits[0].name == "test"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reid": "market1501"}, "reid 'market1501': expected NAME=FOLDER"),
        ({"evaluation": "csv"}, "evaluation 'csv': expected NAME=FOLDER"),
        ({"held_out": 2}, "needs a training dataset"),
        (
            {"reid": "csv={table}", "evaluation": "csv={table}", "held_out": 2},
            "excludes an evaluation",
        ),
        ({"reid": "synthetic={people}", "held_out": 2}, "dataset option split=val"),
        ({"reid": "synthetic={people}", "textures": "t"}, "textures='t' cannot be combined"),
        (
            {"reid": "synthetic={people}", "reid_options": ["split=val"]},
            "split=val has no effect on a synthetic training dataset",
        ),
        (
            {"evaluation": "synthetic={people}", "evaluation_options": ["split=val"]},
            "no query and gallery",
        ),
    ],
)
def test_conflicting_arguments_are_refused(
    arguments: dict[str, object], message: str, people: Path, table: Path
) -> None:
    filled = {
        name: value.format(people=people, table=table) if isinstance(value, str) else value
        for name, value in arguments.items()
    }
    with pytest.raises(InvalidInputError, match=message):
        load_recipe_data(**filled)


def test_paired_set_is_no_training_dataset(tmp_path: Path) -> None:
    pairs = make_set(tmp_path / "pairs", pit=True)
    with pytest.raises(InvalidInputError, match="is a paired set without identities"):
        load_recipe_data(f"synthetic={pairs}")
    assert load_recipe_data(synthetic=str(pairs)).synthetic == str(pairs)


def test_unknown_dataset_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="market1501"):
        load_recipe_data("market=folder")


def test_several_training_datasets_are_joined(table: Path, tmp_path: Path) -> None:
    other = write_files(tmp_path)
    data = load_recipe_data([f"csv={table}", f"csv={other}"])
    single = load_recipe_data(f"csv={table}")
    assert data.reid is not None
    assert single.reid is not None
    identities = {record.person_id for record in data.reid.train}
    assert len(identities) == 2 * len({record.person_id for record in single.reid.train})
    assert len(data.reid_source()) == 2 * len(single.reid.train)
