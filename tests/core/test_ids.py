"""The ids of jobs, keys and deliveries."""

from __future__ import annotations

import re

import pytest

from app.core import ids


def test_an_id_is_a_cuid() -> None:
    made = {ids.new_id() for _ in range(1000)}

    assert len(made) == 1000
    assert all(re.fullmatch(r"c[a-z0-9]{23}", job_id) and ids.is_id(job_id) for job_id in made)


def test_every_letter_but_the_first_is_left_to_chance() -> None:
    made = [ids.new_id() for _ in range(1000)]

    assert all(len({job_id[place] for job_id in made}) == 36 for place in range(1, 24))


def test_a_delivery_s_id_begins_with_its_kind() -> None:
    assert re.fullmatch(r"msg_c[a-z0-9]{23}", ids.new_delivery_id())


@pytest.mark.parametrize("older", ["r35qkbocyk0u7vs1ykrm8rvr", "a" * 24, "z" + "0" * 23])
def test_an_id_of_an_earlier_release_is_one_still(older: str) -> None:
    assert ids.is_id(older)
    assert ids.is_delivery_id(f"msg_{older}")


@pytest.mark.parametrize("strange", ["", "c" * 23, "c" * 25, "1" + "c" * 23, "C" + "c" * 23, "c" * 23 + "\n"])
def test_other_texts_are_none(strange: str) -> None:
    assert not ids.is_id(strange)
