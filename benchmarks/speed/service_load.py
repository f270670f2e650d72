"""Load test of the HTTP service: images per second, latency and memory at several client counts.

    python -m benchmarks.speed.service_load
    python -m benchmarks.speed.service_load --quick --output service_load.json

Starts the service in a process. Each client sends one image per request to /features and waits for
the answer, on one connection. In each round, the bare FeatureExtractor and the service are measured
in turn on the same images and machine; the clients run on the same cores. The figures are from the
round with the highest rate. CPU time per image depends little on other programs of the machine.
Takes 2 minutes on two cores. Writes benchmarks/results/service_load.json.
"""

import argparse
import http.client
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from benchmarks.command_line import benchmark_parser
from benchmarks.result_files import RESULTS, provenance, write_result
from reid_align.cli.encoder_choice import select_encoder
from reid_align.features import FeatureExtractor
from reid_align.images import find_images
from reid_align.models.model_factory import DEFAULT_MODEL

EXAMPLES = Path(__file__).parents[2] / "examples"


class Load(NamedTuple):
    """Result of one round.

    Attributes:
        rate: images per second.
        seconds: duration of each request.
        service_cpu: CPU seconds of the service.
        client_cpu: CPU seconds of the clients.
    """

    rate: float
    seconds: list[float]
    service_cpu: float
    client_cpu: float


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = benchmark_parser("python -m benchmarks.speed.service_load", __doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16], help="client counts")
    parser.add_argument("--seconds", type=float, default=8.0, help="duration of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="number of rounds")
    parser.add_argument("--model", help="architecture; default: the shipped SAN")
    parser.add_argument("--weights", help="weights, or 'random'")
    parser.add_argument("--quick", action="store_true", help="smoke test with a small encoder")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "service_load.json", help="result file"
    )
    return parser


def start_service(options: argparse.Namespace) -> tuple["subprocess.Popen[str]", int]:
    """Start the service and return its process and port."""
    chosen = [
        f"--{name}={value}" for name in ("model", "weights") if (value := getattr(options, name))
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "reid_align.serve", "--port", "0", *chosen],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
    if found is None:
        raise RuntimeError(f"The service did not start: {line}{process.stderr.read()}")
    return process, int(found[1])


def form(image: Path) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of a request with one image."""
    boundary = secrets.token_hex(8)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="images"; filename="{image.name}"'
    body = head.encode() + b"\r\n\r\n" + image.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def measure_service(
    process: int, port: int, path: str, images: Sequence[Path], clients: int, seconds: float
) -> Load:
    """Send images from several clients for a time."""
    requests = [form(image) for image in images]
    deadline = time.perf_counter() + seconds

    def run_client(number: int) -> tuple[list[float], float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        durations: list[float] = []
        for body, headers in islice(cycle(requests), number, None):
            began = time.perf_counter()
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {content[:200]!r}")
            durations.append(time.perf_counter() - began)
            if time.perf_counter() > deadline:
                break
        connection.close()
        return durations, time.perf_counter()

    began, own, service = time.perf_counter(), time.process_time(), cpu_of(process)
    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(run_client, range(clients)))
    durations = [duration for part, _ in found for duration in part]
    rate = len(durations) / (max(end for _, end in found) - began)
    return Load(rate, durations, cpu_of(process) - service, time.process_time() - own)


def measure_extractor(
    extractor: FeatureExtractor, images: Sequence[Path], seconds: float
) -> tuple[float, float]:
    """Return images per second of the bare extractor, from files, and CPU seconds per image."""
    count, began, cpu = 0, time.perf_counter(), time.process_time()
    while (passed := time.perf_counter() - began) < seconds:
        count += len(extractor(images).paths)
    return count / passed, (time.process_time() - cpu) / count


def cpu_of(process: int) -> float:
    """Return the CPU seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(process: int) -> dict[str, float]:
    """Return current and peak memory of a process in MB."""
    text = Path(f"/proc/{process}/status").read_text()
    fields = dict(line.split(":", 1) for line in text.splitlines())
    named = (("now", "VmRSS"), ("peak", "VmHWM"))
    return {name: round(int(fields[key].split()[0]) / 1000, 1) for name, key in named}


def summary(answer: str, clients: int, loads: Sequence[Load], bare: float) -> dict[str, object]:
    """Return the row of one client count, from its fastest round."""
    best = max(loads)
    cuts = quantiles(best.seconds, n=100) if len(best.seconds) > 1 else best.seconds * 99
    return {
        "answer": answer,
        "clients": clients,
        "images_per_second": round(best.rate, 2),
        "share_of_extractor": round(best.rate / bare, 3),
        "p50_ms": round(1000 * cuts[49], 1),
        "p95_ms": round(1000 * cuts[94], 1),
        "service_cpu_ms_per_image": round(1000 * best.service_cpu / len(best.seconds), 2),
        "client_cpu_ms_per_image": round(1000 * best.client_cpu / len(best.seconds), 2),
        "all_rounds": [round(load.rate, 2) for load in loads],
    }


def main() -> None:
    """Measure in rounds and write the result."""
    options = build_parser().parse_args()
    if options.quick:
        options.clients, options.seconds, options.rounds = [4], 0.5, 1
        options.model, options.weights = "san_resnet18", "random"
    images = [Path(path) for path in sorted(find_images([EXAMPLES]))]
    extractor = FeatureExtractor(select_encoder(options.model, options.weights))
    process, port = start_service(options)
    settings = [(answer, clients) for answer in ("json", "npy") for clients in options.clients]
    loads: dict[tuple[str, int], list[Load]] = {setting: [] for setting in settings}
    bare: list[tuple[float, float]] = []
    try:
        measure_service(process.pid, port, "/features", images, 2, options.seconds / 4)
        measure_extractor(extractor, images, options.seconds / 4)
        idle = memory_of(process.pid)
        for number in range(options.rounds):
            bare.append(measure_extractor(extractor, images, options.seconds))
            print(f"round {number + 1}  extractor {bare[-1][0]:.1f} images/s", flush=True)
            for answer, clients in settings:
                path = f"/features?format={answer}"
                found = measure_service(process.pid, port, path, images, clients, options.seconds)
                loads[answer, clients].append(found)
                print(f"  {answer} {clients:3} clients {found.rate:.1f} images/s", flush=True)
        loaded = memory_of(process.pid)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    best, cpu = max(bare)
    record = {
        "benchmark": "service_load",
        **provenance(),
        "model": options.model or DEFAULT_MODEL,
        "seconds": options.seconds,
        "extractor_images_per_second": round(best, 2),
        "extractor_all_rounds": [round(rate, 2) for rate, _ in bare],
        "extractor_cpu_ms_per_image": round(1000 * cpu, 2),
        "rows": [summary(*setting, found, best) for setting, found in loads.items()],
        "memory_mb": {"after_start": idle["now"], "peak": loaded["peak"]},
    }
    write_result(options.output, record)
    print(f"written: {options.output}")


if __name__ == "__main__":
    main()
