"""Practices, laboratories, agencies, schools and firms whose noun says what they do ("Stanwick Pathology", "Otter Gap Robotics").

Such nouns are also services ("sent to Pathology"), so the words before decide: see :mod:`proper_words`. The same is looked
for in headings that stand in capitals, where only words that can be nothing else count.
"""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re
from collections.abc import Iterator

from ghostchart.privacy.phi.findings import PhiFinding
from ghostchart.privacy.phi.letters import UPPER, capitalised
from ghostchart.privacy.phi.proper_words import LANDSCAPE, SIGNBOARD, Evidence, begins, evidence
from ghostchart.privacy.phi.vocabulary import is_listed_town, is_name_word

_SHOPS = frozenset(
    [
        "Diner",
        "Apothecary",
        "Bakery",
        "Kitchen",
        "Bar",
        "Grill",
        "Market",
        "Garage",
        "Cafe",
        "Café",
        "Bistro",
        "Mart",
        "Tap",
        "Creamery",
        "Works",
    ]
)
_SHOP_SCORE = 0.8  # above a name behind a cue: "sent to Rosie's Diner"
_SCORE = 0.79  # above a name that words around it announce: "our landlord is Stanwick Properties"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Behind a coined word or a pair these end a name wherever they stand.
_SURE = _set(
    "Pathology Cardiology Oncology Dermatology Orthopedics Orthopaedics Neurology Neurosurgery Urology Nephrology Radiology Podiatry Gastroenterology Endocrinology "
    "Rheumatology Pulmonology Ophthalmology Optometry Otolaryngology Audiology Gynecology Gynaecology Obstetrics OB/GYN OBGYN Ob/Gyn Midwifery Midwives Psychiatry Psychology Counseling "
    "Counselling Pediatrics Paediatrics Peds Hematology Geriatrics Anesthesia Hospitalists Healthcare Homecare Imaging Infusion Dialysis Diagnostics Laboratories Laboratory Labs Lab "
    "Center Centre Centers Associates Assoc Specialists Practice Ambulance EMS Periodontics Endodontics Orthodontics Physiotherapy Chiropractic Acupuncture Hospice Rehab "
    "Rehabilitation Recovery Detox TCU LTACH LTAC SNF DME Surgicenter Spa Infirmary Surgery Podiatrists Dentists Physicians Jail Prison Sanatorium "
    "Robotics Analytics Aerospace Avionics Aeronautics Biotech Biosciences Therapeutics Pharmaceuticals Semiconductor Semiconductors Ventures Advisory Advisors Architects Landscaping "
    "Orchards Winery Cellars Roasters Catering Airlines Airways Aviation Shipping Imports Exports Apparel Jewelers Jewellers Opticians Tours Machining Welding Fabrication Tooling Tires "
    "Excavating Masonry Roofing Flooring Cabinets Cabinetry Millwork Refinery Petroleum Utilities Recycling Sanitation Movers Rentals Leasing Staffing Packaging Boatworks Marina Kennels Stables "
    "Greenhouses Nurseries Tannery Concrete Paving Castings Telecom Broadcasting Publishing Chocolates Creamery Distillery Brewing Bottling Upholstery Ironworks Steelworks Glassworks "
    "Brickworks Apothecary Prosthetics Orthotics Waterworks Cooperative Co-op Coop Fairgrounds Speedway Raceway Racetrack Playhouse Amphitheater Priory Seminary Conservatory Diner Bakery Daycare Preschool Academy ISD CSD USD"
)
# These need a word of place before, or the edge of a line or a column.
_WEAK = _set(
    # care
    "Medical Health Med GI ENT Eye Vision Surgical Pain Sleep Wellness Spine Allergy Hearing Optical Pulmonary Vascular Medicine Oral Therapy Mobility Oxygen Supply Respiratory Psych MRI Ortho Derm Urgent Care Women's "
    "ER ED Regional General Memorial Community Paramedics Nutrition Yoga Pilates Fitness Massage Rest House Home Homes Residence Residences Commons Crossing Springs Landing Consultants Surgeons Physio Physicals "
    # schools and bodies
    "Middle High Elementary Primary Intermediate Prep Hall Polytechnic Grammar School Schools Society Council League Association Federation Foundation Institute Agency Trust Guild Alliance Coalition Network Club Legion "
    "Mission Fellowship Tabernacle Assembly Station Barracks Precinct Rescue Fire Ministries Charities Church Library Museum Gallery Theatre Theater Orchestra Choir Scouts Boxing Soccer Swim Tennis Golf Bowling Lanes Gymnastics Dance "
    # food and shops
    "Bar Tap Cafe Café Bistro Grill Kitchen Kitchens Coffee Bowl Market Mart Bazaar Emporium Foods Meats Produce Poultry Beverage Spirits Chocolate Books Bookstore Comics Antiques Auctions Jewelry Shoes Leather Furniture Mattress Carpet Florist Flowers "
    "Gifts Pets Grooming Salon Barber Nails Tanning Bridal Tailors Cleaners Laundry Linen Feed Seed Tackle Outfitters Cycles Bikes Toys Music Pianos Guitars Games Lodge Cottage Grange Guesthouse Hospitality Events "
    # trade, transport and works
    "Tool Tools Stone Gravel Sand Glass Tire Capital Media Press Design Designs Interiors Engineering Engineers Security Sanctuary Trading Transport Transit Water Waste Chemical Chemicals Moving Painting Marine Machine Dynamics "
    "Instruments Nursery Travel Software Networks Autos Auto Body Collision Garage Transmission Motors Ford Chevrolet Toyota Honda Subaru Nissan Towing Salvage Scrap Disposal Septic Drilling Pipeline Mining Mines Cement Brick Tile Marble Granite Windows Doors "
    "Siding Insulation Drywall Carpentry Woodworks Woodworking Building Builders Developers Development Homes Housing Realtors Land Surveying Environmental Lawn Tree Exterminating Cleaning Janitorial Printing Print Graphics Signs Containers Plastics "
    "Rubber Polymers Paints Coatings Metals Metal Alloys Aluminum Steel Precision Bearings Valve Valves Pumps Hydraulics Electric Electrical Electronics Controls Optics Photonics Sensors Circuits Computers Computing Data Digital Cloud Biosystems Entertainment "
    "Pictures Films Productions Records Radio Television Cable Wireless Broadband Express Couriers Delivery Parcel Cargo Lines Cruises Ferries Ferry Rail Railway Railways Buses Bus Coaches Taxi Cabs Limo Parking Energy Power Solar Gas Oil Electricity "
    # money, law and the rest
    "Accountants Accounting Tax Bookkeeping Insurance Assurance Brokers Brokerage Wealth Financial Finance Lending Loans Mortgage Fund Funds Investments Equity Holdings Properties Property Lettings Estates Solicitors Attorneys Lawyers Law Legal "
    "Consulting Translations Tutoring Photography Works Company Companies Partners Group Services Systems Solutions Technologies Tech Industries Enterprises Brothers International Worldwide Global Federal Savings FC Rovers Wanderers Athletic Albion Hotspur Dynamo Lodgings Collective Bakeries Studio Studios Labs"
)
_HEADS = _SURE | _WEAK
# Of a county whatever it runs.
_DAYS = _set(
    "Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun Monday Tuesday Wednesday Thursday Friday Saturday Sunday Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec January February March April May June July August September October November December"
)
_COUNTY = _set("County Parish Borough Township")
_COUNTY_RUNS = _set(
    "DSS CPS APS DHS DCF DCFS DHHS WIC 911 SO Sheriffs Housing Community Memorial Veterans General Regional Social Family Attorney Clerk Superior Courts Dental Rehab Correctional School EMS Jail Sheriff Sheriff's Fire Ambulance Hospital Coroner Courthouse Schools Library Airport Fairgrounds Paramedics Dispatch Corrections Prison Morgue Health Public Human Detention "
    "Rescue Medical Clinic Mental Behavioral Juvenile Drug Court Probation Animal Transit Nursing"
)
_CAP = rf"[{UPPER}][\w'’/-]*"
_RUN = re.compile(
    rf"(?<![\w'’&/.-])(?:(?:St|Mt|Ft)\. )?{_CAP}(?: (?:& |and |of the |of |the )?(?:(?:St|Mt|Ft)\. )?{_CAP})+(?![\w'’-])"
)
# "Stanwick Bone & Joint", "Otter Gap Sand & Gravel"
_JOINED = re.compile(
    rf"(?<![\w'’&-])(?P<id>(?P<lead>{_CAP}(?: {_CAP}){{0,2}}),? {_CAP}(?:, {_CAP})?,? & {_CAP})(?![\w'’-])"
)
_OF_HEADS = _set(
    "Partners Associates Specialists Physicians Surgeons Consultants Clinic Center Centre Hospital Institute Pediatrics Cardiology Orthopedics Dermatology Imaging Radiology Oncology Urology Eye Dental Dentistry Hospice Rehab Church Diocese Museum"
)
_OF_TOWN = re.compile(
    rf"(?<![\w'’&-])(?P<id>(?:{_CAP} ){{0,3}}?(?:{'|'.join(sorted(_OF_HEADS))}) of (?:the )?(?P<town>(?!the)(?:(?:St|Ft|Mt)\. )?{_CAP}(?: {_CAP}){{0,2}}))(?![\w'’-])"
)
_TOKEN = re.compile(r"[^\s]+")
_PLACED = re.compile(
    r"(?i)(?:\b(?:at|from|to|by|with|w/|through|via|per|of|for|near|called|attends?|in|the|join(?:ing|ed|s)?|between|visit(?:ed|ing|s)?|saw|sees|seen|called?|fax(?:ed)?|owns|runs|employer|f/?u|follow(?:ed|s|ing)?(?: up)?|pcp|gp|clinic|osh|snf|treated|against|hired|is|was|are|on|use[sd]?|using|chose|tried|owes?|sued|versus|vs\.?|about|PT|under|our|my|his|her|their|ref|ref'd|tx|xfer|outside)|[@(|,;:\n/–—*]|\d|^)(?: the)?[ \t]*$"
)
_PLACED_CLOSELY = re.compile(
    r"(?i)(?:\b(?:at|from|to|by|via|through|per|near|joining|joined|attends?|visit(?:ed|ing)?)|@)(?: the)?[ \t]*$"
)
# What makes a service or an everyday thing of it after all.
_GOES_ON = re.compile(
    r"(?:[ -](?:visits?|course|stay|admission|orders?|precautions|plan|rounds?|screen\w*|tests?|levels?|therapy|protocol|criteria|scale|score|index|study|trial|catheter|device|kit|system|dose|regimen|disease|syndrome|procedure|position|technique|method|panel|tablets?|cream|gel|injections?)\b|\d)"
)
_HEADING_WORD = rf"[{UPPER}][{UPPER}'’.&-]+"
_HEADING = re.compile(
    rf"(?:^|(?<=\n)|(?<=: ))[ \t*#=-]*(?P<id>{_HEADING_WORD}(?: (?:OF |AND |& )?{_HEADING_WORD}){{1,6}})(?=[ \t]*(?:$|\n|[,;:|(*=-]))"
)
_HEADING_HEADS = _set(
    "Hospital Center Centre Clinic Clinics Health Healthcare Medicine Pediatrics Jail Prison Penitentiary Correctional Pharmacy Associates Group Rehab Rehabilitation Manor University College "
    "School Academy Imaging Laboratory Laboratories Labs Pathology Radiology Cardiology Orthopedics Orthopaedics Oncology Dermatology Care Ems Hospice Infirmary Physicians Dialysis Surgery "
    "Institute Memorial Sanatorium Neurology Urology Nephrology Psychiatry Recovery Ambulance Fire Diagnostics Practice Obgyn Counseling Optometry Podiatry Dentistry Dental Chiropractic Hospitalists Specialists Partners Wellness"
)
_HEADING_HEADS_UPPER = frozenset(head.upper() for head in _HEADING_HEADS)


def practices(text: str) -> Iterator[PhiFinding]:
    """Names that end in what the place does; a service, a department or a clinical phrase is none."""
    words_here = capitalised(text)
    if not (_HEADS_SEEN.isdisjoint(words_here) and _COUNTY.isdisjoint(words_here)):
        for run in _RUN.finditer(text):
            span = _named(text, run)
            if span is not None:
                shop = "s " in run[0] and not _SHOPS.isdisjoint(run[0].split()) and re.search(r"['’]s ", run[0])
                yield PhiFinding(*span, "FACILITY", _SHOP_SCORE if shop else _SCORE)
    if "&" in text:
        for match in _JOINED.finditer(text):
            words = match["lead"].split()
            if evidence(words) >= Evidence.PAIR and begins(words) == 0 and _PLACED.search(text[: match.start()]):
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
    if " of " in text and not _OF_HEADS.isdisjoint(words_here):
        for match in _OF_TOWN.finditer(text):
            if is_listed_town(match["town"]) or evidence(match["town"].split()) >= Evidence.PAIR:
                yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)
    if not _HEADING_HEADS_UPPER.isdisjoint(words_here):
        yield from _in_heading(text)


# Letters only, as capitalised() gives them.
_HEADS_SEEN = frozenset(re.match(r"[^\W\d_]+", head)[0] for head in _HEADS)  # type: ignore[index]


def _named(text: str, run: re.Match[str]) -> tuple[int, int] | None:
    tokens = list(_TOKEN.finditer(text, run.start(), run.end()))
    for place in range(len(tokens) - 1, 0, -1):
        head = tokens[place][0]
        if head in _COUNTY_RUNS and tokens[place - 1][0] in _COUNTY and place > 1:
            start = begins([token[0] for token in tokens[: place - 1]])
            if start < place - 1:
                return tokens[start].start(), tokens[place].end()
        if head not in _HEADS or tokens[place - 1][0] in ("and", "of", "the"):
            continue
        lead = [token[0] for token in tokens[:place]]
        first = begins(lead)
        words = [word for word in lead[first:] if word[0].isupper()]
        if not words or _GOES_ON.match(text, tokens[place].end()):
            continue
        rest = [token[0] for token in tokens[place + 1 :]]
        # "Tool & Die", "Heart & Vascular": two nouns of the same kind.
        joined = len(rest) == 2 and rest[0] in ("&", "and")
        rest = rest if rest and rest[0] not in _DAYS else []
        if _is_enough(text[: tokens[first].start()], words, head, last=not rest or joined):
            return tokens[first].start(), tokens[-1 if joined and rest[0] == "&" else place].end()
    return None


def _is_enough(before: str, words: list[str], head: str, *, last: bool) -> bool:
    level = evidence(words)
    if level >= Evidence.PAIR:
        return head in _SURE or (last and _PLACED.search(before) is not None)
    # "at Summit Orthopedics", "at Cascade Sports Medicine"
    return (
        level is Evidence.SIGN
        and (head in _SURE or len(words) > 1)
        and last
        and _PLACED_CLOSELY.search(before) is not None
    )


def _in_heading(text: str) -> Iterator[PhiFinding]:
    for match in _HEADING.finditer(text):
        words = [word.strip(".") for word in re.findall(rf"[{UPPER}][{UPPER}'’.-]*", match["id"])]
        titled = [word.capitalize() for word in words if word not in ("OF", "AND")]
        heads = [place for place, word in enumerate(titled) if word in _HEADING_HEADS and place]
        if not heads:
            continue
        lead = titled[: heads[-1]]
        county = next((place for place, word in enumerate(titled) if word in _COUNTY and place), 0)
        if (
            evidence(lead, capitals=True) is Evidence.COINED
            or _is_signed(lead)
            or (county and begins(titled[:county]) == 0)
        ):
            yield PhiFinding(match.start("id"), match.end("id"), "FACILITY", _SCORE)


_FIRST = frozenset(["mount", "saint", "fort", "lake", "port", "cape", "santa", "san"])


def _is_signed(words: list[str]) -> bool:
    """Whether two words at the front are of the signboards or the landscape, with nothing of the clinic before them."""
    low = [word.lower() for word in words]
    return (
        len(low) > 1
        and (low[0] in SIGNBOARD or low[0] in ("mount", "saint", "fort"))
        and low[1] in LANDSCAPE | SIGNBOARD | _listed_second(low)
    )


def _listed_second(low: list[str]) -> frozenset[str]:
    return frozenset(low[1:2]) if low[0] in _FIRST and is_name_word(low[1]) else frozenset()
