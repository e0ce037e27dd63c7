"""Starts a sandbox, plants people, records and sequences beyond each other's reach, and lets schemathesis ask everything
that the OpenAPI document describes, as each role."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request

BINARY, SCHEMATHESIS = sys.argv[1:3]
EXAMPLES = os.environ.get("RELANCE_SCHEMATHESIS_EXAMPLES", "20")
SEED = "4"
OPERATOR = "the-administrator-of-this-test"
ROLES = ["seller", "sales_manager", "sequence_manager", "system_administrator"]
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
HERE = os.path.dirname(os.path.abspath(__file__))
UNBOUNDED = ["ANONYMOUS_PER_SECOND", "SIGN_IN_PER_MINUTE", "ACCOUNT_PER_MINUTE", "BAD_CREDENTIAL_PER_MINUTE"]


class Planter:
    """Sends what is needed before the questions begin."""

    def __init__(self, url):
        self.url = url

    def send(self, method, path, body, token=OPERATOR):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        if isinstance(body, str):
            headers["Content-Type"] = "text/csv"
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def person(self, name, role, unit):
        body = {"name": name, "email": f"{name}-{role}@example.org".lower(), "roles": [role], "business_unit": unit}
        user = self.send("POST", "/users", body)["id"]
        scopes = ["read", "write", "events", "admin"]
        made = self.send("POST", "/tokens", {"name": name, "user": user, "scopes": scopes})
        return user, made["id"], made["token"]

    def things(self, name, user, token):
        """Ids of a record in the middle of a sequence, and of everything around it."""
        mail = {"id": "mail", "type": "email", "name": name, "next": "call"}
        call = {"id": "call", "type": "phone_call", "name": name, "next": None}
        graph = {"start": "mail", "nodes": [mail, call]}
        sequence = self.send("POST", "/sequences", {"name": name, "description": name, "graph": graph}, token)["id"]
        self.send("POST", f"/sequences/{sequence}/activate", {}, token)
        private = f"{name}-record"
        lead = {"type": "lead", "name": private, "email": f"{name}@example.org".lower(), "fields": {"notes": private}}
        record = self.send("POST", "/records", lead, token)["id"]
        connected = self.send("POST", f"/sequences/{sequence}/enrolments", {"records": [record], "source": private}, token)
        enrolment = connected["results"][0]["enrolment"]
        self.send("POST", f"/steps/{enrolment['current_step']}/note", {"text": private}, token)
        team = self.send("POST", "/teams", {"name": name, "kind": "access", "members": [user]})["id"]
        rows = self.send("POST", "/imports?type=lead", f"name,email\n{private},nowhere\n", token)["id"]
        return {
            "records": [record], "sequences": [sequence], "enrolments": [enrolment["id"]], "teams": [team],
            "steps": [enrolment["current_step"]], "imports": [rows], "users": [user], "templates": ["T1", "T9"],
        }


def ask(url, role, token, ids, secrets):
    told = dict(os.environ, RELANCE_IDS=json.dumps(ids), RELANCE_SECRETS=json.dumps(secrets),
                SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=HERE, PYTHONDONTWRITEBYTECODE="1")
    command = [
        SCHEMATHESIS, "run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {token}",
        "--checks", f"{CHECKS},names_nothing_beyond_reach", "--phases", "examples,coverage,fuzzing",
        "--max-examples", EXAMPLES, "--seed", SEED, "--generation-database", "none",
        "--continue-on-failure", "--no-color", "--request-timeout", "20",
        # It goes on for as long as somebody listens.
        "--exclude-path", "/api/v1/stream",
    ]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, env=told, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(f"schemathesis as {role}:\n{done.stdout}", file=sys.stderr)
    else:
        counted = re.search(r"(\d+) generated", done.stdout)
        print(f"schemathesis as {role}: {counted[1] if counted else 'some'} requests, no finding", flush=True)
    return done.returncode == 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        settings = {f"RELANCE__RATES__{name}": "0" for name in UNBOUNDED}
        with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
            server = subprocess.Popen(
                [BINARY, "serve", "--sandbox", "--now", "2026-03-02T09:00:00Z", "--listen", "127.0.0.1:0", "--data", os.path.join(folder, "data")],
                env=dict(os.environ, RELANCE_ADMIN_TOKEN=OPERATOR, **settings), cwd=folder,
                stdout=subprocess.PIPE, stderr=log, text=True,
            )
        try:
            url = server.stdout.readline().split()[3].rstrip(",")
            return run(Planter(url), url)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(60)


def run(planter, url):
    hidden = {}
    for name, unit in (("Kanarienvogel", "south"), ("Zaunkoenig", "north")):
        user, _, token = planter.person(name, "seller", unit)
        hidden[name] = planter.things(name, user, token)
    is_sound = True
    for role in ROLES:
        user, key, token = planter.person("own", role, "north")
        # Several, because what is asked also erases and deactivates.
        several = [planter.things(f"own-of-{role}-{number}", user, token) for number in range(4)]
        own = {kind: sum((things[kind] for things in several), []) for kind in several[0]}
        # Nobody disables themselves: that would answer all the rest.
        own["users"] = []
        ids = {kind: sum((things[kind] for things in hidden.values()), own[kind]) for kind in own}
        # Sellers see a colleague's sequences, managers of sales a unit, those of sequences every sequence.
        secrets = {"seller": ["Kanarienvogel", "Zaunkoenig-record"], "sales_manager": ["Kanarienvogel"],
                   "sequence_manager": ["Kanarienvogel-record"], "system_administrator": []}
        is_sound &= ask(url, role, token, ids, secrets[role])
    return 0 if is_sound else 1


sys.exit(main())
