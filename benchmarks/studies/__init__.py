"""Studies of accuracy: alignment, transfer of encoders, published weights, retrieval examples."""
