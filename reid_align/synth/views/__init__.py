"""Images of avatars: placement, compositing and camera response."""
