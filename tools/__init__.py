"""Scripts for maintainers: they write files of the repository and are not installed."""
