import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_commerce.platforms.shopify.pacing import Bucket, Cost, Length, PageSize, TooCostly, until_affordable


def refusal(cost, cap=1000.0):
    return TooCostly("too much", cost=cost, cap=cap)


def sized(**inline):
    return PageSize(first=25, largest=100, inline=inline or {"lines": (5, 40)})


def test_the_wait_is_what_the_bucket_lacks():
    assert Cost(752, 666, 2000, 100).lacking() == pytest.approx(0.86)


def test_without_a_cost_no_wait_is_made_up():
    assert Cost().lacking() is None
    assert Cost(100, 200, 2000, 100).lacking() is None


def test_a_bucket_fills_by_itself():
    now = [0.0]
    bucket = Bucket(lambda: now[0])
    assert bucket.lacking(500) == 0
    bucket.saw(Cost(400, 100, 1000, 50))
    assert bucket.lacking(500) == 8.0
    now[0] = 4.0
    assert bucket.lacking(500) == 4.0
    now[0] = 400.0
    assert bucket.lacking(5000) == 0


def test_pages_grow_while_answers_are_cheap_up_to_the_largest():
    it = sized()
    for _ in range(5):
        it.answered(Cost(10, 1990, 2000, 100))
    assert it.first == 100


def test_pages_shrink_towards_the_budget_before_they_are_refused():
    it = sized()
    it.answered(Cost(1000, 0, 1000, 50))
    assert it.first == 20


def test_slow_answers_make_pages_smaller_however_cheap_they_are():
    it = sized()
    it.answered(Cost(10, 1990, 2000, 100), seconds=16.0)
    assert it.first == 12


def test_without_a_cost_the_page_stays_as_it_is():
    it = sized()
    it.answered(Cost())
    assert it.first == 25


def test_a_list_that_was_too_short_is_asked_for_longer_when_there_is_room():
    it = sized()
    it.answered(Cost(20, 2000, 2000, 100), {"lines"})
    assert it.inline["lines"] == 10
    it.answered(Cost(790, 2000, 2000, 100), {"lines"})
    assert it.inline["lines"] == 10


def test_a_refusal_that_says_the_cost_is_answered_at_once_by_what_fits():
    it = sized()
    it.refused(refusal(8000.0))
    assert it.first == 2


def test_when_the_page_is_one_row_its_lists_shrink_and_stay_small():
    it = sized(lines=(8, 40), refunds=(2, 20))
    it.first = 1
    it.refused(refusal(2000.0))
    assert it.inline == {"lines": 4, "refunds": 1}
    it.answered(Cost(100, 1000, 1000, 50), {"lines", "refunds"})
    assert it.inline == {"lines": 4, "refunds": 1}


def test_when_there_is_no_less_to_ask_for_it_gives_up():
    it = sized(lines=(1, 40))
    it.first = 1
    with pytest.raises(TooCostly):
        it.refused(refusal(2000.0))


@given(st.floats(1001, 1e6), st.floats(100, 1000))
def test_any_refusal_makes_progress(cost, cap):
    it = sized()
    seen = set()
    while (it.first, it.inline["lines"]) != (1, 1):
        assert (it.first, it.inline["lines"]) not in seen
        seen.add((it.first, it.inline["lines"]))
        it.refused(refusal(cost, cap))


def test_after_a_server_error_pages_are_smaller_for_a_while():
    it = sized()
    it.failed()
    assert it.first == 12
    it.answered(Cost(10, 2000, 2000, 100))
    assert it.first == 12
    for _ in range(60):
        it.answered(Cost(10, 2000, 2000, 100))
    assert it.first > 12


def test_when_a_single_row_fails_its_lists_are_asked_for_shorter():
    it = sized(lines=(40, 40))
    it.first = 1
    it.failed()
    assert (it.first, it.inline) == (1, {"lines": 20})


def test_a_question_is_asked_for_less_until_it_may_be_asked():
    length, asked = Length(), []

    def ask():
        asked.append(length.first)
        if length.first > 40:
            raise refusal(None, None)
        return "answer"

    assert until_affordable(ask, length.refused) == "answer"
    assert asked == [250, 125, 62, 31]


def test_a_refusal_of_a_list_that_says_the_cost_is_answered_at_once_by_what_fits():
    length = Length()
    length.refused(refusal(4000.0))
    assert length.first == 50


def test_a_list_of_which_not_even_one_may_be_asked_for_is_given_up():
    length = Length()
    length.first = 1
    error = refusal(2000.0)
    with pytest.raises(TooCostly) as raised:
        length.refused(error)
    assert raised.value is error


def test_a_list_that_fails_at_the_server_is_asked_for_in_halves():
    length = Length()
    length.failed()
    assert length.first == 125
