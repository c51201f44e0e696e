"""Encounters from hospital tables: what is true of a visit, and the traps a note shall hold, before any text exists.

Shapes of the facts a note renderer meets (``ClinicalFact``):

==============================  =========  ==============================  ==========================================
what                            kind       concept                         fields that say so
==============================  =========  ==============================  ==========================================
asserted condition or status    condition  family key, "icd10cm:<code>"    confirmed, current, patient
past condition that is coded    condition  family key, "icd10cm:<code>"    temporality="history", distractor=""
family history that is coded    condition  family key, "icd10cm:<code>"    experiencer="family", distractor=""
visit                           visit      visit.office / .ed /            attributes below
                                           .discharge / .awv / .preventive
                                           / .hospital / .nursing_facility
procedure done                  procedure  "cpt:<number>", "hcpcs:<code>"  laterality right|left|bilateral (optional)
medication taken                medication "drug:<generic name>"           attributes purpose=<concept or "">
==============================  =========  ==============================  ==========================================

Note types follow the encounter's class, conditions and services (``note_kinds``). Procedure reports, home health and
behavioral notes have no visit fact: their services are procedure facts. Visit attributes: hospital ``stage``
initial|subsequent and ``mdm`` or ``minutes``; nursing_facility ``stage`` and ``mdm``; a telehealth note has an office visit
with ``modality`` audio_video|audio_only. Office ``status`` new|established and ``mdm`` straightforward|low|moderate|high or ``minutes``;
ed ``mdm``; discharge ``minutes``; awv ``kind`` initial|subsequent; preventive ``status``. An AWV may come with a second
visit fact, visit.office, when a separate problem was worked up.

Distractors (``distractor`` holds the kind; nothing is coded for them, except uncertain diagnoses of inpatients):

=================================  =========  =====================  ====================================================
distractor kind                    kind       concept                fields that say so
=================================  =========  =====================  ====================================================
negated                            condition  condition              certainty="negated"
family history                     condition  condition              experiencer="family" (certainty may be "negated")
ruled out                          condition  condition              certainty="ruled_out"
uncertain outpatient               condition  condition              certainty="uncertain"; cause=<symptom fact id>
differential list                  condition  2-3 conditions         certainty="uncertain"; cause=<symptom fact id>
history-of resolved                condition  condition              temporality="resolved"
hypothetical                       condition  symptom                temporality="hypothetical" ("return if fever")
other person                       condition  condition              experiencer="other" ("wife has influenza")
copied-forward problem list        condition  condition              addressed=False (otherwise as if true)
planned or declined procedure      procedure  "cpt:..."/"hcpcs:..."  temporality="declined" or "hypothetical" (planned)
medication without diagnosis       medication "drug:<generic name>"  attributes purpose=""
lab without diagnosis              status     "lab:<name>"           value also in ``Encounter.labs``; attributes value
BMI only                           status     "vital:bmi_kg_m2"      value also in ``Encounter.vitals``; attributes value
external record                    condition  condition              addressed=False
laterality contradiction           condition  the coded condition    other side, addressed=False
template normal ROS vs HPI         condition  the coded symptom      certainty="negated"
positive
post-op vs pre-op dx               condition  condition              addressed=False; operative notes
screening vs diagnostic            condition  screening code         addressed=False; a symptom is coded instead
=================================  =========  =====================  ====================================================

Three kinds are coded, though not as they first read, and keep their label: "history-of misused for active" (treated, so
active), "historical date drift" (long ago, so a history code) and "stage only in nursing note" (the stage counts). The
renderer adds "abbreviation ambiguity" and "units vs visits" by itself.
"""

from ghostchart.synth.encounters.build import build_encounters

__all__ = ["build_encounters"]
