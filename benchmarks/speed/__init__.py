"""Speed and memory of extraction, evaluation, training and synthesis."""
