"""Random cases by the hundred thousand: what `tests/campaign.py` runs, kind by kind."""
