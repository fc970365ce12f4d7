"""Picture files and picture models: what is accepted, how it is stored, who makes it."""
