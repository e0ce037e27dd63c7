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
# Bodies that do something: what is generated seldom means anything, and a refusal has little to tell.
BODIES = {
    "POST /records": {"type": "lead", "name": "New", "email": "new@example.org"},
    "POST /records/batch": {"records": [{"type": "lead", "name": "New"}, {"type": "boat"}]},
    "PUT /records/external/{type}/{external_id}": {"name": "New"},
    "PATCH /records/{id}": {"fields": {"city": "Vigo"}},
    "POST /records/{id}/close": {"outcome": "failure"},
    "POST /sequences": {"name": "New", "template": "T1"},
    "PATCH /sequences/{id}": {"description": "Otherwise"},
    "PUT /sequences/{id}/graph": {"start": "a", "nodes": [{"id": "a", "type": "task", "name": "A", "next": None}]},
    "PUT /sequences/{id}/tests": {"tests": [{"name": "Begins", "expect": [{"at": {}, "node": "a"}]}]},
    "POST /sequences/{id}/tests/run": {"tests": [{"name": "Begins", "expect": [{"at": {}, "node": "a"}]}]},
    "POST /sequences/{id}/enrolments": {"records": IDS["records"]},
    "POST /sequences/{id}/activate": {},
    "POST /steps/{id}/complete": {"note": "Done"},
    "POST /steps/{id}/snooze": {"until": "2026-03-05T09:00:00Z"},
    "POST /steps/{id}/note": {"text": "Noted"},
    "POST /events": {"id": "e", "type": "email.opened", "at": "2026-03-02T09:00:00Z", "step": IDS["steps"][0]},
    "POST /users": {"name": "New", "email": "new@example.org", "roles": ["seller"]},
    "POST /teams": {"name": "New", "kind": "owner", "members": IDS["users"]},
    "POST /tokens": {"name": "New", "scopes": ["read"]},
    "POST /filters": {"record_type": "lead", "conditions": [{"field": "city", "op": "eq", "value": "Vigo"}]},
    "POST /sorts": {"record_type": "lead", "field": "estimated_value"},
    "PUT /sorts/default": {"id": "due_date"},
}


def draw(value):
    """The same number for the same thing, so that a run can be repeated."""
    return zlib.crc32(repr(value).encode())


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts ids that exist into three paths of four, in which generated ones would never meet anything, and a body that
    means something into one request of three."""
    route = f"{case.method} {case.operation.path.removeprefix('/api/v1')}"
    if route in BODIES and draw((case.body, case.path_parameters)) % 3 == 0:
        case.body, case.media_type = json.loads(json.dumps(BODIES[route])), "application/json"
    if route == "POST /imports" and draw(case.body) % 3 == 0:
        case.body, case.media_type, case.query = "name\nNew\n", "text/csv", {"type": "lead"}
    kind = case.operation.path.removeprefix("/api/v1/").split("/")[0]
    for name, value in (case.path_parameters or {}).items():
        pool = IDS.get({"user": "users"}.get(name, kind), [])
        if name in ("id", "user") and pool and draw(value) % 4:
            case.path_parameters[name] = pool[draw(value) // 4 % len(pool)]
    if route == "POST /test-clock/advance" and isinstance(case.body, dict) and goes_far(case.body):
        case.body = {"by": {"minutes": 1}}


def goes_far(body):
    span = body.get("by")
    return "to" in body or not isinstance(span, dict) or any(
        isinstance(count, int) and count > DAYS_MAX for count in span.values()
    )


@schemathesis.check
def names_nothing_beyond_reach(context, response, case):
    """No answer holds what its reader may not know of."""
    text = response.content.decode("utf-8", "replace")
    for secret in SECRETS:
        assert secret not in text, f"the answer tells {secret}"
