"""Shared command-line behavior: renamed options, and advice in error messages."""

import pytest

from reid_align.__main__ import main
from reid_align.cli.advice import with_advice
from reid_align.errors import BackendError, DeviceNotFoundError, ImageReadError, ReidAlignError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "san_full", "--workers", "0"], "--workers is now --num-workers. Use"),
        (["synthesize", "-o", "x", "--workers=3"], "Use --num-workers 3."),
        (["evaluate", "csv", "a.csv", "--set", "a=b"], "--set is now --data-option. Use"),
        (["evaluate", "csv", "a.csv", "--set"], "Use --data-option VALUE."),
    ],
)
def test_old_option_names_are_refused_with_the_new_name(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["train", "synthesize", "evaluate"])
def test_old_option_names_are_not_in_the_help(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    words = capsys.readouterr().out.replace("[", " ").split()
    assert "--workers" not in words
    assert verb == "train" or "--set" not in words


def test_the_most_specific_advice_follows_the_message() -> None:
    advice = {ReidAlignError: "Read the guide.", ImageReadError: "Use --on-error skip."}
    unreadable = ImageReadError("a.jpg", "the file is empty")
    assert with_advice(unreadable, advice) == "a.jpg: the file is empty. Use --on-error skip."
    assert with_advice(ReidAlignError("No."), advice) == "No. Read the guide."
    assert with_advice(ReidAlignError("No"), {}) == "No"


def test_common_advice_names_options() -> None:
    assert with_advice(DeviceNotFoundError("No GPU."), {}) == "No GPU. Use --device cpu."
    assert with_advice(BackendError("onnx", "reason"), {}).endswith("Use --backend torch.")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["extract", "a", "-o", "f.npy", "--output", "g.npy"], "--output"),
        (["extract", "a", "-o", "f.npy", "--seed", "1", "--seed=2"], "--seed"),
        (["extract", "a", "-o", "f.npy", "--device", "cpu", "--dev", "cuda"], "--device"),
        (["evaluate", "csv", "a", "--features", "a.npy", "--features", "b.npy"], "--features"),
        (["evaluate", "csv", "a", "--verification", "0.1", "--verification"], "--verification"),
        (["unwrap", "a", "-o", "b", "--weights", "c", "--weights", "d"], "--weights"),
        (["train", "san_full", "--evaluate", "a=b", "--evaluate", "c=d"], "--evaluate"),
        (["synthesize", "-o", "a", "-o", "b"], "-o"),
        (["publish", "check", "a.b", "--weights", "c", "--weights", "d"], "--weights"),
        (["publish", "average", "-o", "c", "a", "b", "-o", "d"], "-o"),
    ],
)
def test_an_option_given_twice_is_refused(
    arguments: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    takes_several = option in ("--features", "--verification") or arguments[0] == "unwrap"
    several = ", with all its values after it" if takes_several else ""
    error = capsys.readouterr().err
    assert error.endswith(f"is given twice. Give it once{several}.\n")


def test_a_parser_can_be_used_again() -> None:
    from reid_align.cli import command_parser

    parser = command_parser("try", "A command.")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--set", action="append")
    for seed in (1, 2):
        args = parser.parse_args(["--seed", str(seed), "--set", "a", "--set", "b"])
        assert (args.seed, args.set) == (seed, ["a", "b"])
