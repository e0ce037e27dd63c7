"""What schemathesis does not know: ids that exist, and names that whoever asks must never read."""

import json
import os
import zlib

import schemathesis

# Ids by the first segment of a path, some within the reach of whoever asks, some beyond.
IDS = json.loads(os.environ["RELANCE_IDS"])
# Parts of names that are beyond it.
SECRETS = json.loads(os.environ["RELANCE_SECRETS"])
# A sandbox's clock that stands at the end of time leaves nothing to test behind it.
DAYS_MAX = 30


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts ids that exist into three paths of four, in which generated ones would never meet anything."""
    kind = case.operation.path.removeprefix("/api/v1/").split("/")[0]
    for name, value in (case.path_parameters or {}).items():
        pool = IDS.get({"user": "users"}.get(name, kind), [])
        draw = zlib.crc32(repr(value).encode())
        if name in ("id", "user") and pool and draw % 4:
            case.path_parameters[name] = pool[draw // 4 % len(pool)]
    if case.operation.path.endswith("/test-clock/advance") and isinstance(case.body, dict):
        span = case.body.get("by")
        far = case.body.get("to") or any(abs(n) > DAYS_MAX for n in (span or {}).values() if isinstance(n, int)) if isinstance(span, dict) else True
        if far:
            case.body["by"] = {"minutes": 1}
            case.body.pop("to", None)


@schemathesis.check
def names_nothing_beyond_reach(context, response, case):
    """No answer holds what its reader may not know of."""
    text = response.content.decode("utf-8", "replace")
    for secret in SECRETS:
        assert secret not in text, f"the answer tells {secret}"
