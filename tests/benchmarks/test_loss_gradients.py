"""How strongly losses pull at an encoder, measured and by hand."""

import json
from pathlib import Path

import loss_gradients
import paper_tables
import pytest
import torch
from encoder_table import loss_gradients as table
from paper.gradients import gradient_norms
from tiny_people import make_set

from reid_align.batches.batch import Batch
from reid_align.tasks import BaselineConfig, EncoderConfig
from reid_align.training.group import ProcessGroup
from reid_align.training.task import StepContext


class OneBatch:
    """A stream of the same batch for ever."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def epoch(self, epoch: int, start: int = 0) -> list[Batch]:
        return [self._batch] * 3


def test_norms_are_those_of_each_weighted_loss_alone() -> None:
    torch.manual_seed(0)
    config = BaselineConfig(EncoderConfig("resnet18_baseline", height=64, width=32))
    task = config.build(4)
    ids, cameras = torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([0, 1, 0, 1, 0, 1])
    batch = Batch(torch.randn(6, 3, 64, 32), ids, cameras)
    before = {name: value.clone() for name, value in task.state_dict().items()}
    found = gradient_norms(task, {"reid": OneBatch(batch)}, config.weights, 2)
    assert all(torch.equal(before[name], value) for name, value in task.state_dict().items())
    assert found.keys() == {"reid/identity", "reid/triplet"}
    terms = task.losses("reid", batch, StepContext(0, 0, torch.Generator(), ProcessGroup())).terms
    for name, weight in (("identity", 0.5), ("triplet", 1.5)):
        task.zero_grad()
        terms[name].backward(retain_graph=True)
        squares = [p.grad.square().sum() for p in task.encoder.parameters() if p.grad is not None]
        assert found[f"reid/{name}"] == pytest.approx(weight * sum(squares).sqrt().item(), rel=1e-4)


def test_rows_are_measured_before_they_are_trained_and_after(tmp_path: Path) -> None:
    people, result = make_set(tmp_path / "people"), tmp_path / "found.json"
    common = ["--table", "san1", "--data", f"synthetic={people}", "--scale", "tiny"]
    common += ["--runs", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    common += ["--workers", "0", "--device", "cpu", "--only", "san_full"]
    command = [*common, "--batches", "1", "-o", str(result)]
    assert loss_gradients.main(command) == 0
    assert paper_tables.main(common) == 0
    assert loss_gradients.main(command) == 0
    record = json.loads(result.read_text("utf-8"))
    before, after = record["rows"]
    assert before["label"] == "san_full-0 on synthetic, tiny, before"
    assert after["label"] == "san_full-0 on synthetic, tiny, after"
    assert before["norms"].keys() == after["norms"].keys()
    assert before["norms"].keys() > {"reid/reconstruction", "synthetic/reconstruction"}
    assert before["norms"] != after["norms"]
    assert "| san_full-0 on synthetic, tiny, before | " in table(record)
