"""croissant.json: the corpus in Croissant 1.1 with responsible-AI fields, built and checked by mlcroissant, offline.

No date is written: the certificate says when, and equal corpora shall have equal bytes.
"""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

import pyarrow as pa
import yaml

from ghostchart.privacy.dataset_card import TEXTS, CorpusFacts, column_meanings
from ghostchart.privacy.manifest import hash_files, write_seal
from ghostchart.schemas.canonical import readable_json
from ghostchart.schemas.corpus import CROISSANT, DATA, shard_paths
from ghostchart.schemas.errors import CorpusError, EnvironmentProblem
from ghostchart.schemas.note import NOTE_SCHEMA, SPLITS

_CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
_PARQUET = "application/x-parquet"
_SHARDS, _NOTES, _SPLITS = "shards", "notes", "splits"
_NAME = "ghostchart-synthetic-notes"


def write_croissant(corpus: Path, facts: CorpusFacts) -> Path:
    """Write croissant.json over the shards that are there now.

    Raises:
        CorpusError: a shard is missing, or mlcroissant rejects the description.
        EnvironmentProblem: mlcroissant is not installed.
        OutputError: the file cannot be written.
    """
    path = corpus / CROISSANT
    write_seal(path, readable_json(describe(corpus, facts)))
    return path


def describe(corpus: Path, facts: CorpusFacts) -> dict[str, Any]:
    """The JSON-LD of a corpus, validated by mlcroissant while it is built."""
    try:
        import mlcroissant as mlc
    except ImportError:
        raise EnvironmentProblem("mlcroissant is not installed", fix="Install ghostchart[steward]") from None
    texts = _texts(facts)
    context = mlc.Context(conforms_to=_CONFORMS_TO[0])
    try:
        metadata = mlc.Metadata(
            ctx=context,
            name=_NAME,
            conforms_to=list(_CONFORMS_TO),
            version=facts.tool_version,
            license=[texts.pop("license")],
            cite_as=f"Synthetic clinical notes made with ghostchart {facts.tool_version}",
            creators=[mlc.Organization(ctx=context, name=f"ghostchart {facts.tool_version}")],
            in_language=["en"],
            distribution=_distribution(mlc, context, corpus),
            record_sets=[_splits(mlc, context), _notes(mlc, context)],
            **texts,
        )
        described: dict[str, Any] = metadata.to_json()
    except mlc.ValidationError as error:
        raise CorpusError(f"the corpus cannot be described in Croissant: {error}") from None
    # The context that mlcroissant writes is the 1.0 one unless the file was read from a 1.1 one.
    described["@context"] = {**described["@context"], **_CONTEXT_1_1}
    return described


# Croissant 1.1 format specification, appendix "JSON-LD context": terms that 1.0 does not have.
_CONTEXT_1_1: dict[str, Any] = {
    "arrayShape": "cr:arrayShape",
    "containedIn": "cr:containedIn",
    "description": {"@container": "@language"},
    "isArray": "cr:isArray",
    "name": {"@container": "@language"},
}


def _texts(facts: CorpusFacts) -> dict[str, Any]:
    filled = Template((TEXTS / "croissant.yaml").read_text()).substitute(
        names="names",
        n_notes=f"{sum(facts.contents.notes.values()):,}",
        source_kind=facts.source_kind,
        k_min=facts.k_min,
        tool_version=facts.tool_version,
    )
    texts: dict[str, Any] = yaml.safe_load(filled)
    return texts


def _distribution(mlc: Any, context: Any, corpus: Path) -> list[Any]:
    names = [f"{DATA}/{path.name}" for split in SPLITS for path in shard_paths(corpus, split)]
    digests = hash_files(corpus, names)
    files = [
        mlc.FileObject(
            ctx=context,
            id=name,
            name=name.removeprefix(f"{DATA}/"),
            content_url=name,
            content_size=f"{(corpus / name).stat().st_size} B",
            encoding_formats=[_PARQUET],
            sha256=digests[name],
        )
        for name in names
    ]
    shards = mlc.FileSet(
        ctx=context,
        id=_SHARDS,
        name=_SHARDS,
        description="All shards; the file name begins with the split.",
        encoding_formats=[_PARQUET],
        includes=[f"{DATA}/*.parquet"],
    )
    return [*files, shards]


def _splits(mlc: Any, context: Any) -> Any:
    field = mlc.Field(
        ctx=context, id=f"{_SPLITS}/name", name="name", description="Split.", data_types=[mlc.DataType.TEXT]
    )
    return mlc.RecordSet(
        ctx=context,
        id=_SPLITS,
        name=_SPLITS,
        description="Splits share neither patients nor template families.",
        data_types=[mlc.DataType.SPLIT],
        key=f"{_SPLITS}/name",
        fields=[field],
        data=[{f"{_SPLITS}/name": str(split)} for split in SPLITS],
    )


def _notes(mlc: Any, context: Any) -> Any:
    split = mlc.Field(
        ctx=context,
        id=f"{_NOTES}/split",
        name="split",
        description="Split, from the name of the shard.",
        data_types=[mlc.DataType.TEXT],
        source=mlc.Source(
            ctx=context,
            file_set=_SHARDS,
            extract=mlc.Extract(ctx=context, file_property="filename"),
            transforms=[mlc.Transform(ctx=context, regex=f"^({'|'.join(SPLITS)})-.*$")],
        ),
    )
    meanings = column_meanings()
    columns = [_field(mlc, context, (column.name,), column.type, meanings) for column in NOTE_SCHEMA]
    return mlc.RecordSet(
        ctx=context,
        id=_NOTES,
        name=_NOTES,
        description="One record per note.",
        key=f"{_NOTES}/note_id",
        fields=[split, *columns],
    )


def _field(mlc: Any, context: Any, path: tuple[str, ...], kind: pa.DataType, meanings: dict[str, str]) -> Any:
    """One column, or one field of a struct below it; lists of structs become repeated fields with subfields."""
    is_list = pa.types.is_list(kind)
    element = kind.value_type if is_list else kind
    described: dict[str, Any] = {
        "ctx": context,
        "id": "/".join((_NOTES, *path)),
        "name": path[-1],
        "description": meanings[".".join(path)],
    }
    if is_list:
        described |= {"is_array": True, "array_shape": "-1"}
    if pa.types.is_struct(element):
        parts = [_field(mlc, context, (*path, part.name), part.type, meanings) for part in element]
        return mlc.Field(**described, sub_fields=parts)
    # Below a list inside a list the path goes through every element ("spans[*].start"); mlcroissant 1.1.1 reads the first
    # span of each code and no more, datasets and pyarrow read them all.
    inside = [mlc.Transform(ctx=context, json_path="[*].".join(path[1:]))] if path[1:] else []
    source = mlc.Source(
        ctx=context, file_set=_SHARDS, extract=mlc.Extract(ctx=context, column=path[0]), transforms=inside
    )
    return mlc.Field(**described, data_types=[_data_type(mlc, element)], source=source)


def _data_type(mlc: Any, kind: pa.DataType) -> Any:
    if pa.types.is_integer(kind):
        return mlc.DataType.INTEGER
    return mlc.DataType.DATE if pa.types.is_date(kind) else mlc.DataType.TEXT
