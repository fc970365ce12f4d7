"""Training of local checkpoints: the only package that imports torch."""
