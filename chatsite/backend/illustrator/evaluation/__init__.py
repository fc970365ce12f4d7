"""How well prompts are understood: held-out prompts against scenes written by hand."""
