"""Marked wording for one note: mentions of facts, filled frames, and the identifiers of its people and places."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from ghostchart.schemas.clinical import ClinicalFact, Encounter
from ghostchart.schemas.errors import TemplateError
from ghostchart.schemas.note import Split
from ghostchart.synth.notes.draws import Draws
from ghostchart.synth.notes.forms import FormBook, FormChoices
from ghostchart.synth.notes.marks import Marks
from ghostchart.synth.notes.noise import Noise
from ghostchart.synth.notes.phrases import CodedEntry, Frame, PhraseBank, Voice
from ghostchart.synth.notes.surrogates import DATE_STYLES, TOP_CODED_AGE, PatientIdentity, Person, SurrogatePool
from ghostchart.synth.notes.views import DatesView, FacilityView, PatientView, PersonView

SURROGATE_PREFIX = "surrogate:"
NEGATED_MARK = "distractor:negated"


class NoteWriter:
    """Everything needed to put facts of one encounter into words.

    Args:
        encounter: what is true.
        forms: wording of facts for the split.
        phrases: sentence frames.
        voice: how the template speaks.
        split: which frames and forms may be used.
        draws: this note's choices.
        noise: how untidy it is.
        pool: fake identifiers of this shard.
    """

    def __init__(
        self,
        encounter: Encounter,
        forms: FormBook,
        phrases: PhraseBank,
        voice: Voice,
        split: Split,
        draws: Draws,
        noise: Noise,
        pool: SurrogatePool,
    ) -> None:
        self.encounter = encounter
        self.forms = forms
        self.phrases = phrases
        self.voice = voice
        self.split: Split = split
        self.draws = draws
        self.noise = noise
        self.marks = Marks()
        self._frames = phrases.spoken(voice, split)
        self._said: dict[str, Frame] = {}
        self._choices: dict[str, FormChoices] = {}
        self._codes: dict[str, str] = {}
        self.identity: PatientIdentity = pool.patient(encounter.patient)
        self._pool = pool
        self._date_style = draws.pick(DATE_STYLES)
        self._is_female = encounter.patient.sex == "F"
        self.is_new_patient = encounter.is_new_patient
        self._clinician = pool.clinician(draws)
        self._colleague = pool.colleague_of(self._clinician, draws)
        self._facility = pool.facility(draws)
        self.follow_up_day = encounter.end + timedelta(days=draws.pick((7, 10, 14, 28, 42, 90, 91)))

    # Mentions -------------------------------------------------------------------------------------------------------

    def mention(self, fact: ClinicalFact) -> str:
        """One marked mention of a fact, in one of its surface forms."""
        mark = fact.fact_id
        choices = self._choices.get(mark)
        if choices is None:
            choices = self._choices[mark] = self.forms.choices(fact)
        return self.marks.around(choices.draw(self.draws), mark)

    def mentions(self, facts: Iterable[ClinicalFact]) -> list[str]:
        """One mention of each."""
        return [self.mention(fact) for fact in facts]

    def code_of(self, fact: ClinicalFact) -> str:
        """The ICD-10-CM code the fact's concept has by itself, "" where it has none; steers wording only."""
        code = self._codes.get(fact.fact_id)
        if code is None:
            code = self._codes[fact.fact_id] = self.forms.code_of(fact)
        return code

    def say(self, bank: str, **slots: str | Callable[[], str]) -> str:
        """A frame of a bank, filled; slots not given are taken from the patient.

        Raises:
            TemplateError: no such bank.
        """
        frames = self._frames.get(bank)
        if frames is None:
            raise TemplateError(f"there is no phrase bank {bank!r} for voice {self.voice!r}")
        frame = self.draws.pick(frames)
        if frame is self._said.get(bank):  # two equal sentences in a row read like a machine's
            frame = self.draws.pick(frames)
        self._said[bank] = frame
        return frame.fill(slots, self.own_slot)

    def tell(self, bank: str, fact: ClinicalFact, **slots: str | Callable[[], str]) -> str:
        """A frame of a bank with a mention of the fact as ``name``."""
        return self.say(bank, name=lambda: self.mention(fact), **slots)

    def fill(self, frame: Frame, **slots: str | Callable[[], str]) -> str:
        """A given frame, filled."""
        return frame.fill(slots, self.own_slot)

    def word(self, entry: CodedEntry) -> str:
        """One of an entry's frames for this split, filled."""
        return self.fill(self.draws.pick(entry.frames[self.split]))

    # Identifiers ----------------------------------------------------------------------------------------------------

    def surrogate(self, entity_type: str, value: str) -> str:
        """A fake identifier, marked for the ledger."""
        return self.marks.leaf(value, f"{SURROGATE_PREFIX}{entity_type}")

    def free(self, entity_type: str, make: Callable[[], str]) -> str:
        """The first value made that no source patient has."""
        return self._pool.free(entity_type, make)

    def day(self, day: date) -> str:
        """A date in this note's style, marked for the ledger."""
        return self.surrogate("DATE_TIME", self._date_style(day))

    def age_sex(self) -> str:
        """ "67-year-old woman", or "woman aged 90 or older"."""
        noun = "woman" if self._is_female else "man"
        age = self.encounter.age
        if age >= TOP_CODED_AGE:
            return f"{noun} aged {self.surrogate('AGE_OVER_89', '90 or older')}"
        if age < 18:
            noun = "girl" if self._is_female else "boy"
        if age < 2:
            return f"{'infant' if age < 1 else 'one-year-old'} {noun}"
        return f"{age}-year-old {noun}"

    def an_age_sex(self) -> str:
        """The same with its article: "an 84-year-old man"."""
        age = self.encounter.age
        article = "an" if age in (0, 8, 11, 18) or 80 <= age < TOP_CODED_AGE else "a"
        return f"{article} {self.age_sex()}"

    def short_age_sex(self) -> str:
        """ "67F", or "90+ F"."""
        sex = self.encounter.patient.sex
        if self.encounter.age >= TOP_CODED_AGE:
            return f"{self.surrogate('AGE_OVER_89', '90+')} {sex}"
        return f"{self.encounter.age}{sex}"

    def title(self) -> str:
        """ "Ms. Okafor"; the first name for children."""
        person = self.identity.person
        if self.encounter.age < 18:
            return self.surrogate("PERSON", person.first)
        return f"{'Ms.' if self._is_female else 'Mr.'} {self.surrogate('PERSON', person.last)}"

    def people_and_places(self) -> dict[str, object]:
        """``patient``, ``clinician``, ``colleague``, ``facility`` and ``dates`` for the template."""
        identity = self.identity
        return {
            "patient": PatientView(
                "patient",
                {
                    "name": lambda: self.surrogate("PERSON", identity.person.full),
                    "surname": lambda: self.surrogate("PERSON", identity.person.last),
                    "title": self.title,
                    "dob": self._birth_date,
                    "mrn": lambda: self.surrogate("MEDICAL_RECORD_NUMBER", identity.mrn),
                    "account": lambda: self.surrogate("ACCOUNT_NUMBER", self._pool.account_number(self.draws)),
                    "phone": lambda: self.surrogate("PHONE_NUMBER", identity.phone),
                    "street": lambda: self.surrogate("STREET_ADDRESS", identity.street),
                    "city": lambda: self.surrogate("CITY", identity.city),
                    "zip": lambda: self.surrogate("ZIP_CODE", identity.zip_code),
                    "age_sex": self.age_sex,
                    "short_age_sex": self.short_age_sex,
                    "she": self.she,
                    "her": self.her,
                },
            ),
            "clinician": self._person_view("clinician", self._clinician),
            "colleague": self._person_view("colleague", self._colleague),
            "facility": FacilityView("facility", {"name": self.facility, "phone": self.phone}),
            "dates": DatesView(
                "dates",
                {
                    "visit": self._visit_day,
                    "start": self.start,
                    "end": self.end,
                    "follow_up": self.follow_up,
                    "signed": self.end,
                },
            ),
        }

    def _visit_day(self) -> str:
        """The day of the note: within the stay for daily notes, else its first day."""
        encounter = self.encounter
        if encounter.note_type != "progress":
            return self.day(encounter.start)
        return self.day(encounter.start + (encounter.end - encounter.start) // 2)

    def _person_view(self, what: str, person: Person) -> PersonView:
        return PersonView(
            what,
            {
                "name": lambda: f"{self.surrogate('PERSON', person.full)}, {person.credential}",
                "surname": lambda: self.surrogate("PERSON", person.last),
            },
        )

    def _birth_date(self) -> str:
        # Even the year of birth would show an age over 89.
        if self.encounter.age >= TOP_CODED_AGE:
            return f"withheld (age {self.surrogate('AGE_OVER_89', '90 or older')})"
        return self.day(self.identity.birth_date)

    # Slots that any phrase may have ----------------------------------------------------------------------------------

    def she(self) -> str:
        """ "she" or "he"."""
        return "she" if self._is_female else "he"

    def her(self) -> str:
        """ "her" or "his"."""
        return "her" if self._is_female else "his"

    def follow_up(self) -> str:
        """Day of the next visit."""
        return self.day(self.follow_up_day)

    def start(self) -> str:
        """First day of the encounter."""
        return self.day(self.encounter.start)

    def end(self) -> str:
        """Last day of the encounter."""
        return self.day(self.encounter.end)

    def facility(self) -> str:
        """Where the encounter took place."""
        return self.surrogate("FACILITY", self._facility.name)

    def phone(self) -> str:
        """The facility's telephone number."""
        return self.surrogate("PHONE_NUMBER", self._facility.phone)

    def own_slot(self, slot: str) -> str:
        """What a phrase gets for a slot that its caller does not fill.

        Raises:
            KeyError: no such slot.
        """
        return _OWN_SLOTS[slot](self)


_OWN_SLOTS: dict[str, Callable[[NoteWriter], str]] = {
    "age_sex": NoteWriter.age_sex,
    "an_age_sex": NoteWriter.an_age_sex,
    "short_age_sex": NoteWriter.short_age_sex,
    "she": NoteWriter.she,
    "her": NoteWriter.her,
    "title": NoteWriter.title,
    "follow_up": NoteWriter.follow_up,
    "start": NoteWriter.start,
    "end": NoteWriter.end,
    "facility": NoteWriter.facility,
    "phone": NoteWriter.phone,
}
