"""Kafka is asked about a topic as seldom as one may, and never about one that is known to be there."""

from __future__ import annotations

from gstreamer.core.topic_cache import ABSENT_MS, PRESENT_MS, TopicCache


def test_an_unknown_topic_has_to_be_asked_for() -> None:
    assert TopicCache().exists("a", 0) is None


def test_a_topic_that_exists_is_known_for_five_minutes() -> None:
    cache = TopicCache()
    cache.note("a", True, 1_000)

    assert cache.exists("a", 1_000 + PRESENT_MS - 1) is True
    assert cache.exists("a", 1_000 + PRESENT_MS) is None


def test_a_missing_topic_is_asked_for_again_after_a_second() -> None:
    cache = TopicCache()
    cache.note("a", False, 1_000)

    assert cache.exists("a", 1_000 + ABSENT_MS - 1) is False
    assert cache.exists("a", 1_000 + ABSENT_MS) is None


def test_a_forgotten_topic_is_unknown_again() -> None:
    cache = TopicCache()
    cache.note("a", True, 0)

    cache.forget("a")
    cache.forget("never known")

    assert cache.exists("a", 0) is None


def test_the_oldest_answer_gives_way() -> None:
    cache = TopicCache(size=2)
    for topic in ("a", "b", "a", "c"):
        cache.note(topic, True, 0)

    assert [cache.exists(topic, 0) for topic in ("a", "b", "c")] == [True, None, True]
