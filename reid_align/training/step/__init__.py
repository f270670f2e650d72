"""One training step: gradients of all objectives, optimizer updates, weight average."""
