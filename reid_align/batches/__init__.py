"""Training data pipeline, from images on disk to batches on the device.

1. A source (`sources`) lists training images with their ids, textures, dense pose maps, …
2. A sampler (`samplers`) draws which images form each batch of an epoch.
3. A sample builder (`sample_builder`) decodes one image, augments it and builds its targets.
4. Workers (`loader_workers`) build samples in parallel and collate them to uint8 (`collation`).
5. The loader (`batch_loader`) normalizes each batch on the device and yields it as a `Batch`.
"""
