#!/bin/sh
# Name every missing tool at once, before anything is installed.
missing=""
add() { missing="$missing
  - $1"; }
command -v git >/dev/null 2>&1 || add "git (Debian: apt-get install git)"
command -v g++ >/dev/null 2>&1 || add "g++, DeepSpeed compiles one small operation (Debian: apt-get install g++)"
if [ -z "$PYTHON" ] || ! command -v "$PYTHON" >/dev/null 2>&1; then
    add "Python 3.11 (Debian: apt-get install python3 python3-venv python3-dev)"
else
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
        || add "Python 3.11, found $("$PYTHON" --version 2>&1); name another with make PYTHON=..."
    "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || add "Python's venv (Debian: apt-get install python3-venv)"
    "$PYTHON" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' \
        2>/dev/null || add "Python's headers (Debian: apt-get install python3-dev)"
fi
if [ -n "$missing" ]; then
    echo "ghostchart cannot be set up; missing:$missing" >&2
    exit 2
fi
