"""How fast Mingxun is, as ratios to a ceiling taken in the same run.

The ceiling of a request is a Litestar handler on the same server and database that runs, with raw asyncpg, the very statements that
the product runs for it (they are recorded from the product, so they can't drift), and nothing else.
"""
