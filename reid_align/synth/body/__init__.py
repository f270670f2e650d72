"""The undressed body: surface and charts, skeleton, poses and gaits."""
