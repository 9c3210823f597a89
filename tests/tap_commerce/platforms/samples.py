"""The samples of all platforms: a case is a folder with what was answered to each question, and the records that it becomes.

tests/samples/<platform>/<case>/answers.json    {"orders": an answer, "currencies": another, …}
                                records.json    written by `pytest --regenerate`
"""

from pathlib import Path

import msgspec

SAMPLES = Path(__file__).parents[2] / "samples"
ANSWERS, RECORDS = "answers.json", "records.json"


def cases(platform):
    """The folders of a platform's cases."""
    return sorted(path.parent for path in (SAMPLES / platform).glob(f"*/{ANSWERS}"))


def answers(folder):
    """What was answered in a case, by the name of the question, each in its own bytes."""
    found = msgspec.json.decode((folder / ANSWERS).read_bytes(), type=dict[str, msgspec.Raw])
    return {name: bytes(answer) for name, answer in found.items()}


def keep(platform, case, text):
    """Keep what was answered in a case."""
    folder = SAMPLES / platform / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ANSWERS).write_text(text + "\n", encoding="utf-8")
