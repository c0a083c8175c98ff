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

from .cases import Case, as_test, cases, claims, histories
from .laws import (
    LAWS,
    adding_history_never_lowers_a_count,
    assert_laws,
    completing_facts_stays_within,
    every_rule_is_accounted_for,
    json_round_trips,
    order_never_matters,
    repairs_clear_findings,
)
from .policies import policies

__all__ = [
    "LAWS",
    "Case",
    "adding_history_never_lowers_a_count",
    "as_test",
    "assert_laws",
    "cases",
    "claims",
    "completing_facts_stays_within",
    "every_rule_is_accounted_for",
    "histories",
    "json_round_trips",
    "order_never_matters",
    "policies",
    "repairs_clear_findings",
]

del _hypothesis
