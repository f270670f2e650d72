import os

from reid_align.synth.worker_pool import worker_pool


def test_workers_compute_with_one_thread_and_the_environment_is_restored() -> None:
    before = dict(os.environ)
    with worker_pool(1) as pool:
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"
        assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert dict(os.environ) == before
