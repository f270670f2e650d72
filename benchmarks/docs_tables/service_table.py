"""Table of service_load.json."""

from benchmarks.docs_tables.markdown import Record, origin, table

HEAD = (
    "clients",
    "answer",
    "images/s",
    "share of the bare extractor",
    "median",
    "95th percentile",
    "CPU per image",
)


def service_load(record: Record) -> str:
    """Return rate, latency and CPU time of the service for each number of clients.

    Args:
        record: the content of service_load.json.
    """
    rows = [
        (
            row["clients"],
            row["answer"],
            f"{row['images_per_second']:.1f}",
            f"{row['share_of_extractor']:.2f}",
            f"{row['p50_ms']:,.0f} ms",
            f"{row['p95_ms']:,.0f} ms",
            f"{row['service_cpu_ms_per_image']:.1f} ms",
        )
        for row in record["rows"]
    ]
    note = (
        f"The bare `FeatureExtractor`, measured in turn with the service: "
        f"{record['extractor_images_per_second']:.1f} images/s and "
        f"{record['extractor_cpu_ms_per_image']:.1f} ms of CPU per image. Memory of the service: "
        f"{record['memory_mb']['after_start']:,.0f} MB after the start, "
        f"{record['memory_mb']['peak']:,.0f} MB at the peak."
    )
    return "\n\n".join((table(HEAD, rows), note, origin(record)))
