"""Files of a run: checkpoints, configuration, trained weights, sample images, curves."""
