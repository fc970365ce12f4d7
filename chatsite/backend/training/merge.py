"""`python -m chatsite.backend.training.merge CHECKPOINT OUT`: an adapter merged into its base."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def main() -> None:
    """Write the adapter's checkpoint folder as a whole Hugging Face checkpoint."""
    parser = argparse.ArgumentParser(prog="merge")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"

    from peft import PeftConfig, PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from chatsite.backend.training.tuning.models import save

    base = PeftConfig.from_pretrained(arguments.checkpoint).base_model_name_or_path
    model = AutoModelForCausalLM.from_pretrained(base)
    save(
        PeftModel.from_pretrained(model, arguments.checkpoint),
        AutoTokenizer.from_pretrained(arguments.checkpoint),
        arguments.out,
        dtype=model.dtype,
    )


if __name__ == "__main__":
    main()
