"""The SQL behind :class:`ghostchart.synth.sources.staging.Staging`: each kind of row checked, linked, coded, counted.

Tables ``in_*`` hold staged rows as text, ``st_*`` the same with a fault (stops the run) or a reason (refused, counted).
"""

from __future__ import annotations

# What each kind of query must give beside ``line`` and ``refusal`` ('' or why the adapter refuses the row).
COLUMNS: dict[str, tuple[str, ...]] = {
    "patients": ("patient_id", "sex", "birth_date", "death_date", "zip"),
    "encounters": ("encounter_id", "patient_id", "encounter_class", "began", "ended"),
    "conditions": ("patient_id", "encounter_id", "day", "system", "code", "rank"),
    "procedures": ("patient_id", "encounter_id", "day", "system", "code"),
    "medications": ("patient_id", "encounter_id", "day", "drug"),
    "observations": ("patient_id", "encounter_id", "day", "name", "value"),
}
_EARLIEST, _LATEST = "DATE '1880-01-01'", "DATE '2200-01-01'"
# Clock time as written: offsets are dropped, because a chart speaks of local time.
MACROS = (
    r"CREATE MACRO wall(x) AS TRY_CAST(regexp_replace(trim(x), '(:\d\d(\.\d+)?)\s*(Z|[+-]\d\d(:?\d\d)?)$', '\1') AS TIMESTAMP)",
    "CREATE MACRO icd(x) AS CASE WHEN strpos(x, '.') = 0 AND length(x) > 3 THEN x[1:3] || '.' || x[4:] ELSE x END",
)


def nothing(kind: str) -> str:
    columns = ", ".join(f"CAST(NULL AS VARCHAR) AS {column}" for column in COLUMNS[kind])
    return f"SELECT 0 AS input, CAST(0 AS BIGINT) AS line, CAST('' AS VARCHAR) AS refusal, {columns} LIMIT 0"


PATIENTS = f"""
CREATE TABLE st_patients AS SELECT *, CASE
  WHEN patient_id IS NULL THEN 'the patient''s id is missing'
  WHEN row_number() OVER (PARTITION BY patient_id ORDER BY input, line) > 1 THEN 'this patient''s id was there before'
  WHEN birth_date IS NOT NULL AND born IS NULL THEN 'the birth date is not a date'
  WHEN death_date IS NOT NULL AND died IS NULL THEN 'the death date is not a date'
  WHEN born < {_EARLIEST} OR born > {_LATEST} THEN 'the birth date is impossible'
  WHEN died < born OR died > {_LATEST} THEN 'the death date is impossible or before birth'
  ELSE '' END AS fault, CASE
  WHEN refusal <> '' THEN refusal
  WHEN sex IS NULL OR sex NOT IN ('F', 'M') THEN 'sex is neither female nor male'
  WHEN born IS NULL THEN 'no birth date'
  ELSE '' END AS reason
FROM (SELECT *, CAST(wall(birth_date) AS DATE) AS born, CAST(wall(death_date) AS DATE) AS died FROM in_patients)
"""
ENCOUNTERS = f"""
CREATE TABLE st_encounters AS SELECT e.*, CASE
  WHEN e.encounter_id IS NULL THEN 'the encounter''s id is missing'
  WHEN row_number() OVER (PARTITION BY e.encounter_id ORDER BY e.input, e.line) > 1
    THEN 'this encounter''s id was there before'
  WHEN p.patient_id IS NULL AND NOT (e.refusal <> '' AND e.patient_id IS NULL)
    THEN 'this encounter''s patient is not in the table of patients'
  WHEN e.start_time IS NULL AND NOT (e.refusal <> '' AND e.began IS NULL) THEN 'the beginning is missing or not a date'
  WHEN e.ended IS NOT NULL AND e.end_time IS NULL THEN 'the end is not a date'
  WHEN e.start_time > {_LATEST} OR e.end_time > {_LATEST} THEN 'the date is impossible'
  WHEN CAST(e.start_time AS DATE) < p.born THEN 'the encounter lies before the patient''s birth'
  ELSE '' END AS fault, CASE
  WHEN e.refusal <> '' THEN e.refusal
  WHEN p.reason <> '' THEN 'patient not used'
  WHEN e.encounter_class IS NULL THEN 'kind of encounter not used'
  ELSE '' END AS reason,
  coalesce(e.end_time < e.start_time, false) AS reversed, e.end_time IS NULL AS endless,
  coalesce(CAST(e.start_time AS DATE) > p.died, false) AS posthumous
FROM (SELECT *, wall(began) AS start_time, wall(ended) AS end_time FROM in_encounters) e
LEFT JOIN st_patients p USING (patient_id);
CREATE TABLE daily AS SELECT patient_id, CAST(start_time AS DATE) AS first_day,
  max(CAST(greatest(start_time, end_time) AS DATE)) AS last_day,
  arg_max(encounter_id, (greatest(start_time, end_time), encounter_id)) AS encounter_id
FROM st_encounters WHERE reason = '' GROUP BY 1, 2
"""


def _linked(kind: str) -> str:
    """Rows of one kind with their encounter: the one they name, or else the one that lasted on their day."""
    return f"""
CREATE TABLE li_{kind} AS
WITH dated AS (SELECT *, CAST(wall(day) AS DATE) AS on_day FROM in_{kind})
SELECT d.* EXCLUDE (patient_id, encounter_id), coalesce(d.patient_id, e.patient_id) AS patient_id,
  coalesce(e.encounter_id, CASE WHEN d.encounter_id IS NULL AND d.on_day <= n.last_day THEN n.encounter_id END) AS encounter_id,
  CASE WHEN d.encounter_id IS NOT NULL AND e.encounter_id IS NOT NULL AND d.patient_id <> e.patient_id
    THEN 'the row''s encounter belongs to another patient'
  WHEN d.day IS NOT NULL AND d.on_day IS NULL THEN 'the date is not a date' ELSE '' END AS fault,
  CASE WHEN d.refusal <> '' THEN d.refusal
  WHEN d.encounter_id IS NOT NULL AND e.encounter_id IS NULL THEN 'its encounter is not in the table of encounters'
  WHEN e.reason <> '' THEN 'encounter not used'
  WHEN d.encounter_id IS NULL AND d.patient_id IS NULL THEN 'names neither encounter nor patient'
  WHEN d.encounter_id IS NULL AND NOT coalesce(d.on_day <= n.last_day, false) THEN 'no encounter named and none on that day'
  ELSE '' END AS link
FROM dated d LEFT JOIN st_encounters e ON d.encounter_id = e.encounter_id
ASOF LEFT JOIN daily n ON d.patient_id = n.patient_id AND d.on_day >= n.first_day;
"""


CONDITIONS = (
    _linked("conditions")
    + """
CREATE TABLE targets AS
WITH asked AS (SELECT DISTINCT system, upper(code) AS code FROM in_conditions),
mapped AS (SELECT a.system, a.code, m.target, m.ambiguous FROM asked a JOIN code_map m
  ON upper(m.code) = a.code AND (m.system IS NULL OR m.system = a.system) WHERE a.system IS DISTINCT FROM 'icd10cm')
SELECT a.system, a.code, CASE WHEN a.system = 'icd10cm' THEN r.code WHEN m.ambiguous THEN NULL ELSE m.target END AS target,
  CASE WHEN a.code IS NULL THEN 'no code'
  WHEN a.system = 'icd10cm' AND r.code IS NULL THEN 'not a billable ICD-10-CM code of $release'
  WHEN a.system = 'icd10cm' THEN ''
  WHEN m.ambiguous THEN upper(a.system) || ' code that maps to more than one ICD-10-CM code'
  WHEN m.target IS NULL THEN coalesce(upper(a.system), 'unknown') || ' code without a map to ICD-10-CM'
  ELSE '' END AS problem
FROM asked a LEFT JOIN mapped m ON m.system IS NOT DISTINCT FROM a.system AND m.code = a.code
LEFT JOIN release_codes r ON a.system = 'icd10cm' AND r.code = icd(a.code);
CREATE TABLE found_conditions AS
SELECT l.input, l.line, l.patient_id, l.encounter_id, l.fault, l.link, l.system, l.code, l.on_day,
  TRY_CAST(l.rank AS DOUBLE) AS rank_number, t.target, t.problem
FROM li_conditions l LEFT JOIN targets t ON t.system IS NOT DISTINCT FROM l.system AND t.code IS NOT DISTINCT FROM upper(l.code);
CREATE TABLE first_conditions AS
SELECT encounter_id, target, min((input, line)) AS first FROM found_conditions
WHERE link = '' AND problem = '' GROUP BY 1, 2;
CREATE TABLE st_conditions AS
SELECT f.input, f.line, any_value(f.system) AS system, any_value(f.code) AS code,
  any_value(f.encounter_id) AS encounter_id, any_value(f.fault) AS fault,
  any_value(CASE WHEN f.link <> '' THEN f.link ELSE f.problem END) AS settled,
  bool_or(c.target IS NOT NULL) AS first_here,
  any_value(f.problem <> '' AND f.code IS NOT NULL) AS unmapped,
  CASE WHEN any_value(CASE WHEN f.link <> '' THEN f.link ELSE f.problem END) <> ''
    THEN any_value(CASE WHEN f.link <> '' THEN f.link ELSE f.problem END)
  WHEN bool_or(c.target IS NOT NULL) THEN '' ELSE 'repeated in the same encounter' END AS reason
FROM found_conditions f
LEFT JOIN first_conditions c ON f.link = '' AND f.problem = '' AND c.encounter_id = f.encounter_id
  AND c.target = f.target AND c.first = (f.input, f.line)
GROUP BY 1, 2;
CREATE TABLE coded_conditions AS
SELECT any_value(patient_id) AS patient_id, encounter_id, target AS code,
  CAST(row_number() OVER (PARTITION BY encounter_id
    ORDER BY min(rank_number) NULLS LAST, min(on_day) NULLS LAST, target) AS INTEGER) AS rank
FROM found_conditions WHERE link = '' AND problem = '' GROUP BY encounter_id, target
"""
)
PROCEDURES = (
    _linked("procedures")
    + r"""
CREATE TABLE st_procedures AS SELECT *, CASE
  WHEN reason_so_far <> '' THEN reason_so_far
  WHEN row_number() OVER (PARTITION BY reason_so_far, encounter_id, code ORDER BY input, line) > 1
    THEN 'repeated in the same encounter' ELSE '' END AS reason
FROM (SELECT * EXCLUDE (system, code), system, upper(code) AS code,
  NOT shaped AND code IS NOT NULL AS unmapped,
  CASE WHEN link <> '' THEN link WHEN in_use = '' THEN '' ELSE in_use END AS reason_so_far FROM (
  SELECT l.*, coalesce(regexp_full_match(upper(l.code), '[0-9]{4}[0-9AFMTU]|[A-V][0-9]{4}')
      AND coalesce(l.system, 'cpt') IN ('cpt', 'hcpcs'), false) AS shaped,
    CASE WHEN u.encounter_id IS NULL THEN 'encounter without ICD-10-CM diagnosis' WHEN l.code IS NULL THEN 'no code'
    WHEN coalesce(l.system, 'cpt') NOT IN ('cpt', 'hcpcs') THEN upper(l.system) || ' procedure, neither CPT nor HCPCS'
    WHEN NOT regexp_full_match(upper(l.code), '[0-9]{4}[0-9AFMTU]|[A-V][0-9]{4}') THEN 'not shaped like CPT or HCPCS'
    ELSE '' END AS in_use
  FROM li_procedures l LEFT JOIN used_encounters u USING (encounter_id)))
"""
)
MEDICATIONS = (
    _linked("medications")
    + """
CREATE TABLE st_medications AS SELECT *, CASE
  WHEN reason_so_far <> '' THEN reason_so_far
  WHEN row_number() OVER (PARTITION BY reason_so_far, encounter_id, drug ORDER BY input, line) > 1
    THEN 'repeated in the same encounter' ELSE '' END AS reason
FROM (SELECT l.* EXCLUDE (drug), lower(l.drug) AS drug, CASE WHEN l.link <> '' THEN l.link
  WHEN u.encounter_id IS NULL THEN 'encounter without ICD-10-CM diagnosis'
  WHEN l.drug IS NULL THEN 'no drug name' ELSE '' END AS reason_so_far
  FROM li_medications l LEFT JOIN used_encounters u USING (encounter_id))
"""
)
OBSERVATIONS = (
    _linked("observations")
    + """
CREATE TABLE st_observations AS SELECT l.*, TRY_CAST(l.value AS DOUBLE) AS number, CASE WHEN l.link <> '' THEN l.link
  WHEN u.encounter_id IS NULL THEN 'encounter without ICD-10-CM diagnosis'
  WHEN l.name IS NULL THEN 'kind of measurement not used'
  WHEN TRY_CAST(l.value AS DOUBLE) IS NULL OR NOT isfinite(TRY_CAST(l.value AS DOUBLE)) THEN 'value is not a number'
  ELSE '' END AS reason
FROM li_observations l LEFT JOIN used_encounters u USING (encounter_id)
"""
)
FINAL_REASON = {
    "patients": "CASE WHEN s.reason = '' AND s.patient_id NOT IN (SELECT patient_id FROM coded_conditions) "
    "THEN 'no encounter with an ICD-10-CM diagnosis' ELSE s.reason END",
    "encounters": "CASE WHEN s.reason = '' AND s.encounter_id NOT IN (SELECT encounter_id FROM used_encounters) "
    "THEN 'no ICD-10-CM diagnosis' ELSE s.reason END",
    "conditions": "s.reason",
    "procedures": "s.reason",
    "medications": "s.reason",
    "observations": "s.reason",
}
USED = """
CREATE TABLE visits AS SELECT encounter_id, patient_id, encounter_class, date_trunc('second', start_time) AS start_time,
  date_trunc('second', greatest(start_time, coalesce(end_time, start_time))) AS end_time
FROM st_encounters WHERE reason = '' AND encounter_id IN (SELECT encounter_id FROM used_encounters);
CREATE TABLE people AS SELECT * FROM st_patients WHERE patient_id IN (SELECT patient_id FROM visits)
"""
OWN_IDENTIFIERS = """
SELECT patient_id, 'DATE_TIME' AS entity_type, strftime(day, '%Y-%m-%d') AS value FROM (
  SELECT patient_id, born AS day FROM people UNION ALL SELECT patient_id, died FROM people
  UNION ALL SELECT patient_id, CAST(start_time AS DATE) FROM visits
  UNION ALL SELECT patient_id, CAST(end_time AS DATE) FROM visits)
"""
RESULTS = {
    "patients": "SELECT patient_id, sex, born AS birth_date, died AS death_date, "
    "CASE WHEN regexp_matches(zip, '^[0-9]{3}') THEN zip[1:3] END AS zip3 FROM people ORDER BY 1",
    "encounters": 'SELECT encounter_id, patient_id, encounter_class, start_time AS "start", end_time AS "end" '
    "FROM visits ORDER BY patient_id, start_time, encounter_id",
    "conditions": "SELECT v.patient_id, encounter_id, 'icd10cm' AS system, code, rank FROM coded_conditions "
    "JOIN visits v USING (encounter_id) ORDER BY v.patient_id, v.start_time, encounter_id, rank",
    "procedures": "SELECT v.patient_id, encounter_id, CASE WHEN code[1] BETWEEN 'A' AND 'V' THEN 'hcpcs' ELSE 'cpt' END AS system, "
    "code FROM st_procedures JOIN visits v USING (encounter_id) WHERE reason = '' "
    "ORDER BY v.patient_id, v.start_time, encounter_id, code",
    "medications": "SELECT v.patient_id, encounter_id, drug FROM st_medications JOIN visits v USING (encounter_id) "
    "WHERE reason = '' ORDER BY v.patient_id, v.start_time, encounter_id, drug",
    "observations": "SELECT any_value(v.patient_id) AS patient_id, encounter_id, name, round(median(number), 2) AS value "
    "FROM st_observations JOIN visits v USING (encounter_id) WHERE reason = '' GROUP BY encounter_id, name "
    "ORDER BY 1, any_value(v.start_time), encounter_id, name",
    "identifiers": "SELECT DISTINCT patient_id, entity_type, value FROM all_identifiers "
    "WHERE value <> '' AND patient_id IN (SELECT patient_id FROM people) ORDER BY 1, 2, 3",
}
