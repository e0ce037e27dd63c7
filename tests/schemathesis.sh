#!/usr/bin/env bash
# Asks everything that the OpenAPI document describes, generated from it, as each role: no answer is a defect's, none is
# otherwise than the document says, and none tells what its reader may not know of. Installs schemathesis where it is
# missing, into the target directory. The program is $RELANCE_BINARY, or the debug build.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
installed=$target/schemathesis
wanted=tests/schemathesis/requirements.txt

if ! cmp -s "$wanted" "$installed/requirements.txt"; then
    if ! python3 -c 'import venv, ensurepip' >/dev/null 2>&1; then
        if ! command -v apt-get >/dev/null 2>&1; then
            echo "tests/schemathesis.sh: Python 3.10 or later with venv is needed; install it and run this again" >&2
            exit 1
        fi
        sudo=$([ "$(id -u)" -eq 0 ] || echo sudo)
        { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends python3-venv; } >/dev/null
    fi
    rm -rf "$installed"
    python3 -m venv "$installed"
    "$installed/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    cp "$wanted" "$installed/requirements.txt"
fi

binary=${RELANCE_BINARY:-}
if [ -z "$binary" ]; then
    cargo build --locked --quiet
    binary=$target/debug/relance
fi
PYTHONDONTWRITEBYTECODE=1 "$installed/bin/python" tests/schemathesis/drive.py "$binary" "$installed/bin/schemathesis"
