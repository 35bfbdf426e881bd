"""``python -m contracts``: write the schemas of the models as they are now; publish by committing them."""

from __future__ import annotations

from contracts.schemas import FOLDER, models, text

for name, model in models().items():
    (FOLDER / name).write_text(text(model), encoding="utf-8")
    print(f"written: {FOLDER.name}/{name}")  # noqa: T201 - says what it did
