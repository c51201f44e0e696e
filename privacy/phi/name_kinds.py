"""What a capitalised word can be: a listed first name, a listed surname, a word in no list, or nobody.

Asked for every capitalised word of a corpus, so the answer is kept.
"""

# ruff: noqa: SIM905, E501  (lists of syllables)

from __future__ import annotations

import re
from functools import lru_cache

from ghostchart.privacy.phi.letters import unaccented
from ghostchart.privacy.phi.vocabulary import (
    brands,
    clinical_core,
    clinical_words,
    countries,
    departments,
    eponyms,
    is_given_name,
    is_name_word,
    is_ordinary,
    not_in_names,
)

NOBODY, UNKNOWN, SURNAME, GIVEN, WORD = "", "unknown", "surname", "given", "word"
"""``WORD``: an ordinary word that is a first name as well (Pat, Grace)."""

# Stems of the WHO list of drug names, and endings of diseases, cells, operations and chemistry.
_NO_NAME = re.compile(
    r"(?:mab|nib|pril|olol|statin|artan|gliptin|gliflozin|glutide|paride|dipine|zepam|zolam|zole|azine|amine|"
    r"cillin|mycin|micin|cycline|oxacin|floxacin|cef\w+|penem|vir|vudine|parin|xaban|gatran|triptan|tidine|prazole|setron|"
    r"caine|codone|morphone|barbital|profen|oxicam|coxib|lukast|terol|sone|solone|thiazide|semide|tinib|ciclib|parib|rubicin|"
    r"platin|taxel|fenac|formin|glitazone|trel|estrol|feron|poetin|kinase|plase|cept|limus|dronate|mide|mycetin|conazole|"
    r"itis|osis|emia|aemia|ectomy|otomy|ostomy|opathy|algia|scopy|plasty|uria|pnea|pnoea|rrhea|rrhoea|megaly|penia|plegia|paresis|"
    r"trophy|graphy|gram|cyte|coccus|bacter|bacillus|ase|ide|ium|ium|ology|ologist|iatry|iatric|ional|ation|ness|ment|ical|ine|ella|tecan)$"
)
_PARTICLES = frozenset(
    {"al", "el", "abu", "ben", "bin", "de", "da", "la", "le", "van", "von", "st", "d", "o", "ul", "ur"}
)
_NO_NAMES = (not_in_names, clinical_words, clinical_core, departments, countries, brands, eponyms)
# Shorthand of the clinic that no dictionary has.
_SHORT = frozenset(
    [
        "dispo",
        "neonate",
        "appt",
        "appts",
        "mtg",
        "fam",
        "dtr",
        "dgtr",
        "dgt",
        "hosp",
        "eval",
        "evals",
        "recs",
        "pts",
        "amb",
        "tmrw",
        "abx",
        "consults",
        "cont",
        "prn",
        "resp",
        "neuro",
        "cardio",
        "nephro",
        "ortho",
        "onc",
        "heme",
        "endo",
        "pulm",
        "gastro",
        "derm",
        "ophtho",
        "uro",
        "psych",
        "cards",
        "renal",
        "subq",
        "trach",
        "vent",
        "labs",
        "vitals",
        "meds",
        "admin",
        "intake",
        "handoff",
        "signout",
        "addendum",
        "attg",
        "prelim",
        "techs",
        "rehab",
        "hospice",
        "telemetry",
        "stepdown",
        "medsurg",
        "preop",
        "postop",
        "periop",
        "readmit",
        "dialysate",
        "monday",
    ]
)
_INFLECTED = (
    ("ied", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ly", ""),
)
# Syllables of Korean and Chinese first names as they are written with a hyphen ("Min-jun", "Shu-fen").
_SYLLABLES = frozenset(
    [
        *"ah ae bae bin bo bok byung chae chan cheol chul dae dal dong duk eun eon ga gi gil gun gyu gyung ha hae han hee heon ho hoon hwa hwan hwi hye hyeon hyo hyuk hyun hyung il im in ja jae".split(),
        *"jeong ji jin jong joo joon ju jun jung ka kang ki koo kwan kwang kwon kyo kyu kyun kyung mi mih min moo moon mook myeong myung na nam oh ok pil ra rae ran ri rim ryul sang seo seok seon".split(),
        *"seong seul seung shik shin si sik so sol song soo sook soon su suk sun sung suh tae taek ui wan weon won woo woon woong wook ye yeo yeol yeon yeong yong yoo yoon you young yu yul yun yup".split(),
        *"ai ang bai bao bing bo cai chang chao chen cheng chi chia chiang chieh chien chih chin ching chiu chou chu chuan chun chung da dan de fa fan fang fei fen feng fu gang guang gui guo hai hao".split(),
        *"hong hsi hsia hsiang hsiao hsien hsin hsing hsiu hsiung hsu hsuan hu hua huan huang hui hung jia jian jiang jiao jie jing ju juan jui jung kai kang ke keng kuan kuang kuei kun kung kuo lai lan".split(),
        *"lei li lian liang lien lin ling liu long lu lun luo man mao mei meng miao ming mu nai nan ni nien ning pang pao pei peng pin ping po qi qian qiang qin qing qiu quan ren rong ru rui ruo shan".split(),
        *"shang shao shen sheng shi shih shin shing shou shu shuang shui shun sheue ssu sui szu ta tai tang tao te teng ti tien ting tsai tse tseng tsu tsui tsun tsung tu tun tung tzu wan wang wei wen".split(),
        *"wu xi xia xian xiang xiao xin xing xiu xue xun ya yan yang yao yi yin ying yong yu yuan yue yueh yun ze zhao zhen zheng zhi zhong zhou zhu zi".split(),
    ]
)
_VOWEL = re.compile("[aeiouy]")


@lru_cache(maxsize=50_000)
def kind_of(word: str) -> str:
    """Kind of a word in any case, with or without 's; of a double name that of its best half, if both can be names."""
    low = unaccented(word.replace("’", "'").removesuffix("'s").strip(".'"))
    if len(low) > 2 and is_given_name(low):
        return (WORD if is_ordinary(low) else GIVEN) if not _is_listed_nobody(low) else NOBODY
    parts = low.split("-")
    if len(parts) == 2 and len(low) > 5 and _SYLLABLES.issuperset(parts):
        return GIVEN
    kinds = [_kind_of_part(part) for part in parts if part not in _PARTICLES]
    if len(kinds) > 1 and not {GIVEN, SURNAME, UNKNOWN}.isdisjoint(kinds):
        # "Halvorsen-Pike": beside a name, a surname that is a word counts.
        kinds = [kind or _as_second_half(part) for kind, part in zip(kinds, _solid(parts), strict=True)]
    if not kinds or NOBODY in kinds:
        return NOBODY
    if len(kinds) == 1:
        return kinds[0]
    return next((kind for kind in (GIVEN, SURNAME, UNKNOWN) if kind in kinds), NOBODY)


def _solid(parts: list[str]) -> list[str]:
    return [part for part in parts if part not in _PARTICLES]


def _as_second_half(part: str) -> str:
    return WORD if len(part) > 2 and is_name_word(part) and not _is_listed_nobody(part) else NOBODY


def _is_listed_nobody(low: str) -> bool:
    return any(low in words() for words in _NO_NAMES)


def _kind_of_part(low: str) -> str:
    if len(low) < 2 or low in _SHORT or _is_listed_nobody(low):
        return NOBODY
    if is_given_name(low):
        return WORD if is_ordinary(low) else GIVEN
    if is_ordinary(low):
        return NOBODY
    if is_name_word(low):
        return SURNAME
    inflected = any(
        low.endswith(end) and len(low) > 5 and is_ordinary(low[: -len(end)] + rest) for end, rest in _INFLECTED
    )
    strange = len(low) > 2 and _VOWEL.search(low) and not _NO_NAME.search(low) and "'s" not in low
    return UNKNOWN if strange and not inflected else NOBODY
