"""``ghostchart train``: the models of a run, or one by a recipe on any corpus directory, in one process or many."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ghostchart.cli.options import AllowUncertified, ConfigFile, configuration_of, pick_models
from ghostchart.schemas.errors import UsageError
from ghostchart.schemas.trained_model import TrainedModel


def train(
    out: Annotated[
        Path | None, typer.Argument(help="Directory of a run; or, with --recipe, leave it away.", show_default=False)
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="Only this model of the configuration (repeatable).", show_default="all")
    ] = None,
    config: ConfigFile = None,
    recipe: Annotated[
        str | None, typer.Option(help="Train by this recipe: a name (see --recipes) or a .yaml file.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Another value for a key of the recipe: key=value (repeatable).")
    ] = None,
    corpus: Annotated[Path | None, typer.Option(help="With --recipe: the corpus directory.")] = None,
    model_dir: Annotated[
        Path | None, typer.Option("--out", help="With --recipe: the model directory.", show_default="model/NAME")
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option(help="With --recipe: public key file to trust, beside the user's key folder.")
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Also write DIR/merged: base and adapter as one plain Hugging Face model.")
    ] = False,
    launch: Annotated[
        bool, typer.Option("--launch", help="With --recipe: several processes through DeepSpeed's launcher.")
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, help="With --launch: processes per machine.", show_default="one per GPU")
    ] = None,
    hostfile: Annotated[
        Path | None, typer.Option(help="With --launch: machines, one 'HOST slots=N' a line.", show_default="this one")
    ] = None,
    recipes: Annotated[bool, typer.Option("--recipes", help="List the recipes and stop.")] = False,
    allow_uncertified: AllowUncertified = False,
) -> None:
    """Train the models of a run on its certified corpus, or one by a recipe. A killed training goes on where it was."""
    if recipes:
        _list_recipes()
        return
    if recipe is None:
        given = {"--set": set_, "--corpus": corpus, "--out": model_dir, "--trust": trust, "--launch": launch}
        _refuse(given, "goes with --recipe")
        if out is None:
            raise UsageError(
                "there is nothing to train on", fix="Give the directory of a run, or --recipe NAME --corpus DIR"
            )
        _train_run(out, config, model, allow_uncertified=allow_uncertified, merge=merge)
        return
    _refuse({"the directory of a run": out, "--model": model, "--config": config}, "does not go with --recipe")
    if corpus is None:
        raise UsageError("--recipe needs a corpus", fix="Add --corpus DIR")
    if not launch:
        _refuse({"--processes": processes, "--hostfile": hostfile}, "goes with --launch")
        _train_recipe(recipe, set_ or [], corpus, model_dir, trust or [], merge, allow_uncertified=allow_uncertified)
        return
    from ghostchart.train.launch import launch as start
    from ghostchart.train.recipe import load_recipe

    load_recipe(recipe, set_ or [])  # said once, before anything is started
    code = start(_without_launching(sys.argv[1:]), processes, hostfile)
    if code:
        raise typer.Exit(code if code in (1, 2) else 2)


def _train_run(
    out: Path, config: Path | None, model: list[str] | None, *, allow_uncertified: bool, merge: bool
) -> None:
    from ghostchart.console import TerminalProgress
    from ghostchart.pipeline.run import corpus_for_training, stage_in
    from ghostchart.pipeline.train import train as train_models

    settings = pick_models(configuration_of(out, config, allow_uncertified=allow_uncertified), model)
    with stage_in(out, settings) as (layout, state):
        corpus = corpus_for_training(layout, settings)
        for done in train_models(layout, state, settings, corpus, TerminalProgress(), prune=model is None):
            _tell(done, layout.models / done.name)
            if merge:
                _merge(done, layout.models / done.name)


def _train_recipe(
    recipe: str,
    changes: list[str],
    corpus: Path,
    model_dir: Path | None,
    trust: list[Path],
    merge: bool,
    *,
    allow_uncertified: bool,
) -> None:
    from ghostchart.console import TerminalProgress
    from ghostchart.pipeline.train import train_recipe
    from ghostchart.schemas.progress import SILENT
    from ghostchart.train.processes import processes

    main = processes().is_main
    progress = TerminalProgress() if main else SILENT
    record, place = train_recipe(
        recipe, changes, corpus, model_dir, progress, trust=trust, allow_uncertified=allow_uncertified
    )
    if main:
        _tell(record, place)
        if merge:
            _merge(record, place)


def _merge(done: TrainedModel, place: Path) -> None:
    from ghostchart.console import STDOUT
    from ghostchart.train.saving import merge

    if done.method != "lora":
        STDOUT.print(f"Not merged {_shown(place)} has no adapter: it is a plain Hugging Face model", soft_wrap=True)
        return
    STDOUT.print(f"Merged     {_shown(merge(place))}", soft_wrap=True)


def _tell(done: TrainedModel, place: Path) -> None:
    from ghostchart.console import STDOUT

    last = f"{done.loss[-1][1]:.3f}" if done.loss else "none"
    STDOUT.print(
        f"{done.name:<16} {done.method}, {done.notes_seen:,} notes, {done.tokens_per_second:,.0f} tokens/s, "
        f"loss {last}, {_shown(place)}",
        soft_wrap=True,
    )


def _list_recipes() -> None:
    from ghostchart.console import STDOUT
    from ghostchart.train.recipe import load_recipe, recipe_names

    for name in recipe_names():
        STDOUT.print(f"{name:<30} {load_recipe(name).about}", soft_wrap=True, markup=False)


def _refuse(given: Mapping[str, object], why: str) -> None:
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} {why}", fix="See ghostchart train --help")


def _without_launching(arguments: list[str]) -> list[str]:
    """The same command line for each process: without the options that start processes."""
    kept: list[str] = []
    skip = False
    for word in arguments:
        if skip:
            skip = False
        elif word in ("--processes", "--hostfile"):
            skip = True
        elif word != "--launch" and not word.startswith(("--processes=", "--hostfile=")):
            kept.append(word)
    return kept


def _shown(path: Path) -> str:
    """A path as people want to read it: relative where it lies below the current directory."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
