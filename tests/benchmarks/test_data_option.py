"""``--data NAME=FOLDER`` means the same to every command that takes it."""

import argparse
import sys
from collections.abc import Callable

import pytest

import benchmarks.papers.tables_command as paper_tables
import benchmarks.speed.storage as storage
import benchmarks.studies.retrieval as retrieval
import benchmarks.studies.zoo as zoo
from benchmarks.command_line import add_data_option

REFUSED = ["cuhk03_detected", "cuhk03_detected=", "=data/cuhk03"]


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_data_option(parser, "where to score")
    return parser


def test_every_value_is_a_name_and_a_folder(parser: argparse.ArgumentParser) -> None:
    given = ["--data", "market1501=data/market", "--data", "synthetic=/sets/a=b"]
    assert parser.parse_args(given).data == [
        ("market1501", "data/market"),
        ("synthetic", "/sets/a=b"),
    ]
    assert parser.parse_args([]).data == []


@pytest.mark.parametrize("value", REFUSED)
def test_a_value_that_lacks_one_of_them_is_refused(
    parser: argparse.ArgumentParser, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(["--data", value])
    assert stopped.value.code == 2
    assert f"argument --data: {value}: write NAME=FOLDER." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (storage.main, ["encoder.safetensors", "--label", "mine"]),
        (zoo.main, ["--weights", "encoder.safetensors", "--label", "mine"]),
        (paper_tables.main, ["--table", "san1"]),
        (retrieval.main, []),
    ],
    ids=["storage", "zoo", "paper_tables", "retrieval"],
)
def test_the_commands_refuse_it_before_they_read_anything(
    main: Callable[[], object],
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["command", *arguments, "--data", "cuhk03_detected"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "write NAME=FOLDER" in capsys.readouterr().err
