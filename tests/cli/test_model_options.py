"""--model and --enrich: what they set, and what they refuse."""

from __future__ import annotations

import pytest

from ghostchart.cli.options import configuration
from ghostchart.schemas.errors import ConfigError, UsageError


def test_flags_reach_the_configuration() -> None:
    settings = configuration(model="tvae", enrich=["advanced_illness=0.15", "frailty=0.2"])
    assert settings.ehr_model.kind == "tvae"
    assert settings.ehr_model.enrich == {"advanced_illness": 0.15, "frailty": 0.2}
    assert configuration().ehr_model.kind == "gaussian-copula"
    assert configuration().ehr_model.enrich == {}


@pytest.mark.parametrize("given", [["frailty"], ["frailty=0.1", "frailty=0.2"]])
def test_a_share_without_a_stratum_is_usage(given: list[str]) -> None:
    with pytest.raises(UsageError, match="is not one share of one stratum"):
        configuration(enrich=given)


@pytest.mark.parametrize("given", ["frailty=1.5", "frailty=0", "frailty=much", "obesity=0.2"])
def test_wrong_strata_and_shares_are_named(given: str) -> None:
    with pytest.raises(ConfigError, match=r"ehr_model\.enrich"):
        configuration(enrich=[given])


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ConfigError, match=r"ehr_model\.kind"):
        configuration(model="gan")
