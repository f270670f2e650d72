"""Two processes with half of a batch each find what one finds in the whole batch."""

import subprocess
import sys
from pathlib import Path

import torch

from reid_align.losses import BatchHardTriplet
from reid_align.tasks.supervision import gathered_triplet
from reid_align.training.group import ProcessGroup

SCRIPT = """
import sys
import torch
from reid_align.losses import BatchHardTriplet
from reid_align.tasks.supervision import gathered_triplet
from reid_align.training.group import open_group

torch.set_num_threads(1)
features, ids = torch.load(sys.argv[1], weights_only=True)
with open_group() as group:
    share = slice(6 * group.rank, 6 * group.rank + 6)
    mine = features[share].clone().requires_grad_()
    loss = gathered_triplet(BatchHardTriplet(5.0), mine, ids[share], group)
    loss.backward()
    torch.save((loss.detach(), mine.grad), f"{sys.argv[1]}.{group.rank}")
"""


def test_the_triplet_loss_is_that_of_the_whole_batch(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(12, 5, generator=generator)
    ids = torch.arange(4).repeat_interleave(3)
    data, script = tmp_path / "batch.pt", tmp_path / "script.py"
    torch.save((features, ids), data)
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run([*command, str(script), str(data)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    whole = features.clone().requires_grad_()
    expected = gathered_triplet(BatchHardTriplet(5.0), whole, ids, ProcessGroup())
    expected.backward()
    shares = [torch.load(f"{data}.{rank}", weights_only=True) for rank in (0, 1)]
    mean = torch.stack([loss for loss, _ in shares]).mean()
    torch.testing.assert_close(mean, expected.detach())
    # The loop averages over processes what each of them has.
    gradient = torch.cat([gradient for _, gradient in shares]) / 2
    torch.testing.assert_close(gradient, whole.grad)
