"""Fast inference: device and dtype, batch sizes, batch-norm folding, threads and backends."""
