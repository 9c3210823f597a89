"""No sample lies about unread: every folder and every file is a case's, and every case has its sample."""

from importlib import import_module

import pytest

from tap_commerce.platforms import PLATFORMS
from tests.tap_commerce.platforms.samples import ANSWERS, RECORDS, SAMPLES

OTHERS = {"events", "ledger"}
"""What the target makes of records, and what its older versions kept: the tests beside each read them whole."""


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_every_platform_has_samples_and_nobody_else():
    assert names(SAMPLES) == {*PLATFORMS} | OTHERS


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_case_is_recorded_or_from_elsewhere_and_every_folder_is_a_case(platform):
    recording = import_module(f"tests.tap_commerce.platforms.{platform}.record_samples")
    recorded = {case.__name__ for case in recording.CASES}
    assert recorded.isdisjoint(recording.FROM_ELSEWHERE)
    assert names(SAMPLES / platform) == recorded | recording.FROM_ELSEWHERE


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_case_is_its_answers_and_its_records_under_one_name_everywhere(platform):
    odd = {
        folder.name: names(folder)
        for folder in (SAMPLES / platform).iterdir()
        if not folder.is_dir() or names(folder) != {ANSWERS, RECORDS}
    }
    assert odd == {}
