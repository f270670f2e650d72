"""The bare body: its surface and charts, its skeleton, how it stands and walks."""
