"""Whether the words before a noun ("... Cardiology", "... Distribution Center") name one place or say what kind it is.

Practices, firms and schools are called by a coined word or a surname ("Stanwick"), by a feature of the landscape behind
another word ("Otter Gap"), by two words of the kind that signboards like ("Brass Heron"), or by one of them ("Summit").
The kinds are graded, because a rule may ask for more where its noun ends phrases too.
"""
# ruff: noqa: E501  (lists of words)

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cache, lru_cache
from itertools import pairwise

from ghostchart.privacy.phi.flavour import has_clinical_ending
from ghostchart.privacy.phi.vocabulary import (
    brands,
    clinical_core,
    clinical_words,
    countries,
    departments,
    eponyms,
    is_listed_town,
    is_name_word,
    is_ordinary,
    not_in_names,
    not_towns,
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


LANDSCAPE = _set(
    "falls springs spring heights harbor harbour valley grove ridge hollow bluff bluffs rapids junction beach bay park hill hills lake lakes landing "
    "crossing ferry mill mills bend cove island islands isle fork forks notch gap prairie canyon mesa rock rocks flats village creek river rivers moor "
    "wells haven bridge ford glen plain plains meadow meadows woods wood oak oaks pine pines shore shores summit pass butte buttes gulch knoll knolls dale field fields brook "
    "brooks pond ponds mountain mountains peak peaks cliff cliffs marsh trail trails run lane view vista gate gates chapel lighthouse cottage barn barns orchard orchards "
    "fountain narrows basin bayou reef key acres farm farms branch bottoms slough thicket hearth harbors lantern anchor garden gardens house street square corner corners "
    "common commons point points mound hawk butte draw wash arroyo mesa verde vista"
)
"""Second halves of names taken from the landscape."""

SIGNBOARD = _set(
    "cedar oak pine elm maple birch willow juniper aspen spruce hickory walnut chestnut cypress hemlock poplar sycamore laurel holly hawthorn hazel magnolia dogwood cottonwood "
    "ironwood redwood sage clover thistle fern ivy heather marigold larkspur lavender rosewood bluebell bluebonnet buttercup primrose foxglove jasmine lilac lotus lily "
    "eagle hawk falcon heron osprey kestrel raven crow sparrow swallow robin cardinal bluebird meadowlark quail pheasant swan crane pelican owl dove lark wren finch mallard loon "
    "bear wolf fox coyote otter beaver badger bison buffalo elk moose deer stag antelope cougar panther lynx bobcat mustang turtle salmon trout sturgeon dolphin rabbit squirrel "
    "granite marble slate sandstone limestone flint quartz opal amber emerald sapphire ruby jade pearl garnet copper brass bronze iron silver gold golden cobalt "
    "blue yellow silver crimson scarlet amber azure indigo ivory "
    "stone rock river lake creek meadow prairie canyon mesa ridge valley summit pinnacle horizon sunrise sunset dawn beacon lighthouse lantern anchor harbor compass bridge gateway "
    "crossroads cornerstone keystone landmark milestone heritage legacy liberty freedom unity pioneer frontier patriot evergreen riverside lakeside northside southside westside "
    "eastside hillside hilltop parkside bayside seaside oceanside bayfront lakefront riverfront waterfront uptown midtown metro capitol harmony serenity tranquility concord "
    "mercy grace providence trinity redeemer samaritan bethany bethesda zion calvary emmanuel genesis hope faith rainbow sunshine sunflower starlight moonlight northstar "
    "acorn orchard cobblestone brick mill timber lumberjack plow anvil kettle clocktower crown scepter shamrock thistle phoenix griffin unicorn atlas apollo titan orion "
    "sandy rocky shady mossy misty stony lost lone hidden quiet happy windy clear crystal twin two three four five seven dry cold sweet great big little old new "
    "tall wild bald cherry apple peach plum almond mulberry huckleberry blackberry honey prairie dune coral mission plaza loma casa costa mar monte alta vista verde rio "
    "driftwood seashell seabreeze sunny starfish starlite sandpiper kingfisher bluejay blackbird hummingbird dragonfly butterfly honeybee ladybug wagon arrow arrowhead saddle ranger homestead voyager "
    "mariner captain explorer discovery endeavor triumph victory vanguard sentinel guardian knight royal regal imperial majestic noble sterling prestige apex zenith alpine glacier cascade tidewater "
    "aurora solstice comet nova stellar oasis canopy kindness tapestry mosaic tandem catalyst momentum elevate thrive ascend ember hearth harvest vineyard orchard tulip daisy dahlia poppy violet wisteria camellia azalea "
    "coal cotton cannon castle chapel tower turnpike canal wharf dockside shipyard railroad depot junction"
)
"""Words that practices, shops and firms are called by."""

_GENERIC = _set(
    "the a an our my your his her their this that some any no each every local main new old other first last next best same high low general public private outside outlying "
    "referring sending receiving another community county city state national federal international american regional area district town rural urban north south east west "
    "northern southern eastern western central upper lower adult child children family student medical health care hospital clinic center centre service services day night "
    "call called calling see seen send sent fax faxed contact please per from at to with ask refer referred schedule scheduled transfer transferred discharge discharged "
    "discussed discuss consult consulted follow followed following continue also both all and or of for by in on via as if then when while after before under over is was are "
    "good poor fair normal mild moderate severe left right total full early late long short left upper lower mid multi non pre post anti self home self customer client visitor "
    "information data call contact help support technical control command test testing training learning education conference convention business shopping town media crisis "
    "job career resource resources human legal social welcome visitors visitor nerve trauma level comprehensive advanced integrated complete premier quality modern "
    "red white green black clinical certified accredited designated approved preferred contracted covered joint memorial veterans university college school academic teaching "
    "senior junior assistant associate chief head lead managing deputy vice acting interim executive director president manager officer"
)
# Of these the second word must be of the kind as well: "Three Phase", "Great Saphenous", "Silver Alginate" are none.
_ADJECTIVES = _set(
    "tall two three four five seven great big little old new wild bald cold clear dry sweet quiet hidden lost lone sunny shady rocky sandy mossy misty stony windy crystal twin happy stone iron copper silver gold golden honey "
    "coal cotton cherry apple peach plum mill brick cobalt quartz pearl coral rock river lake kindness sterling prestige elevate thrive ascend momentum catalyst regal royal imperial noble majestic alpine"
)
_GOOD = _set("shepherd samaritan hope sam news neighbor neighbour")
_BEGUN = _set("horizons beginnings leaf life visions directions pathways dawn")
_NUMBERS = _set("two three four five seven twin")
_OBJECTS = _set(
    "door spoon barn boot wheel star stars moon sun bell bells bottle button shoe hat feather leaf leaves petal paw paws wing wings horn antler arrow key shovel hammer saddle wagon crown rose thistle bird horse pony mule goose duck "
    "hen rooster goat lamb sheep calf bull cat dog hound moth bee owl boat sail oar reel hook paddle canoe pan pot table chair candle lamp moose pear berry bean grape olive corn wheat barley hop hops tail post wall tower steeple"
)
# Words that the lists of ordinary words are too old or too small for.
MODERN = _set(
    "bedside stepdown inhouse onsite offsite telemetry postpartum antepartum downtime overnight midday hospitalwide roomair baseline online offline website workflow toolkit dataset startup database helpline hotline checklist coworker coworkers mammo apheresis plasmapheresis hyperbaric telestroke telemed nicu picu sicu micu cvicu became largest "
    "biosimilar biologic biologics robotic robot scooter homecare dropoff pickup takeout checkout login logout backup inbox voicemail smartphone podcast blog app apps hemoccult fibroscan "
    "simulator simulation genomics proteomics immunotherapy chemo radiotherapy brachytherapy tomotherapy cyberknife davinci mohs lasik botox medspa anticoag preadmit preadmission preanesthesia pretransplant hemonc gynonc "
    "neurocritical neurosurgical craniofacial maxillofacial reproductive perinatal maternal fetal vinci gamma proton stereotactic graduate"
)
_LATIN_ENDINGS = (
    "est",
    "ness",
    "less",
    "ly",
    "ment",
    "tion",
    "sion",
    "able",
    "ible",
    "al",
    "ar",
    "ic",
    "ous",
    "ary",
    "ive",
    "ology",
    "ologist",
    "ologists",
    "iatric",
    "iatrics",
    "ational",
    "ation",
)
_PLACE_ADJECTIVES = _set(
    "coastal royal pacific atlantic mystic scenic tropical celestial imperial colonial rural baltic arctic cedar"
)
_SAINTS = _set("saint st mount mt fort ft lake san santa holy sacred our port cape point good")
_COLOURS = _set("blue red green white black yellow")
_BADGES = _set("cross shield book ribbon code cell cells light line alert team zone card flag")  # Blue Cross, Red Cross


class Evidence(IntEnum):
    """How surely words name a place, from not at all to a word that nothing else explains."""

    NONE = 0
    SIGN = 1  # one word of the signboards: "Summit"
    PAIR = 2  # two of them, or one before a feature of the landscape: "Otter Gap"
    COINED = 3  # a word in no list, a listed town


def evidence(words: Sequence[str], *, capitals: bool = False) -> Evidence:
    """What words with capitals before a noun tell; ``capitals``: all of the text stands in them, so that it tells less.

    Words that say what kind of place it is ("Infusion" in "Otter Gap Infusion Center") may stand among them.
    """
    low = tuple(re.sub(r"['’]s?$|\.$", "", word.lower()) for word in words)
    if any(_is_coined(word, strict=capitals) for word in words):
        return Evidence.COINED
    for place, (first, second) in enumerate(pairwise(low)):
        if is_listed_town(f"{first} {second}") and not _is_kind(first):
            return Evidence.COINED
        if _is_kind(second) or first in not_in_names() or (first in _COLOURS and second in _BADGES):
            continue
        if _are_pair(first, second) or (
            first in _SAINTS and place == 0 and second not in _GENERIC and (first != "good" or second in _GOOD)
        ):
            return Evidence.PAIR
    sign = bool(low) and low[0] in SIGNBOARD and low[0] not in _GENERIC and not _is_kind(low[0])
    return Evidence.SIGN if sign else Evidence.NONE


def _are_pair(first: str, second: str) -> bool:
    if first == "new" and (second in SIGNBOARD or second in _BEGUN):  # "New Dawn"
        return True
    if first in _COLOURS and (second in LANDSCAPE or second in SIGNBOARD) and second not in _BADGES:  # "Red Oak"
        return True
    if _is_kind(first) or first in _GENERIC or second in _GENERIC:
        return first in SIGNBOARD and second in LANDSCAPE
    if first in _NUMBERS and not second.endswith("s"):  # "Two View Imaging"
        return False
    if second in LANDSCAPE:
        return (
            not first.endswith(_LATIN_ENDINGS)
            or first in SIGNBOARD
            or first in _PLACE_ADJECTIVES
            or is_name_word(first)
        )
    return first in SIGNBOARD and (first not in _ADJECTIVES or second in SIGNBOARD or second in _OBJECTS)


def is_plain(word: str) -> bool:
    """Whether a word of the signboards (lower case) is also an adjective or a material that says nothing alone."""
    return word in _ADJECTIVES


def begins(words: Sequence[str]) -> int:
    """How many words at the front belong to the sentence ("Call", "The", "Per") and not to the name."""
    count = 0
    while count < len(words) and _is_front(words[count].lower().strip(".")):
        count += 1
    return count


def _is_front(word: str) -> bool:
    if word in SIGNBOARD:
        return False
    return word in _GENERIC or word in not_in_names() or word in departments() or word in clinical_words()


def _is_kind(word: str) -> bool:
    return word in departments() or word in clinical_words() or word in clinical_core()


@cache
def _explained() -> frozenset[str]:
    """Words that something else explains than a name of a place."""
    lists = (
        clinical_words(),
        clinical_core(),
        departments(),
        not_in_names(),
        not_towns(),
        eponyms(),
        countries(),
        brands(),
    )
    return _GENERIC.union(MODERN, *lists)


def _is_form(word: str) -> bool:
    """Whether a word ends as adjectives and nouns of action do, or is a form of an ordinary verb ("retrying")."""
    if word.endswith(_LATIN_ENDINGS):
        return True
    stem = (
        word.removesuffix("ing") if word.endswith("ing") else word.removesuffix("ed") if word.endswith("ed") else word
    )
    return stem != word and (
        is_ordinary(stem) or is_ordinary(stem + "e") or (stem[-1:] == stem[-2:-1] and is_ordinary(stem[:-1]))
    )


@cache
def _with_a_letter_less() -> frozenset[str]:
    words = departments() | clinical_core() | _GENERIC
    return frozenset(part for word in words if len(word) > 4 for part in (word, *_shortened(word)))


def _shortened(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


@lru_cache(maxsize=20_000)
def is_misspelt(word: str) -> bool:
    """Whether a word (lower case) is a department or a kind of place but for one letter more, less or changed, or two swapped."""
    return len(word) > 4 and (word in _with_a_letter_less() or not _with_a_letter_less().isdisjoint(_shortened(word)))


@lru_cache(maxsize=20_000)
def _is_coined(word: str, *, strict: bool) -> bool:
    """Whether a word is none of everyday language, of the clinic, of a company, of a state: so a name."""
    word = re.sub(r"['’]s?$|\.$", "", word)
    low = word.lower()
    if len(low) < (5 if strict else 4) or (word.isupper() and not strict) or not word[:1].isupper():
        return False
    if "-" in low:
        parts = word.split("-")
        named = any(_is_coined(part, strict=strict) for part in parts if part)
        return named or (parts[-1].lower() in LANDSCAPE and len(parts) == 2 and not _is_kind(parts[0].lower()))
    if not re.fullmatch(r"[^\W\d_'’]+(?:['’][^\W\d_]+)?", low) or is_ordinary(low) or low in _explained():
        return False
    listed = is_name_word(low) or is_listed_town(low)
    if has_clinical_ending(low) or (not listed and (_is_form(low) or is_misspelt(low))):
        return False
    if not strict:
        return True
    return (
        is_name_word(low) or is_listed_town(low) or (len(low) > 6 and re.search(r"[aeiouy].*[aeiouy]", low) is not None)
    )
