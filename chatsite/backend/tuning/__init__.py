"""Training jobs as the rest of the site sees them: what to train, its events, its process.

Nothing here imports torch; `chatsite.backend.training.tune` does the work in a process of its own.
"""
