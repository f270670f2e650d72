"""What alignment is for: measures that need the truth, which synthetic sets have."""
