"""From words to scenes and back: `read` a prompt, `refine` a scene, `describe` what was drawn."""
