"""Where people are seen: cameras, scenes, and what stands in them."""
