"""The privacy policy: profiles, files, changes by the configuration, digests."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ghostchart.privacy.policy import (
    BUILT_IN,
    PrivacyPolicy,
    load_policy,
    named_policy,
    policy_in_force,
    profile_of,
)
from ghostchart.schemas.config import PrivacyConfig
from ghostchart.schemas.errors import ConfigError


def write(path: Path, **changes: object) -> Path:
    profiles = yaml.safe_load(BUILT_IN.read_text())["profiles"]
    path.write_text(yaml.safe_dump({"profiles": {"house": {**profiles["default"], **changes}}}))
    return path


def test_every_bar_of_every_profile_has_a_source_in_a_comment() -> None:
    lines = BUILT_IN.read_text().splitlines()
    default = lines[lines.index("  default:") + 1 : lines.index("  strict:")]
    for name in set(PrivacyPolicy.model_fields) - {"profile"}:
        place = next(number for number, line in enumerate(default) if line.strip().startswith(f"{name}:"))
        assert default[place - 1].strip().startswith("#"), f"{name} has no comment"


def test_strict_is_nowhere_laxer_than_default() -> None:
    default, strict = load_policy(), load_policy("strict")
    assert strict.signoff_required
    for name in PrivacyPolicy.model_fields:
        if name.endswith("_upper"):
            assert getattr(strict, name) < getattr(default, name)
        elif name.endswith("_lower") or name == "min_holdout_patients":
            assert getattr(strict, name) > getattr(default, name)


def test_configuration_selects_a_profile_or_a_file(tmp_path: Path) -> None:
    assert policy_in_force(PrivacyConfig()) == load_policy("default")
    assert policy_in_force(PrivacyConfig(profile="strict")) == load_policy("strict")
    file = write(tmp_path / "house.yaml", membership_auc_upper=0.52)
    chosen = policy_in_force(PrivacyConfig(profile="house", policy_file=file))
    assert (chosen.profile, chosen.membership_auc_upper) == ("house", 0.52)
    assert named_policy(f"{file}:house") == chosen
    assert profile_of(chosen.digest) is None
    assert profile_of(load_policy("strict").digest) == "strict"


def test_a_bar_changed_by_the_configuration_changes_name_and_digest() -> None:
    changed = policy_in_force(PrivacyConfig(min_holdout_patients=50))
    assert changed.min_holdout_patients == 50
    assert changed.profile == "default (changed by the configuration: min_holdout_patients)"
    assert changed.digest != load_policy().digest
    same = policy_in_force(PrivacyConfig(min_holdout_patients=load_policy().min_holdout_patients))
    assert same == load_policy()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profiles: [", "not valid YAML"),
        ("bars: {}", "mapping 'profiles'"),
        ("profiles: {default: 3}", "mapping 'profiles'"),
        ("profiles: {default: {}}", "profile default: signoff_required"),
        ("profiles: {other: {}}", "no profile 'default'"),
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_policy(file=tmp_path / "p.yaml")


def test_wrong_bars_and_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="membership_auc_upper"):
        load_policy("house", write(tmp_path / "a.yaml", membership_auc_upper=1.5))
    with pytest.raises(ConfigError, match="hipaa: no such field"):
        load_policy("house", write(tmp_path / "b.yaml", hipaa=True))
    with pytest.raises(ConfigError, match="Use one of default, strict"):
        load_policy("lax")
    with pytest.raises(ConfigError, match="no privacy policy 'lax'"):
        named_policy("lax")
    with pytest.raises(ConfigError, match="cannot read"):
        load_policy(file=tmp_path / "nowhere.yaml")
