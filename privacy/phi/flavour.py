"""Whether a piece of text is clinical: there eponyms, drugs and devices look like names, so names need more evidence."""

from __future__ import annotations

import re
from functools import lru_cache

from ghostchart.privacy.phi.vocabulary import clinical_core, clinical_words, eponyms

# Endings of diseases, operations, measurements and drug classes (Greek and Latin word formation, WHO INN stems).
_ENDINGS = re.compile(
    r"(?:itis|osis|emia|ectomy|otomy|ostomy|opathy|algia|omas?|oscopy|plasty|uria|pnea|rrhea|megaly|penia|plegia|paresis|"
    r"trophy|graphy|pril|olol|statin|mab|cillin|mycin|azole|sartan|gliptin|gliflozin|dipine|oxacin|parin|xaban|triptan|"
    r"tidine|prazole|zepam|zolam|codone|caine|tinib|formin|glutide|cardial|vascular|pulmonary|renal|hepatic|gastric)$"
)
_MEASURE = re.compile(
    r"(?i)\d ?(?:mg|mcg|ml|mmhg|mm|cm|kg|g|units?|meq|mmol|bpm|l/min|tabs?|puffs?|pack-years|ng/|u/l)\b|\d ?%|\b\d{2,3}/\d{2,3}\b"
)
_WORD = re.compile(r"[^\W\d_]+")
# Entries of the clinical word list that are words of everyday English as well.
_EVERYDAY = frozenset(
    [
        "am",
        "as",
        "or",
        "us",
        "he",
        "hs",
        "ed",
        "la",
        "ca",
        "dash",
        "ant",
        "gi",
        "ext",
        "ad",
        "ms",
        "sat",
        "temp",
        "help",
        "soap",
    ]
)


@lru_cache(maxsize=100_000)
def is_clinical(text: str) -> bool:
    """Whether at least one word or measurement in a line or sentence is of the clinic."""
    if _MEASURE.search(text):
        return True
    for match in _WORD.finditer(text):
        word = match[0]
        low = word.lower()
        if low in clinical_core() or _ENDINGS.search(low):
            return True
        if low in clinical_words() and low not in _EVERYDAY and (word.isupper() or len(low) > 4):
            return True
        if low in eponyms() and text[match.end() : match.end() + 3] in ("'s ", "’s "):
            return True
    return False


def has_clinical_ending(word: str) -> bool:
    """Whether a word (lower case) ends as diseases, operations and classes of drugs do."""
    return _ENDINGS.search(word) is not None
