"""What the tests of all platforms share: the records that a sample becomes lie beside it."""

import msgspec
import pytest

from tests.tap_commerce.platforms.samples import RECORDS

ENCODER = msgspec.json.Encoder(decimal_format="number")


@pytest.fixture
def golden_records(golden):
    """Compare records, each with its stream, with those beside a sample, or write them there with `--regenerate`."""

    def compare(folder, records):
        told = [{"stream": stream, "record": record} for stream, record in records]
        text = msgspec.json.format(ENCODER.encode(told), indent=1).decode() + "\n"
        golden(folder / RECORDS, text)

    return compare
