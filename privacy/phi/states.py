"""States of the US and countries of the world, as they stand behind a town or alone."""
# ruff: noqa: E501  (a pattern broken over lines reads worse than a long one)

from __future__ import annotations

import re

# Postal abbreviations; those that also read as a degree or a word count only before a ZIP code.
STATE_SURE = "AL|AK|AZ|AR|CA|CT|DE|FL|GA|IL|IA|KS|KY|MI|MN|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR"
STATE_ANY = f"{STATE_SURE}|CO|HI|ID|IN|LA|ME|MD|MA|MS|MO|OK|OR|PA|GU|VI|AA|AE|AP"
STATE_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|"
    "Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|"
    "Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|"
    "Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|"
    "West Virginia|Wisconsin|Wyoming"
)
# With full stops, and the older abbreviations.
STATE_DOTTED = (
    r"(?:N|S)\. ?(?:C|D)\.|N\. ?(?:H|J|M|Y)\.|R\. ?I\.|W\. ?Va\.|D\. ?C\.|Ala\.|Ariz\.|Ark\.|Calif\.|Colo\.|Conn\.|Del\.|Fla\.|Ga\.|Ill\.|Ind\.|Kan\.|Ky\.|La\.|"
    r"Md\.|Mass\.|Mich\.|Minn\.|Miss\.|Mo\.|Mont\.|Neb\.|Nev\.|Okla\.|Ore\.|Pa\.|Tenn\.|Tex\.|Va\.|Vt\.|Wash\.|Wis\.|Wyo\."
)
# Provinces and parts that addresses name as Americans name states.
_PROVINCES = (
    "Alberta|British Columbia|Manitoba|New Brunswick|Newfoundland|Nova Scotia|Ontario|Prince Edward Island|Quebec|Québec|"
    "Saskatchewan|Yukon|Nunavut|Northwest Territories|Puerto Rico|Guam|American Samoa|New South Wales|Queensland|Tasmania|"
    "Victoria|District of Columbia"
)
COUNTRIES = (
    "Afghanistan|Albania|Algeria|Andorra|Angola|Argentina|Armenia|Australia|Austria|Azerbaijan|Bahamas|Bahrain|Bangladesh|"
    "Barbados|Belarus|Belgium|Belize|Benin|Bermuda|Bhutan|Bolivia|Bosnia(?: and Herzegovina)?|Botswana|Brazil|Brunei|Bulgaria|"
    "Burkina Faso|Burma|Burundi|Cambodia|Cameroon|Canada|Cape Verde|Central African Republic|Chad|Chile|China|Colombia|Comoros|"
    "Costa Rica|Croatia|Cuba|Curaçao|Cyprus|Czechia|Czech Republic|Denmark|Djibouti|Dominica|Dominican Republic|East Timor|"
    "Ecuador|Egypt|El Salvador|England|Equatorial Guinea|Eritrea|Estonia|Eswatini|Ethiopia|Fiji|Finland|France|Gabon|Gambia|"
    "Georgia|Germany|Ghana|Gibraltar|Great Britain|Greece|Greenland|Grenada|Guadeloupe|Guatemala|Guinea|Guinea-Bissau|Guyana|"
    "Haiti|Honduras|Hong Kong|Hungary|Iceland|India|Indonesia|Iran|Iraq|Ireland|Israel|Italy|Ivory Coast|Jamaica|Japan|Jordan|"
    "Kazakhstan|Kenya|Kiribati|Kosovo|Kuwait|Kyrgyzstan|Laos|Latvia|Lebanon|Lesotho|Liberia|Libya|Liechtenstein|Lithuania|"
    "Luxembourg|Madagascar|Malawi|Malaysia|Maldives|Mali|Malta|Marshall Islands|Martinique|Mauritania|Mauritius|Mexico|"
    "Micronesia|Moldova|Monaco|Mongolia|Montenegro|Morocco|Mozambique|Myanmar|Namibia|Nauru|Nepal|Netherlands|New Zealand|"
    "Nicaragua|Nigeria|Niger|North Korea|North Macedonia|Northern Ireland|Norway|Oman|Pakistan|Palau|Palestine|Panama|"
    "Papua New Guinea|Paraguay|Peru|Philippines|Poland|Portugal|Qatar|Romania|Russia|Rwanda|Saint Lucia|Samoa|San Marino|"
    "Saudi Arabia|Scotland|Senegal|Serbia|Seychelles|Sierra Leone|Singapore|Slovakia|Slovenia|Solomon Islands|Somalia|"
    "South Africa|South Korea|South Sudan|Spain|Sri Lanka|Sudan|Suriname|Sweden|Switzerland|Syria|Taiwan|Tajikistan|Tanzania|"
    "Thailand|Timor-Leste|Togo|Tonga|Trinidad(?: and Tobago)?|Tunisia|Turkey|Turkmenistan|Tuvalu|Uganda|Ukraine|"
    "United Arab Emirates|United Kingdom|United States(?: of America)?|Uruguay|Uzbekistan|Vanuatu|Vatican City|Venezuela|"
    "Viet ?[Nn]am|Wales|Yemen|Zambia|Zimbabwe"
)
LANDS = f"(?:{STATE_NAMES}|{_PROVINCES}|{COUNTRIES})"
_REGION = re.compile(
    rf"[\s,.;()]*(?:\b(?:{STATE_ANY}|{LANDS}|USA|U\.S\.A?\.?|UK|UAE)\b|\b(?:{STATE_DOTTED}))[\s,.;()]*"
)


def is_region(part: str) -> bool:
    """Whether a piece of text is a state or a country and nothing more: it tells nobody beside a surrogate of a town."""
    return _REGION.fullmatch(part) is not None
