"""Who lives in the simulation: streamers with names, titles and avatars, viewers to sign in as, quiet testers.

Nobody here exists. Ids are numeric as Twitch's are: 700001.. stream and chatter on, 1000000..1000999 are
``tester_000``.. who do nothing unless told, 710001.. are viewers, and so is each ``viewer_0000``.. from 2000000.
"""

from __future__ import annotations

import base64
import colorsys
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

FIRST_STREAMER = 700_001
FIRST_VIEWER = 710_001
FIRST_TESTER, TESTERS = 1_000_000, 1_000
FIRST_GUEST, GUESTS = 2_000_000, 10_000

_BIRTH = datetime(2016, 3, 1, 12, tzinfo=UTC)
_TESTER = re.compile(r"tester_([0-9]{3})")
_GUEST = re.compile(r"viewer_([0-9]{4})")


class Category(NamedTuple):
    """A category: Twitch calls it a game."""

    id: str
    name: str


class Person(NamedTuple):
    """
    An account of the simulation.

    Attributes:
        id: Numeric id.
        login: Login name.
        name: Display name.
        about: What the profile says.
        categories: What they stream; empty for viewers.
        titles: Titles that they give their streams.
        audience: Viewers of a usual stream.
    """

    id: str
    login: str
    name: str
    about: str
    categories: tuple[Category, ...] = ()
    titles: tuple[str, ...] = ()
    audience: int = 0


def _categories(*names: str) -> tuple[Category, ...]:
    return tuple(
        Category(str(30_000 + int(hashlib.sha256(name.encode()).hexdigest()[:4], 16)), name) for name in names
    )


_COSY = _categories("Tea Town", "Cosy Camping", "Just Talking")
_SPEED = _categories("Turbo Snail", "Lava Ladder")
_SHOOT = _categories("Paintball Heroes", "Nine Lives")
_MAKE = _categories("Art & Craft", "Woodwork")
_CODE = _categories("Software & Game Making", "Retro Computing")
_MUSIC = _categories("Music", "Just Talking")
_PLAN = _categories("Railway Baron", "Hex Empires", "Chess")
_DARK = _categories("Hollow Manor", "The Long Fog")
_OUT = _categories("Travel & Outdoors", "Food & Drink")

_ROWS: tuple[tuple[str, str, tuple[Category, ...], int, tuple[str, ...]], ...] = (
    (
        "MossyMaren",
        "Slow games, warm socks.",
        _COSY,
        1_400,
        ("rainy day, new village", "chores and chatting", "finding every frog"),
    ),
    (
        "PixelPetrov",
        "Old machines, new bugs.",
        _CODE,
        620,
        ("writing a boot loader in one sitting", "why is it blinking", "soldering day"),
    ),
    (
        "TurboTilda",
        "Snail speedrunner, twice disqualified.",
        _SPEED,
        3_900,
        ("any% until I cry", "one more reset", "new route??", "marathon, hour nine"),
    ),
    (
        "GrannyGambit",
        "Chess at 71.",
        _PLAN,
        2_700,
        ("endgames with tea", "viewers against Granny", "the Sicilian, slowly"),
    ),
    (
        "NightBusNils",
        "Rides the last bus and tells stories.",
        _OUT,
        880,
        ("line 14 to the end", "rain on the window", "lost umbrella special"),
    ),
    (
        "LavaLotte",
        "Climbs things that burn.",
        _SPEED,
        5_200,
        ("no-hit ladder", "the floor is still lava", "world record pace, do not talk"),
    ),
    (
        "OttoOrchestra",
        "One man, nine instruments.",
        _MUSIC,
        1_050,
        ("loop station night", "requests open", "learning the bagpipe, sorry"),
    ),
    (
        "BirchAndBolt",
        "We build chairs. Some hold.",
        _MAKE,
        430,
        ("dovetails for the patient", "the wobbly stool returns", "sanding, so much sanding"),
    ),
    (
        "QueenHex",
        "Strategy with a crown on.",
        _PLAN,
        7_800,
        ("deity level, no saves", "negotiating with chat", "late game, bad roads"),
    ),
    (
        "SleepyAstronomer",
        "Looks up for a living.",
        _OUT,
        690,
        ("first clear night in weeks", "counting craters", "waiting for the comet"),
    ),
    (
        "PaintballPia",
        "Aim is a state of mind.",
        _SHOOT,
        9_600,
        ("ranked until diamond", "duo with a stranger", "settings video, by request"),
    ),
    (
        "DuskDetective",
        "Solves horror games from behind a pillow.",
        _DARK,
        2_100,
        ("lights on, sound off", "who left the cellar open", "chapter four, help"),
    ),
    (
        "RuneRamona",
        "Lore first.",
        _DARK,
        1_750,
        ("reading every note", "the fog speaks again", "theory board gets bigger"),
    ),
    (
        "CompilerCarl",
        "Types are friends.",
        _CODE,
        540,
        ("making the tests faster", "parser from nothing", "one bug, three hours"),
    ),
    (
        "KettleKim",
        "Cooks with what is left.",
        _OUT,
        1_300,
        ("five things in the fridge", "dumplings, many", "spicy noodle regrets"),
    ),
    (
        "NineLivesNadia",
        "Professional, mostly.",
        _SHOOT,
        12_400,
        ("scrims with the team", "review of the finals", "solo queue diary"),
    ),
    (
        "CloverCantor",
        "Sings what you type.",
        _MUSIC,
        930,
        ("songs about your pets", "duets with chat", "quiet piano hour"),
    ),
    (
        "TrainsetTheo",
        "A baron of very small railways.",
        _PLAN,
        760,
        ("timetables are love", "the great junction rebuild", "why are they all late"),
    ),
    ("ClayClara", "Bowls, mugs, accidents.", _MAKE, 380, ("throwing mugs", "glaze day", "the kiln decides")),
    ("SnailSprinter", "Slow and furious.", _SPEED, 1_900, ("rivals week", "glitch hunting", "racing TurboTilda")),
    (
        "CampfireCass",
        "Stories after dark.",
        _COSY,
        2_300,
        ("bring a blanket", "ghost stories, the soft kind", "marshmallow tier list"),
    ),
    (
        "ByteBarista",
        "Latte art and low-level code.",
        _CODE,
        470,
        ("espresso and assembly", "chat picks the language", "tiny game in a day"),
    ),
    ("HarborHugo", "The sea, live.", _OUT, 1_150, ("fishing boats coming in", "storm watch", "gulls, again")),
    (
        "VelvetVictor",
        "Records from the attic.",
        _MUSIC,
        840,
        ("only b-sides", "disco until midnight", "guess the year"),
    ),
    ("FrostFinja", "Survives winters for fun.", _DARK, 3_300, ("day 200", "one match left", "the wolf is back")),
    ("InkIsabel", "Draws your dreams.", _MAKE, 1_600, ("comic page 12", "sketching chat", "ink only, no undo")),
    (
        "RocketRuben",
        "Small rockets, large craters.",
        _CODE,
        2_050,
        ("guidance software, take three", "static fire", "reading the telemetry"),
    ),
    ("TeaTownTom", "Mayor since 2019.", _COSY, 980, ("town meeting", "rebuilding the bridge", "festival planning")),
    (
        "CheckmateChen",
        "Blitz and bad jokes.",
        _PLAN,
        4_400,
        ("bullet marathon", "coaching a beginner", "puzzle rush until 50"),
    ),
    (
        "PogoPatricia",
        "Jumps. That is it.",
        _SHOOT,
        6_100,
        ("trick shots only", "playing with viewers", "new season, new mistakes"),
    ),
)

STREAMERS: tuple[Person, ...] = tuple(
    Person(str(FIRST_STREAMER + number), name.lower(), name, about, categories, titles, audience)
    for number, (name, about, categories, audience, titles) in enumerate(_ROWS)
)

VIEWERS: tuple[Person, ...] = tuple(
    Person(str(FIRST_VIEWER + number), name.lower(), name, "Watches.")
    for number, name in enumerate(
        ("NoraNightowl", "BusyBenno", "LurkingLea", "PopcornPaul", "SundaySofie", "QuietQuentin")
    )
)

_BY_ID = {person.id: person for person in (*STREAMERS, *VIEWERS)}
_BY_LOGIN = {person.login: person for person in (*STREAMERS, *VIEWERS)}


def by_id(person_id: str) -> Person | None:
    """The person of this id, or None."""
    found = _BY_ID.get(person_id)
    if found is None and person_id.isascii() and person_id.isdigit() and len(person_id) == 7:
        number = int(person_id)
        if FIRST_TESTER <= number < FIRST_TESTER + TESTERS:
            return _tester(number - FIRST_TESTER)
        if FIRST_GUEST <= number < FIRST_GUEST + GUESTS:
            return _guest(number - FIRST_GUEST)
    return found


def by_login(login: str) -> Person | None:
    """The person of this login, or None."""
    if match := _TESTER.fullmatch(login):
        return _tester(int(match[1]))
    if match := _GUEST.fullmatch(login):
        return _guest(int(match[1]))
    return _BY_LOGIN.get(login)


def search(query: str) -> list[Person]:
    """Streamers whose login begins like ``query``, the most watched first; testers follow by number."""
    wanted = query.strip().lower().replace(" ", "")
    found = [person for person in STREAMERS if person.login.startswith(wanted)]
    found.sort(key=lambda person: -person.audience)
    if wanted and (wanted.startswith("tester_") or "tester_".startswith(wanted)):
        found += [one for number in range(TESTERS) if (one := _tester(number)).login.startswith(wanted)]
    return found


def follows(person: Person) -> list[Person]:
    """Whom a viewer follows: some eight streamers, always the same for one viewer."""
    taste = hashlib.sha256(person.login.encode()).digest()
    return sorted(STREAMERS, key=lambda one: hashlib.sha256(taste + one.id.encode()).digest())[:8]


def user_row(person: Person) -> dict[str, Any]:
    """What Helix tells about a person."""
    return {
        "id": person.id,
        "login": person.login,
        "display_name": person.name,
        "type": "",
        "broadcaster_type": "partner" if person.audience > 2_000 else "affiliate" if person.audience else "",
        "description": person.about,
        "profile_image_url": avatar(person),
        "offline_image_url": "",
        "view_count": 0,
        "created_at": (_BIRTH + timedelta(hours=int(person.id) % 60_000)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def named(person: Person, prefix: str = "") -> dict[str, str]:
    """The three fields by which Twitch's events name a person."""
    return {f"{prefix}user_id": person.id, f"{prefix}user_login": person.login, f"{prefix}user_name": person.name}


def avatar(person: Person) -> str:
    """A drawn face as a data URI: it needs no server, and any page may show it."""
    seed = hashlib.sha256(person.login.encode()).digest()
    skin, back = _colour(seed[0], 0.62, 0.75), _colour(seed[0] + 110 + seed[1] % 40, 0.45, 0.35)
    mouth = ("M20 41q12 10 24 0", "M22 42h20", "M23 44q9-8 18 0", "M27 42a5 5 0 1 0 10 0z")[seed[2] % 4]
    eye = 3 + seed[3] % 3
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path fill="{back}" d="M0 0h64v64H0z"/>'
        f'<circle cx="32" cy="34" r="{20 + seed[4] % 5}" fill="{skin}"/><circle cx="24" cy="30" r="{eye}"/>'
        f'<circle cx="40" cy="30" r="{eye}"/><path d="{mouth}" fill="none" stroke="#000" stroke-width="3"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _colour(hue: int, saturation: float, value: float) -> str:
    red, green, blue = colorsys.hsv_to_rgb(hue % 256 / 256, saturation, value)
    return f"#{int(red * 255):02x}{int(green * 255):02x}{int(blue * 255):02x}"


def _tester(number: int) -> Person:
    login = f"tester_{number:03d}"
    about = "A streamer for tests: does nothing unless told."
    return Person(str(FIRST_TESTER + number), login, login, about, _categories("Just Talking"), ("a test",), 100)


def _guest(number: int) -> Person:
    login = f"viewer_{number:04d}"
    return Person(str(FIRST_GUEST + number), login, login, "A viewer for tests.")
