"""Which findings of the NER model are people: its labels weighed against shape, word lists and the words around.

A small model calls rare names organisations or places and abbreviations people, so its label alone decides nothing.
"""

from __future__ import annotations

import re

from ghostchart.privacy.phi.names import is_fixed_phrase, name_words, trim_name
from ghostchart.privacy.phi.vocabulary import eponyms, given_names, is_name_word, is_ordinary

# Labels under which the model files names it does not know.
OTHER_LABELS = frozenset({"ORG", "GPE", "NORP", "FAC", "LOC", "PRODUCT", "WORK_OF_ART"})
_GROWS_LEFT = re.compile(r"(?:[A-ZÀ-Ý][\wà-ÿ'’]+-)+$")
_GROWS_RIGHT = re.compile(r"(?:-[\wà-ÿ'’]+)?(?:[ \t][A-ZÀ-Ý][\wà-ÿ'’]+(?:-[\wà-ÿ'’]+)*)?")
_DOES = re.compile(
    r"[ \t]+(?:says?|said|tells?|told|agree[sd]|report(?:s|ed)|den(?:ies|ied)|states?|stated|who|whose|lives?|lived|"
    r"call(?:s|ed)|brought|came|asks?|asked|wants?|wanted|drove|drives|thinks?|feels?|felt|noticed|helps?|understands?|"
    r"found (?:him|her|them)|understood|accompanied|attended|declined|presents?|presented|arrived|returns?|returned|"
    r"has (?:had|been)|was (?:seen|told|asked|present)|will (?:bring|call|come|drive)|and (?:his|her|their))\b"
)
_WITH = re.compile(r"\b(?:with|by|that|saw|met|told|asked|regarding|named|from|for|to|and|says|per)[ \t]+$")


def is_person(text: str, start: int, end: int, label: str = "PERSON") -> tuple[int, int] | None:
    """Whether something the model marked is a person: the span of the whole name, or None.

    At least two capitalised words (or an initial and a word), none that is ordinary and on no name list. Under the label
    PERSON, a listed name that is no ordinary word or only unknown words in mixed case are enough. Under another label a
    person's verb must follow, or a listed name must stand after such words as "with" or "by".
    """
    if label != "PERSON" and label not in OTHER_LABELS:
        return None
    grown_left = _GROWS_LEFT.search(text, 0, start)
    grown_right = _GROWS_RIGHT.match(text, end)
    start = grown_left.start() if grown_left else start
    span = trim_name(text, start, grown_right.end() if grown_right else end)
    if span is None or is_fixed_phrase(text, *span):
        return None
    body = text[span[0] : span[1]]
    tokens = [token[0] for token in name_words(body)]
    solid = [token for token in tokens if len(token.strip(".")) > 1]
    if len(tokens) < 2 or not solid or re.search(r"[\d/%()\n:;]", body):
        return None
    does = _DOES.match(text, span[1]) is not None
    if label == "PERSON":
        heading = not text[: span[0]].strip() and re.match(r"[ \t]+[a-z]", text[span[1] :]) is None
        return span if _is_whole_name(solid, begins=heading) else None
    listed = any(is_name_word(token) and not is_ordinary(token) for token in solid)
    announced = does or (listed and _WITH.search(text, 0, span[0]) is not None)
    mixed = not any(token.isupper() for token in solid)
    return span if announced and mixed and 2 <= len(tokens) <= 3 and _is_whole_name(solid, begins=False) else None


def _is_whole_name(solid: list[str], *, begins: bool) -> bool:
    given = any(token.lower() in given_names() for token in solid)
    if any(is_ordinary(token) and not is_name_word(token) for token in solid):
        return False
    if not given and any(token.lower() in eponyms() for token in solid):
        return False
    # Short words all in capitals without a given name are abbreviations ("POAG OU"), even where a list knows them.
    if not given and all(token.isupper() and len(token) <= 5 for token in solid):
        return False
    listed = [token for token in solid if is_name_word(token) and not is_ordinary(token)]
    unknown = [token for token in solid if not is_name_word(token) and not is_ordinary(token)]
    if len(solid) == 1 or any(token.isupper() for token in unknown):
        return bool(listed) and not any(token.isupper() for token in unknown)
    if listed:
        return given or len(listed) + len(unknown) == len(solid)
    return not begins and len(unknown) == len(solid)
