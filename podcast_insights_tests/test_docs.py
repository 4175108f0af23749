"""What the README says is tried."""

import re

import pytest

from podcast_insights.settings import PREFIX, Settings
from podcast_insights.warehouse.database import connected
from podcast_insights_tests.conftest import ROOT, Home

README = (ROOT / "README.md").read_text()
QUERIES = [
    part.strip()
    for block in re.findall(r"```sql\n(.*?)```", README, re.DOTALL)
    for part in block.split(";")
    if part.strip()
]


def test_there_are_six_queries() -> None:
    assert len(QUERIES) == 6


@pytest.mark.parametrize("query", QUERIES, ids=[q.splitlines()[0][:40] for q in QUERIES])
def test_each_query_of_the_readme_has_an_answer(journey: Home, query: str) -> None:
    with connected(journey.settings.analysts_path, read_only=True) as connection:
        assert connection.execute(query).fetchall()


def test_every_variable_in_the_readme_is_a_setting() -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", README))
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert named
    assert named <= known


def test_every_relative_link_leads_somewhere() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        links = re.findall(r"\]\(([^)#]+?)\)|src=\"([^\"]+)\"", page.read_text())
        for target in (a or b for a, b in links):
            if not target.startswith(("http", "mailto")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
