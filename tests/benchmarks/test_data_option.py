"""``--data NAME=FOLDER`` means the same to every command that takes it."""

import argparse
import sys
from collections.abc import Callable

import pytest

from benchmarks.command_line import add_data_option
from benchmarks.papers import tables_command as paper_tables
from benchmarks.speed import storage
from benchmarks.studies import retrieval, zoo

REFUSED = ["cuhk03_detected", "cuhk03_detected=", "=data/cuhk03"]


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_data_option(parser, "where to score")
    return parser


def test_data_option_parses_name_and_folder(parser: argparse.ArgumentParser) -> None:
    given = ["--data", "market1501=data/market", "--data", "synthetic=/sets/a=b"]
    assert parser.parse_args(given).data == [
        ("market1501", "data/market"),
        ("synthetic", "/sets/a=b"),
    ]
    assert parser.parse_args([]).data == []


@pytest.mark.parametrize("value", REFUSED)
def test_data_option_refuses_incomplete_values(
    parser: argparse.ArgumentParser, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(["--data", value])
    assert stopped.value.code == 2
    assert f"argument --data: {value}: expected NAME=FOLDER." in capsys.readouterr().err


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
def test_commands_refuse_incomplete_data_options(
    main: Callable[[], object],
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["command", *arguments, "--data", "cuhk03_detected"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "expected NAME=FOLDER" in capsys.readouterr().err
