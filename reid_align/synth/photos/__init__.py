"""One image of one person: box, passers-by, composition, and what the camera makes of it."""
