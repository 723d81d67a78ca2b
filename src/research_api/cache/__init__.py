"""What Redis holds; all of it may be lost at any time."""
