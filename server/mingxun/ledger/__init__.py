"""Append-only facts: who did what, when and where. The audit trail, the 台账, and what notifications are made from.

A feature records a fact in the transaction that makes it true. The job `announce` is enqueued with it, so nothing is announced that
did not happen, and nothing that happened goes unannounced.
"""

from mingxun.ledger.facts import Fact, FactId, RecordedFact, fact_kinds
from mingxun.ledger.service import fact_ids_about, hint, load_fact, record

__all__ = ["Fact", "FactId", "RecordedFact", "fact_ids_about", "fact_kinds", "hint", "load_fact", "record"]
