"""What probes call."""

from typing import Final

from api.health.models import Alive, Readiness
from api.openapi.operation import Answer, Auth, Operation, Parameter, Tag

_TAG: Final = Tag(name="Health", description="For probes, load balancers and alerts; keep it inside your network.")
_EXCLUDE: Final = Parameter(
    name="exclude",
    where="query",
    description="Checks to leave out, any number of times: `postgres`, `broker`, `consumption`, `oldest_queued`.",
    type=list[str],
)

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/healthz",
        name="is_alive",
        summary="Is the process alive",
        description="Answers when an api process is alive.",
        tag=_TAG,
        auth=Auth.NONE,
        answers={200: Answer(description="It is.", type=Alive)},
    ),
    Operation(
        method="GET",
        path="/readyz",
        name="is_ready",
        summary="Can the work be done",
        description="Says for each check what it found, within three seconds whatever hangs.",
        tag=_TAG,
        auth=Auth.NONE,
        parameters=(_EXCLUDE,),
        answers={
            200: Answer(description="All checks are ok.", type=Readiness),
            503: Answer(description="A check fails; its `problem` says what is wrong.", type=Readiness),
        },
    ),
)
