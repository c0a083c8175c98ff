"""Property-based tests for anyone's policies (extra `[test]`): random policies, cases aimed at a policy's own boundaries, and laws.

    from cptrules.testing import assert_laws
    def test_laws():
        assert_laws(cptrules.load("acme.policy"))
"""

from __future__ import annotations

try:
    import hypothesis as _hypothesis
except ImportError:  # told in a sentence: the library itself works without it
    raise ImportError("cptrules.testing needs hypothesis: pip install 'cptrules[test]'") from None

from .cases import Case, as_test, cases, claims, histories, sessions
from .laws import (
    LAWS,
    SESSION_LAWS,
    a_bill_keeps_the_timing_rules,
    a_higher_limit_denies_no_more,
    a_limit_is_over_only_past_it,
    a_minute_more_never_loses_a_unit,
    a_session_round_trips,
    adding_history_never_lowers_a_count,
    assert_laws,
    completing_facts_stays_within,
    denied_services_never_count,
    evaluators_agree,
    every_rule_is_accounted_for,
    its_own_claim_never_counts,
    json_round_trips,
    nothing_is_asked_in_vain,
    order_never_matters,
    outcomes_are_the_worst,
    outside_its_dates_a_rule_is_silent,
    repairs_clear_findings,
    rules_are_independent,
    units_follow_the_minutes,
    what_is_broken_is_found,
)
from .lessened import knowing_less_settles_nothing_else, later_services_never_count, what_may_count_settles_nothing_else
from .options import option_policies
from .plain.law import a_plain_reading_agrees
from .plain.sharing import a_bill_shares_out_the_units
from .policies import policies

__all__ = [
    "LAWS",
    "SESSION_LAWS",
    "Case",
    "a_bill_keeps_the_timing_rules",
    "a_bill_shares_out_the_units",
    "a_higher_limit_denies_no_more",
    "a_limit_is_over_only_past_it",
    "a_minute_more_never_loses_a_unit",
    "a_plain_reading_agrees",
    "a_session_round_trips",
    "adding_history_never_lowers_a_count",
    "as_test",
    "assert_laws",
    "cases",
    "claims",
    "completing_facts_stays_within",
    "denied_services_never_count",
    "evaluators_agree",
    "every_rule_is_accounted_for",
    "histories",
    "its_own_claim_never_counts",
    "json_round_trips",
    "knowing_less_settles_nothing_else",
    "later_services_never_count",
    "nothing_is_asked_in_vain",
    "option_policies",
    "order_never_matters",
    "outcomes_are_the_worst",
    "outside_its_dates_a_rule_is_silent",
    "policies",
    "repairs_clear_findings",
    "rules_are_independent",
    "sessions",
    "units_follow_the_minutes",
    "what_is_broken_is_found",
    "what_may_count_settles_nothing_else",
]

del _hypothesis
