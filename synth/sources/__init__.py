"""Where hospital tables come from: one adapter per kind of source, each returning ``EhrTables`` or one clear error."""

from ghostchart.synth.sources.registry import ADAPTERS, load_source

__all__ = ["ADAPTERS", "load_source"]
