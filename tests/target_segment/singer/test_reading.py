"""Reading lines: what is no message is named by its number, and a cut-off last line counts as not there."""

import io
import os

import pytest

from target_segment.errors import Garbled
from target_segment.singer.reading import Reader

RECORD = b'{"type":"RECORD","stream":"orders","record":{"id":"1","total":1.50},"time_extracted":"2026-03-01T12:00:00Z"}\n'
STATE = b'{"type":"STATE","value":{"a": 1}}\n'
SCHEMA = b'{"type":"SCHEMA","stream":"orders","schema":{"properties":{}},"key_properties":[]}\n'


class Taken:
    """What the callbacks got."""

    def __init__(self):
        self.records, self.states, self.schemas = [], [], []

    def read(self, reader, source):
        callbacks = {
            "RECORD": self.records.append,
            "STATE": self.states.append,
            "SCHEMA": self.schemas.append,
        }
        return reader.process_lines(source, callbacks)


@pytest.fixture
def taken():
    return Taken()


def test_records_and_states_are_left_as_the_bytes_they_were(taken):
    stats = taken.read(Reader(), io.BytesIO(SCHEMA + RECORD + STATE))
    assert stats == {"SCHEMA": 1, "RECORD": 1, "STATE": 1}
    assert bytes(taken.records[0].record) == b'{"id":"1","total":1.50}'
    assert taken.records[0].time_extracted == "2026-03-01T12:00:00Z"
    assert bytes(taken.states[0].value) == b'{"a": 1}'
    assert taken.schemas[0]["stream"] == "orders"


def test_blank_lines_are_passed_over_and_counted_as_lines(taken):
    with pytest.raises(Garbled, match="line 4 "):
        taken.read(Reader(), io.BytesIO(b"\n" + RECORD + b"  \n" + b"oops\n"))
    assert len(taken.records) == 1


@pytest.mark.parametrize(
    "line", [b"oops\n", b"[]\n", b'"x"\n', b'{"stream":"orders"}\n', b'{"type":1}\n', b'{"type":"RE\xff"}\n']
)
def test_a_line_that_is_no_message_is_named_by_its_number(taken, line):
    with pytest.raises(Garbled, match="line 2 "):
        taken.read(Reader(), io.BytesIO(RECORD + line + RECORD))
    assert len(taken.records) == 1


def test_an_unknown_type_is_named_with_its_line(taken):
    with pytest.raises(Garbled, match=r"line 2 .*'PONG'"):
        taken.read(Reader(), io.BytesIO(RECORD + b'{"type":"PONG"}\n'))


@pytest.mark.parametrize("cut", [1, 20, len(RECORD) - 2])
def test_a_last_line_that_is_cut_off_counts_as_not_there(taken, cut):
    with pytest.raises(Garbled, match=r"ends in the middle of line 3"):
        taken.read(Reader(), io.BytesIO(RECORD + STATE + RECORD[:cut]))
    assert (len(taken.records), len(taken.states)) == (1, 1)


def test_a_whole_last_line_without_its_newline_is_a_line(taken):
    taken.read(Reader(), io.BytesIO(RECORD + STATE.rstrip()))
    assert len(taken.states) == 1


def test_reading_stops_between_two_lines_when_it_is_told_to(taken):
    reader = Reader()
    reader.stopping = lambda: len(taken.records) == 2
    taken.read(reader, io.BytesIO(RECORD * 5))
    assert len(taken.records) == 2


def test_what_must_be_first_runs_before_the_first_line(taken):
    reader = Reader()
    seen = []
    reader.begin = lambda: seen.append(len(taken.records))
    taken.read(reader, io.BytesIO(RECORD))
    assert seen == [0]


class Pipe(Reader):
    """A reader of a real pipe."""

    def __init__(self, file):
        super().__init__()
        self.file = file

    @property
    def default_input(self):
        return self.file


@pytest.fixture
def pipe():
    out, into = os.pipe()
    with os.fdopen(out, "rb") as reading, os.fdopen(into, "wb", buffering=0) as writing:
        yield Pipe(reading), writing


def test_lines_are_put_together_from_whatever_pieces_a_pipe_gives(pipe, taken):
    reader, into = pipe
    text = RECORD * 3 + STATE
    pieces = [text[:10], text[10:200], text[200:]]

    def more():
        if pieces:
            into.write(pieces.pop(0))
        else:
            into.close()

    more()
    reader.idle = more
    reader.stopping = lambda: False
    taken.read(reader, None)
    assert (len(taken.records), len(taken.states)) == (3, 1)
    assert {bytes(each.record) for each in taken.records} == {b'{"id":"1","total":1.50}'}


def test_a_pipe_that_ends_in_the_middle_of_a_line_is_told(pipe, taken):
    reader, into = pipe
    into.write(RECORD + RECORD[:30])
    into.close()
    with pytest.raises(Garbled, match="middle of line 2"):
        taken.read(reader, None)


def test_a_line_that_was_not_whole_when_reading_was_stopped_is_not_garbled(pipe, taken):
    reader, into = pipe
    into.write(RECORD + RECORD[:30])
    reader.stopping = lambda: len(taken.records) == 1
    taken.read(reader, None)
    assert len(taken.records) == 1


def test_moments_without_input_are_used(pipe, taken):
    reader, into = pipe
    used = []

    def idle():
        used.append(True)
        into.close()

    reader.idle = idle
    taken.read(reader, None)
    assert used == [True]
