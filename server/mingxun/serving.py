"""The web server's own processes: Granian, told how to stop at once although phones hold streams of live updates open."""

import contextlib
import multiprocessing
import os

from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import MPServer

from mingxun.kit.children import STOPPING
from mingxun.kit.settings import Settings


class _Server(MPServer):
    def signal_handler_interrupt(self, *args: object, **kwargs: object) -> None:
        for child in multiprocessing.active_children():
            if child.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, STOPPING)
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then let open requests end (10 seconds at most). The processes read their settings from the environment."""
    _Server(
        "mingxun.app:create_app",
        factory=True,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        address=settings.host,
        port=settings.port,
        workers=settings.processes,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=10,
    ).serve()
