"""What we promise, each tested by causing the fault (`promises.md` of the design)."""
