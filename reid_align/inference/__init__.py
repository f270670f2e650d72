"""Running an encoder fast: device and dtype, batch-norm folding, batch sizes and backends."""
