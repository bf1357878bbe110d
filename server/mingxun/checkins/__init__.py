"""Presence: who came where, when, and how well that is evidenced.

A check-in is the volunteer's own service record. It is never refused for weak evidence: it is graded, odd ones are flagged with
the reason, and a person decides. It may be made without network and delivered hours later; it is recorded exactly once.
Coordinates are judged against the fence of the location and dropped (个人信息保护法 Art. 28).
"""

from mingxun.checkins.facts import CheckedIn, CheckedOut, ScanFlagged, ScannedAgain, StayClosed, Vouched

__all__ = ["CheckedIn", "CheckedOut", "ScanFlagged", "ScannedAgain", "StayClosed", "Vouched"]
