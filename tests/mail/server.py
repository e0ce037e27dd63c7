"""A real SMTP server (aiosmtpd) that can be told to fail in any state of the protocol.

    server.py FOLDER [--tls CERT KEY] [--implicit] [--keep]

It listens on a port of 127.0.0.1 that the system chooses and prints it. Each message that it takes is a line of JSON in
FOLDER/accepted, written before the answer; with --keep its text too, as FOLDER/NUMBER.eml. Each line of
FOLDER/fault, if it is there, says what goes wrong:  STATE FAULT [once]. One that is for once is gone when it has happened.

States: banner ehlo starttls handshake ehlo-tls auth rset mail rcpt data body dot (before the message is kept) stored (after)
Faults: drop stall 4xx 5xx half (an answer that breaks off) garbage closing (421) twice says:CODE-TEXT (_ for a blank)
"""

import argparse
import asyncio
import json
import os
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

BODY_READ = 1000


class Plan:
    """What goes wrong now."""

    def __init__(self, folder):
        self.file, self.draft = folder / "fault", folder / "fault.less"

    def take(self, state):
        try:
            lines = self.file.read_text().splitlines()
        except OSError:
            return None
        for place, line in enumerate(lines):
            words = line.split()
            if words[:1] != [state]:
                continue
            if words[2:] == ["once"]:
                self.draft.write_text("\n".join(lines[:place] + lines[place + 1 :]))
                self.draft.rename(self.file)
            return words[1]
        return None


class Keeper:
    """Keeps what is taken."""

    def __init__(self, folder, keep):
        self.folder, self.keep, self.number = folder, keep, 0
        self.accepted = open(folder / "accepted", "a")

    async def handle_DATA(self, server, session, envelope):
        if server.muted:
            return "250 unheard"  # It has been refused already, half-way.
        fault = server.plan.take("dot")
        if fault is None:
            self.take(envelope)
            fault = server.plan.take("stored")
        server.pending = fault
        return "250 2.0.0 kept"

    def take(self, envelope):
        self.number += 1
        if self.keep:
            (self.folder / f"{self.number}.eml").write_bytes(envelope.original_content)
        header = envelope.original_content.split(b"\r\n\r\n", 1)[0].decode("ascii", "replace")
        ids = [line[11:].strip() for line in header.splitlines() if line.lower().startswith("message-id:")]
        line = {"id": ids[0].strip("<>") if ids else None, "from": envelope.mail_from, "to": envelope.rcpt_tos}
        self.accepted.write(json.dumps(line) + "\n")
        self.accepted.flush()
        os.fsync(self.accepted.fileno())


class Server(SMTP):
    """Goes wrong where an answer is given."""

    def __init__(self, handler, plan, **options):
        super().__init__(handler, **options)
        self.plan, self.state, self.pending, self.muted = plan, "banner", None, False
        for name, method in list(self._smtp_methods.items()):
            self._smtp_methods[name] = self.noted(name.lower(), method)

    def noted(self, name, method):
        async def run(arg):
            self.state, self.muted = name, False
            if name == "ehlo" and self._tls_protocol:
                self.state = "ehlo-tls"
            return await method(arg)

        return run

    async def push(self, status):
        if self.muted:
            return
        fault, self.pending = self.pending, None
        if fault is None:
            fault = self.plan.take(self.state)
        if fault == "twice":
            await super().push(status)
        elif fault is not None:
            return await self.fail(fault)
        await super().push(status)
        if self.state == "starttls" and str(status).startswith("220"):
            await self.fail_handshake()
        if self.state == "data" and str(status).startswith("354"):
            self.state = "end"
            await self.fail_body()

    async def fail(self, fault):
        self.muted = True
        if fault in ("4xx", "5xx"):
            await super().push({"4xx": "451 4.3.0 not now", "5xx": "554 5.3.0 not ever"}[fault])
        elif fault.startswith("says:"):
            await super().push(fault[5:].replace("_", " ").replace("-", " ", 1))
        elif fault == "closing":
            await super().push("421 4.3.2 closing")
            self.transport.close()
        elif fault == "half":
            self._writer.write(b"25")
            await self._writer.drain()
            self.transport.close()
        elif fault == "garbage":
            await super().push("HTTP/1.1 200 OK")
        elif fault == "stall":
            await asyncio.Event().wait()
        elif fault == "drop":
            self.transport.abort()
        else:
            raise ValueError(fault)

    async def fail_handshake(self):
        fault = self.plan.take("handshake")
        if fault == "garbage":
            self._writer.write(b"this is no TLS\r\n")
            await self._writer.drain()
            self.transport.close()
        elif fault is not None:
            await self.fail(fault)

    async def fail_body(self):
        fault = self.plan.take("body")
        if fault is None:
            return
        if fault == "stall":
            self.transport.pause_reading()
        else:
            await self._reader.read(BODY_READ)
        await self.fail(fault)


def login(server, session, envelope, mechanism, data):
    good = (data.login, data.password) == (b"sales", b"correct horse")
    return AuthResult(success=good, handled=False)


async def serve(options):
    folder = pathlib.Path(options.folder)
    plan, keeper = Plan(folder), Keeper(folder, options.keep)
    tls = None
    if options.tls:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(*options.tls)
    starttls = None if options.implicit else tls

    def protocol():
        return Server(
            keeper,
            plan,
            hostname="mail.example.org",
            ident="test",
            tls_context=starttls,
            authenticator=login,
            auth_require_tls=starttls is not None,
            enable_SMTPUTF8=True,
            data_size_limit=64 << 20,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=tls if options.implicit else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--tls", nargs=2)
parser.add_argument("--implicit", action="store_true")
parser.add_argument("--keep", action="store_true")
try:
    asyncio.run(serve(parser.parse_args()))
except KeyboardInterrupt:
    sys.exit(0)
