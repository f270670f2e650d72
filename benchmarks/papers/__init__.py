"""Tables of both papers: published figures, our trainings of their rows, and the comparison."""
