"""The tables of the job queue, as PgQueuer itself declares them: kit's migration runs `INSTALL_SQL`."""

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability

SETTINGS = DBSettings(durability=Durability.durable)
"""Every table survives a crash: a lost job would be a message that never comes."""

INSTALL_SQL: str = QueryBuilderEnvironment(settings=SETTINGS).build_install_query()
"""Creates type, tables, indexes and the trigger that wakes the workers; several statements, without parameters."""
