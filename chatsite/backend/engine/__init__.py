"""The embedded engine: llama.cpp's own server, one process per loaded model.

`manager` runs beside the site and starts, watches and stops the `worker` processes (`pool`);
`discovery` reads model files, `client` is what the web process uses, `queue` shares a model's slots
among people, `guard` keeps control tokens out of what people write.
"""

STARTER_ID = "starter"
"""The id of the model that ships with the site."""
