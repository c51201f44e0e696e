"""Recipes: named settings of one training that a person can read, one short YAML file each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from ghostchart.schemas.config import Section, TrainConfig
from ghostchart.schemas.errors import ConfigError

_FOLDER = Path(__file__).parent / "recipes"
_EXAMPLE = "Recipes to start from are listed by 'ghostchart train --recipes' (docs/training.md)"


class RecipeHardware(Section):
    """What a recipe was written for; other hardware is allowed and checked by its memory.

    Attributes:
        device: "cpu" or "cuda".
        processes: processes altogether, on GPUs one each.
        nodes: machines.
        memory_gib: memory of each GPU, or of the machine for CPUs.
    """

    device: Literal["cpu", "cuda"]
    processes: Annotated[int, Field(ge=1)] = 1
    nodes: Annotated[int, Field(ge=1)] = 1
    memory_gib: Annotated[float, Field(gt=0)]


class Recipe(Section):
    """One recipe: a line about it, its hardware, the model's settings."""

    about: str
    hardware: RecipeHardware
    model: TrainConfig


def recipe_names() -> list[str]:
    """Recipes that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_recipe(name: str, changes: Sequence[str] = ()) -> Recipe:
    """A recipe of the package by name, or of the user's by file, with settings changed.

    Args:
        name: a name from :func:`recipe_names`, or a path ending in .yaml.
        changes: "key=value" texts for keys of the model, values as in YAML.

    Raises:
        ConfigError: no such recipe, key or value.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else _FOLDER / f"{name}.yaml"
    if not name.endswith((".yaml", ".yml")) and name not in recipe_names():
        raise ConfigError(
            f"there is no recipe {name!r}", fix=f"Recipes: {', '.join(recipe_names())}; or give a .yaml file"
        )
    try:
        values: Any = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"cannot read the recipe: {error.strerror}", where=str(path), fix=_EXAMPLE) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError("the recipe is not valid YAML", where=str(path), fix=_EXAMPLE) from None
    if not isinstance(values, dict) or not isinstance(values.get("model"), dict):
        raise ConfigError("a recipe has the keys about, hardware and model", where=str(path), fix=_EXAMPLE)
    values["model"].update(_changed(changes))
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        told = []
        for item in error.errors():
            key = ".".join(str(part) for part in item["loc"] if part != "model") or "model"
            said = "no such key" if item["type"] == "extra_forbidden" else item["msg"].removeprefix("Value error, ")
            told.append(f"{key}: {said}")
        raise ConfigError("; ".join(told), where=f"recipe {path.stem}", fix="Keys are in docs/training.md") from None


def _changed(changes: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in changes:
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {text!r} is not one key and its value", fix="Write --set epochs=2")
        try:
            found[key.strip()] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ConfigError(f"--set {text!r}: the value is not valid YAML", fix="Put it in quotes") from None
    return found
