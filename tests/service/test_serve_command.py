"""Errors of the serve and demo commands before they answer requests."""

import socket
from pathlib import Path

import pytest

from reid_align import demo, serve

SMALL = ["--model", "san_resnet18", "--weights", "random", "--device", "cpu"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--host", "0.0.0.0"], "token is required"),
        (["--host", "no such host.invalid"], "has no address"),
        (["--token-file", "missing"], "cannot be read"),
        (["--max-images", "0"], "images=0"),
        (["--prior", "2"], "prior=2.0"),
        (["--adapt"], "--adapt"),
        (["--gallery", __file__], "is a file"),
        (["--calibration", __file__], "calibration"),
        (["--port", "99999"], "Cannot listen"),
    ],
)
def test_wrong_options_are_one_clear_line(
    options: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REID_ALIGN_TOKEN", raising=False)
    assert serve.main([*SMALL, *options]) == 2
    printed = capsys.readouterr().err
    assert reason in printed
    assert len(printed.splitlines()) == 1


def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = str(used.getsockname()[1])
        assert serve.main([*SMALL, "--port", port]) == 2
    assert f"Cannot listen on 127.0.0.1, port {port}" in capsys.readouterr().err


def test_the_page_checks_its_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gradio", exc_type=ImportError)
    assert demo.main([str(tmp_path), "--adapt"]) == 2
    assert "--adapt" in capsys.readouterr().err
    assert demo.main([str(tmp_path / "none"), "--pairs", str(tmp_path / "no" / "pairs.csv")]) == 1
    assert "pairs.csv" in capsys.readouterr().err
