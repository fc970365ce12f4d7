"""The built-in illustrator: reads a prompt into a scene, paints the scene, and needs no weights."""
