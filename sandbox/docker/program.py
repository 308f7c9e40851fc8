"""The program ``docker`` of the sandbox: a file to have on the PATH, which hands each call to the sandbox."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = "bin"
_TEXT = '''\
#!{python} -SEI
"""docker, as the sandbox plays it. Made by the sandbox; see docs/sandbox.md."""
import base64, http.client, json, os, sys
from urllib.parse import urlsplit

argv = sys.argv[1:]
place = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sandbox.json")
given = b""
if argv[:1] == ["exec"] and {{"-i", "--interactive"}} & set(argv):
    given = sys.stdin.buffer.read()
try:
    with open(place) as file:
        control = urlsplit(json.load(file)["control"])
    line = http.client.HTTPConnection(control.hostname, control.port)
    body = json.dumps({{"argv": argv, "stdin": base64.b64encode(given).decode()}})
    line.request("POST", control.path + "/docker", body)
    told = json.loads(line.getresponse().read())
except (OSError, http.client.HTTPException):
    sys.exit("Cannot connect to the Docker daemon at the sandbox. Is the docker daemon running?")
sys.stdout.write(told["out"])
sys.stdout.flush()
sys.stderr.write(told["err"])
sys.exit(told["status"])
'''


def write_program(state_folder: Path) -> Path:
    """Put the program into the sandbox's folder of state; the folder that is to be on the PATH."""
    folder = state_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    program, fresh = folder / "docker", folder / "docker.new"
    fresh.write_text(_TEXT.format(python=sys.executable))
    fresh.chmod(0o755)
    fresh.replace(program)
    return folder
