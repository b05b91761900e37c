"""A refusal is a problem document whose detail says what to do."""

from __future__ import annotations

import pickle

from gstreamer.core.problems import BLANK, MISSING_SCOPE, ProblemError, document, title


def test_a_document_has_its_four_members() -> None:
    found = document(ProblemError(404, "there is no streamer 7; search for one"))

    assert found == {
        "type": BLANK,
        "title": "Not Found",
        "status": 404,
        "detail": "there is no streamer 7; search for one",
    }


def test_further_members_stand_beside_the_four_and_do_not_replace_them() -> None:
    found = document(ProblemError(403, "sign in again", MISSING_SCOPE, {"scope": "follows", "status": 1}))

    assert found["scope"] == "follows"
    assert found["status"] == 403
    assert found["type"] == MISSING_SCOPE


def test_a_status_that_is_not_registered_has_a_title_too() -> None:
    assert (title(499), title(599)) == ("Request refused", "Server error")


def test_a_problem_crosses_processes_whole() -> None:
    error = pickle.loads(pickle.dumps(ProblemError(503, "no room", BLANK, None, {"Retry-After": "2"})))

    assert (error.status, error.headers, str(error)) == (503, {"Retry-After": "2"}, "503: no room")
