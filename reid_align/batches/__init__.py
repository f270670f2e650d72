"""The training data pipeline: sources of images, samplers, augmentation and the batch loader."""
