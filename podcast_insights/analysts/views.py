"""Views, macros and comments of the analysts' database.

What does not belong here: how the copy is made (`warehouse/publish.py`).
"""

from importlib.resources import files


def statements() -> list[str]:
    """The statements of `views.sql`, in order."""
    text = files("podcast_insights.analysts").joinpath("views.sql").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip()]
