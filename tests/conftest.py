"""Hypothesis profiles: CI runs more examples and always the same ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

from cptrules import checking

# What is kept between runs stays in the checkout: each test's policies lie in a folder of their own, and would fill the user's cache.
os.environ.setdefault("CPTRULES_CACHE", str(Path(__file__).parent.parent / ".pytest_cache"))
sys.path.insert(0, str(Path(__file__).parent))

# Policies are compiled at their first check, so that every test of `Policies.check` is one of the compiled code too.
checking.FEW = 0
collect_ignore = ["language"]  # policy files with mistakes, read by tests/test_language.py

settings.register_profile("quick", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nightly", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
