"""Two processes with half a batch each compute the losses of the whole batch."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from half_of_a_batch import FORMS, VECTORS, Found, san, vectors

from reid_align.training.distributed import ProcessGroup

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("half_of_a_batch.py")


@pytest.fixture(scope="module")
def shares(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Found]]:
    folder = tmp_path_factory.mktemp("shares")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run([*command, str(SCRIPT), str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


@pytest.mark.parametrize("kind", VECTORS)
def test_vector_losses_equal_those_of_the_whole_batch(
    shares: list[dict[str, Found]], kind: str
) -> None:
    whole = vectors(kind, ProcessGroup())
    mean = torch.stack([share[kind]["loss"] for share in shares]).mean()
    torch.testing.assert_close(mean, whole["loss"])
    # The training loop averages gradients over processes.
    gradient = torch.cat([share[kind]["gradient"] for share in shares]) / 2
    torch.testing.assert_close(gradient, whole["gradient"])


@pytest.mark.parametrize("form", FORMS)
def test_san_losses_equal_those_of_the_whole_batch(
    shares: list[dict[str, Found]], form: str
) -> None:
    whole = san(form, ProcessGroup())
    for share in shares:
        torch.testing.assert_close(share[form]["constraint"], whole["constraint"])
    # The constraint is neither 0 nor the margin of every triplet.
    flat = 0.9 if form == "paper" else 4 * 5 * 0.3
    assert whole["constraint"] not in (0, pytest.approx(flat, rel=0.05))
    mean = torch.stack([share[form]["loss"] for share in shares]).mean()
    torch.testing.assert_close(mean, whole["loss"])
    gradients = whole.keys() - {"loss", "constraint"}
    assert {name.split(".")[0] for name in gradients} == {"encoder", "decoder", "supervision"}
    for name in gradients:
        torch.testing.assert_close(shares[0][form][name], whole[name], rtol=1e-5, atol=1e-8)
