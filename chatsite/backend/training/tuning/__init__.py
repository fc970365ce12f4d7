"""Tuning local checkpoints on examples with trl's trainers, and what becomes of the result."""
