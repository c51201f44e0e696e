"""User names and handles: "the password for jmarsh12", "logged in as kb_olsen", "@otto.prem"."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.vocabulary import clinical_words, is_ordinary

_SCORE = 0.7
_NETWORKS = r"skype|twitter|instagram|insta|tiktok|snapchat|snap|telegram|discord|venmo|cash ?app|twitch|reddit|github|facebook|linkedin|mastodon|bluesky|threads|messenger|signal|wechat|kakao|strava|spotify|xbox|psn"
_ANNOUNCED = re.compile(
    rf"\b(?:user ?names?|user ?ids?|user|log-?ins?|logon|handle|screen ?name|nick(?:name)?|account(?: name)?|gamertag|profile|sign(?:ed|ing)?[- ]in as|logged (?:in|on) as|passwords? (?:for|of)|pwd for|alias|{_NETWORKS})\b[\"'”]?"
    r"(?:[ \t]*(?:\b(?:is|was|as|name|id|handle|account|called|named|to|for|of|under)\b|[:=(–-])){0,3}[ \t]*[\"'“(]?(?P<id>[@$]?[a-z][\w.-]{2,38}\w)",
    re.IGNORECASE,
)  # fmt: skip
_HANDLE = re.compile(r"(?<![\w.@/])(?P<id>@[A-Za-z_][\w.]{1,28}\w)(?![\w@])")
_WITH_MARK = re.compile(r"[\d_]")
_PLAIN = re.compile(r"[a-z]+", re.IGNORECASE)
_WORDS = frozenset(
    "user username usernames userid userids users login logins log logon handle screen screenname nick nickname account gamertag profile sign signed signing "  # noqa: SIM905
    "logged password passwords pwd alias cash cashapp".split()
) | frozenset(_NETWORKS.replace(" ?", "").split("|"))


def login_names(text: str, words: frozenset[str], *, clinical: bool) -> Iterator[PhiFinding]:
    """Names under which somebody logs in or writes: words with a digit or an underscore behind an announcing word, and handles; ``words`` are those of the text in small letters."""
    if "@" in text:
        for match in _HANDLE.finditer(text):
            word = match["id"][1:]
            marked = bool(_WITH_MARK.search(word)) and not word[:1].isdigit()
            plain = not clinical and len(word) > 3 and not is_ordinary(word) and word.lower() not in clinical_words()
            if marked or plain:
                yield PhiFinding(match.start("id"), match.end("id"), "ACCOUNT_NUMBER", _SCORE)
    if _WORDS.isdisjoint(words) or not _WITH_MARK.search(text):
        return
    for match in _ANNOUNCED.finditer(text):
        word = match["id"].lstrip("@$")
        letters = _PLAIN.match(word)
        if not _WITH_MARK.search(word) or letters is None or sum(char.isalpha() for char in word) < 3:
            continue
        if clinical and letters[0].lower() in clinical_words():
            continue
        yield PhiFinding(match.start("id"), match.end("id"), "ACCOUNT_NUMBER", _SCORE)
