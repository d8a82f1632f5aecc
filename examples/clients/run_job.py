"""Runs a job and brings its files, with nothing but Python 3.10 or newer: python3 run_job.py drive DURATION=60

GX4KI_URL names the API, GX4KI_TOKEN has an API key or an OIDC token, if the installation requires one. A download that
is cut ends the program; gx4ki continues downloads.
"""
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

API = os.environ.get("GX4KI_URL", "http://127.0.0.1:8080").rstrip("/")
TOKEN = os.environ.get("GX4KI_TOKEN")


def ask(path, body=None, **headers):
    """Sends a request, again for five minutes while the server or the network fails. Returns the answer."""
    if TOKEN:
        headers["Authorization"] = f"Bearer {TOKEN}"
    if body is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(API + path, body and json.dumps(body).encode(), headers)
    end = time.monotonic() + 300
    while True:
        try:
            return urllib.request.urlopen(request, timeout=90)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or time.monotonic() > end:
                problem = json.load(error)
                sys.exit(f"{problem['type']}: {problem['detail']}")
            time.sleep(float(error.headers.get("Retry-After", 5)))
        except OSError as error:
            if time.monotonic() > end:
                sys.exit(f"{API} does not answer: {error}")
            time.sleep(5)


def files_of(job):
    """All result files: the list comes in pages."""
    cursor = ""
    while cursor is not None:
        query = f"?cursor={urllib.parse.quote(cursor, safe='')}" if cursor else ""
        page = json.load(ask(f"/job/{job}/result/list{query}"))
        yield from page["files"]
        cursor = page["next_cursor"]


def download(job, file, folder):
    """Writes one file. It gets its name when its bytes are those that the job wrote."""
    path = os.path.join(folder, *file["name"].split("/"))
    if os.path.commonpath([os.path.abspath(path), os.path.abspath(folder)]) != os.path.abspath(folder):
        sys.exit(f"{file['name']} leads out of {folder}")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    digest = hashlib.sha256()
    with ask(f"/job/{job}/result?file={urllib.parse.quote(file['name'], safe='')}") as answer:
        with open(f"{path}.part", "wb") as copy:
            while block := answer.read(1 << 20):
                digest.update(block)
                copy.write(block)
    if digest.hexdigest() != file["sha256"]:
        sys.exit(f"{file['name']} is not as the job wrote it: start again")
    os.replace(f"{path}.part", path)


template, *values = sys.argv[1:] or ["drive"]
# With the same key, a request that is sent again gives the same job.
accepted = json.load(ask(
    "/job/deploy",
    {"template": template, "env": dict(value.split("=", 1) for value in values)},
    **{"Idempotency-Key": str(uuid.uuid4())},
))
job = accepted["job_uuid"]
print(job, flush=True)
while (now := json.load(ask(f"/job/{job}", Prefer="wait=50")))["finished_at"] is None:
    print(f"{now['state']} {now['reason'] or ''}", file=sys.stderr)
for file in files_of(job):
    download(job, file, job)
    print(f"{file['name']}: {file['size']} bytes", file=sys.stderr)
if now["state"] != "succeeded":
    sys.exit(f"{now['state']}: {now['message']}")
