"""The privacy policy: every bar that a gate holds a number against, from one YAML file with named profiles.

The built-in file is ``policy.yaml`` beside this module; each number there has its source in a comment.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ghostchart.privacy.statement import digest_of, first_problem
from ghostchart.schemas.config import PrivacyConfig
from ghostchart.schemas.errors import ConfigError

BUILT_IN = Path(__file__).parent / "policy.yaml"
DEFAULT_PROFILE = "default"

Share = Annotated[float, Field(gt=0, lt=1)]


class PrivacyPolicy(BaseModel):
    """One profile. All bars are shares (0 to 1) unless their name says otherwise.

    Attributes:
        profile: the profile's name, with the bars that the run's configuration changed, if any.
        signoff_required: a privacy officer must have approved before the corpus counts as verified.
        false_alarm_rate: chance that clean data fails a family of tests (copies, membership scores, disclosure), each as a whole.
        confidence: of all bounds of one gate together.
        disclosure_excess_upper: success against training patients beyond that against held-out ones, upper bound.
        text_copy_excess_upper: the same for notes with copied runs of words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    profile: str = Field(min_length=1, max_length=200)
    signoff_required: bool
    phi_recall_lower: Share
    false_alarm_rate: Share
    confidence: Share
    membership_auc_upper: Share
    membership_tpr_at_1pct_upper: Share
    planted_tpr_at_1pct_lower: Share
    min_holdout_patients: Annotated[int, Field(ge=10)]
    disclosure_excess_upper: Share
    text_copy_excess_upper: Share

    @property
    def digest(self) -> str:
        """SHA-256 as it stands in certificates and sign-offs."""
        return digest_of(self)


def load_policy(profile: str = DEFAULT_PROFILE, file: Path | None = None) -> PrivacyPolicy:
    """A profile of the built-in file, or of ``file``.

    Raises:
        ConfigError: the file cannot be read, or has no such profile, or a bar is missing, unknown or out of range.
    """
    path = file or BUILT_IN
    profiles = _profiles(file) if file else _built_in()
    if profile not in profiles:
        raise ConfigError(
            f"the privacy policy has no profile {profile!r}",
            where=str(path) if file else None,
            fix=f"Use one of {', '.join(sorted(profiles))}",
        )
    return _checked({**profiles[profile], "profile": profile}, path)


def policy_in_force(config: PrivacyConfig) -> PrivacyPolicy:
    """The policy that a run's configuration selects, with the bars it sets itself; those are named in ``profile``.

    Raises:
        ConfigError: as :func:`load_policy`.
    """
    policy = load_policy(config.profile, config.policy_file)
    changes = {
        name: value
        for name, value in config.model_dump(exclude={"profile", "policy_file"}).items()
        if value is not None and value != getattr(policy, name)
    }
    if not changes:
        return policy
    name = f"{policy.profile} (changed by the configuration: {', '.join(sorted(changes))})"
    return policy.model_copy(update={**changes, "profile": name})


def named_policy(name: str) -> PrivacyPolicy:
    """A built-in profile by its name, or ``FILE`` or ``FILE:PROFILE``, as the command line takes it.

    Raises:
        ConfigError: as :func:`load_policy`.
    """
    if name in _built_in():
        return load_policy(name)
    path, _, profile = name.partition(":")
    if not Path(path).exists():
        raise ConfigError(
            f"there is no privacy policy {name!r}",
            fix=f"Use {' or '.join(sorted(_built_in()))}, a policy file, or FILE:PROFILE",
        )
    return load_policy(profile or DEFAULT_PROFILE, Path(path))


def profile_of(digest: str) -> str | None:
    """The built-in profile with this digest; None where it is another policy."""
    return next((name for name in sorted(_built_in()) if load_policy(name).digest == digest), None)


@cache
def _built_in() -> dict[str, dict[str, Any]]:
    return _profiles(BUILT_IN)


def _profiles(path: Path) -> dict[str, dict[str, Any]]:
    try:
        raw = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"cannot read the privacy policy: {error.strerror}", where=str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigError("the privacy policy is not valid YAML", where=str(path)) from None
    found = raw.get("profiles") if isinstance(raw, dict) and set(raw) == {"profiles"} else None
    if not isinstance(found, dict) or not all(isinstance(value, dict) for value in found.values()):
        raise ConfigError(
            "a privacy policy is a mapping 'profiles' of named profiles", where=str(path), fix=f"See {BUILT_IN.name}"
        )
    return {str(name): value for name, value in found.items()}


def _checked(values: dict[str, Any], path: Path) -> PrivacyPolicy:
    try:
        return PrivacyPolicy.model_validate(values)
    except ValidationError as error:
        raise ConfigError(
            f"profile {values['profile']}: {first_problem(error)}", where=str(path), fix="Every bar must be there once"
        ) from None
