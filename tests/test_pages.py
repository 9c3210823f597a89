"""The generated pages say what the code says."""

import duckdb
import pytest

from docs.generate import LEDGER_QUESTIONS, PAGES
from tap_commerce.settings import SETTINGS as OF_TAP
from target_segment.config import SETTINGS
from target_segment.ledger import opened


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_generated_page_is_fresh(path):
    assert path.read_text(encoding="utf-8") == PAGES[path](), "run: python -m docs.generate"


def test_every_setting_is_documented():
    text = "".join(page() for page in PAGES.values())
    assert [each.name for each in (*OF_TAP, *SETTINGS) if f"`{each.name}`" not in text] == []


def test_every_table_of_the_ledger_is_documented_with_its_columns(tmp_path):
    opened(str(tmp_path / "ledger.duckdb"), "source").close()
    page = next(PAGES[path]() for path in PAGES if path.name == "ledger.md")
    with duckdb.connect(str(tmp_path / "ledger.duckdb"), read_only=True) as db:
        columns = db.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name <> 'fates'"
        ).fetchall()
        assert len(columns) > 50
        assert [name for (name,) in columns if f"| `{name}` |" not in page] == []
        for question in LEDGER_QUESTIONS.partition("```sql\n")[2].removesuffix("```").split(";"):
            if question.strip():
                db.execute(question)
