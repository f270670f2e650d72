"""Datasets and options as a command line gives them."""

import pytest

from reid_align.datasets import describe_datasets, list_datasets, load_dataset, parse_options
from reid_align.errors import InvalidInputError, UnknownNameError


def test_values_are_parsed_to_the_option_type() -> None:
    assert parse_options("msmt17_v1", ["combine_val=True", "check_counts=false"]) == {
        "combine_val": True,
        "check_counts": False,
    }
    assert parse_options("cuhk01", ["split=3"]) == {"split": 3}
    assert parse_options("cuhk01", ["split=none"]) == {"split": None}
    assert parse_options("folder", ["pattern=(?P<person_id>[a=b]+)"]) == {
        "pattern": "(?P<person_id>[a=b]+)"
    }
    assert parse_options("market1501", []) == {}


@pytest.mark.parametrize(
    ("name", "assignment", "message"),
    [
        ("market1501", "check_counts", "write OPTION=VALUE"),
        ("market1501", "check_counts=1", "give true or false"),
        ("cuhk01", "split=three", "give a whole number or none"),
    ],
)
def test_invalid_values_are_refused(name: str, assignment: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        parse_options(name, [assignment])


def test_an_option_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="split is given twice"):
        parse_options("cuhk01", ["split=1", "split=2"])


def test_unknown_datasets_and_options_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'market1501'"):
        parse_options("market", [])
    options = parse_options("market1501", ["color=red"])
    with pytest.raises(InvalidInputError, match="no option 'color'"):
        load_dataset("market1501", "nowhere", **options)


def test_every_dataset_is_described_with_its_options() -> None:
    lines = describe_datasets().splitlines()
    assert [line.split()[0] for line in lines] == list_datasets()
    described = dict(zip(list_datasets(), lines, strict=True))
    assert "combine_val=false" in described["msmt17_v1"]
    assert described["folder"].endswith("(pattern)")
