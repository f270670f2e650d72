"""Table of the search speed, for the guide."""

from benchmarks.docs_tables.markdown import Record, origin, table


def search_speed(record: Record) -> str:
    """Return the table of search_speed.json."""
    memory, file = record["in_memory"], record["in_file"]
    rows = [
        (
            f"{memory['rows']:,}, float32 in memory",
            memory["queries"],
            f"{memory['search_cpu_s']:.2f}; the matrix product alone {memory['product_cpu_s']:.2f}",
            "-",
            "-",
        ),
        *(
            (
                f"{file['rows']:,}, float16 in a mapped file",
                name.split()[0],
                f"{file[name]['first_answer_cpu_s']:.2f}",
                f"{file[name]['first_answer_s']:.1f}",
                file[name]["peak_private_mib"],
            )
            for name in ("1 queries", "100 queries")
        ),
    ]
    head = "gallery", "queries", "CPU seconds", "seconds", "private memory, MiB"
    dimensions = f"{record['dimensions']:,} dimensions, {record['k']} hits per query."
    note = f" {record['note']}" if "note" in record else ""
    return f"{table(head, rows)}\n\n{dimensions}{note}\n\n{origin(record)}"
