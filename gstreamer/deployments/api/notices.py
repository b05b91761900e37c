"""Pages for people whom a sign-in has not brought where they wanted: what happened, and the way on."""

from __future__ import annotations

from html import escape

from fastapi.responses import HTMLResponse

# No style and no script: the policy allows neither inline.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} - gstreamer</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="/api/auth/login">Sign in again</a> or <a href="/">go to the start page</a>.</p>
</main>
</body>
</html>
"""


def notice(status: int, title: str, text: str) -> HTMLResponse:
    """A page with these words."""
    return HTMLResponse(_PAGE.format(title=escape(title), text=escape(text)), status_code=status)
