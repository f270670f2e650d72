from pathlib import Path

import pytest
from tiny_people import make_set

from reid_align.errors import InvalidInputError, UnknownNameError
from reid_align.recipes import read_data


def test_a_synthetic_set_serves_as_both_kinds_of_data(people: Path, table: Path) -> None:
    assert read_data(f"synthetic={people}").synthetic == str(people)
    assert read_data(f"synthetic={people}", synthetic="pairs.csv").synthetic == "pairs.csv"
    assert read_data(f"csv={table}").synthetic is None


def test_held_out_persons_are_evaluated_on_and_not_trained_on(table: Path) -> None:
    data = read_data(f"csv={table}", held_out=2, seed=1)
    assert data.reid is not None
    assert data.evaluation is not None
    trained = {record.person_id for record in data.reid.train}
    scored = {record.person_id for record in data.evaluation.splits[0].query}
    assert (len(trained), len(scored)) == (4, 2)
    assert not trained & scored


def test_datasets_take_their_options(people: Path) -> None:
    data = read_data(f"synthetic={people}", evaluation=f"synthetic={people}",
                     evaluation_options=["split=test"])  # fmt: skip
    assert data.evaluation is not None
    assert data.evaluation.splits[0].name == "test"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reid": "market1501"}, "--data market1501: write NAME=FOLDER"),
        ({"evaluation": "csv"}, "--evaluate csv: write NAME=FOLDER"),
        ({"held_out": 2}, "give --data"),
        ({"reid": "csv={table}", "evaluation": "csv={table}", "held_out": 2}, "no --evaluate"),
        ({"reid": "synthetic={people}", "held_out": 2}, "--evaluate-option split=val"),
        ({"reid": "synthetic={people}", "textures": "t"}, "--textures with --data synthetic"),
        (
            {"reid": "synthetic={people}", "reid_options": ["split=val"]},
            "--data-option split=val with --data synthetic=.*no effect",
        ),
        (
            {"evaluation": "synthetic={people}", "evaluation_options": ["split=val"]},
            "no query and gallery",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(
    arguments: dict[str, object], message: str, people: Path, table: Path
) -> None:
    filled = {
        name: value.format(people=people, table=table) if isinstance(value, str) else value
        for name, value in arguments.items()
    }
    with pytest.raises(InvalidInputError, match=message):
        read_data(**filled)


def test_a_paired_set_has_no_persons_to_train_on(tmp_path: Path) -> None:
    pairs = make_set(tmp_path / "pairs", pit=True)
    with pytest.raises(InvalidInputError, match=r"paired set \(--pit\): give it as --synthetic"):
        read_data(f"synthetic={pairs}")
    assert read_data(synthetic=str(pairs)).synthetic == str(pairs)


def test_an_unknown_dataset_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="market1501"):
        read_data("market=folder")
