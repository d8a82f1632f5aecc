"""The workload of every chaos job: executes the steps of its script in the result folder, then records the folder.

CHAOS_SCRIPT is JSON: {"steps": [...], "on_sigterm": "end" | "ignore", "last": [...], "exit": 0}. Names are
percent-encoded bytes. The record is written to CHAOS_TRUTH, a folder of the host, after the last change of the results.
`workload.py --record FOLDER FILE` writes only the record, for a workload that was killed.
"""
import hashlib
import json
import mmap
import os
import random
import shutil
import signal
import stat
import sys
import time
from urllib.parse import quote_from_bytes, unquote_to_bytes

CHUNK = 1 << 20


class Told(Exception):
    """The pod is to end."""


def content(seed, size):
    """The bytes of a seed, chunk by chunk."""
    source = random.Random(seed)
    for start in range(0, size, CHUNK):
        yield source.randbytes(min(CHUNK, size - start))


def path_of(name):
    path = unquote_to_bytes(name)
    if os.path.dirname(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def write(name, size, seed, mode='wb'):
    with open(path_of(name), mode) as file:
        for chunk in content(seed, size):
            file.write(chunk)


def append(name, size, seed):
    write(name, size, seed, 'ab')


def many(folder, count, largest, seed):
    sizes = random.Random(seed)
    for number in range(count):
        write(f'{folder}/{number % 7}/file-{number:04}.bin', sizes.randint(0, largest), f'{seed} {number}')


def remove(name):
    path = path_of(name)
    shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)


def map_file(name, size, seed, pauses):
    """Changes the pages of a mapping in place. Only the first change of a clean page changes the time of the file."""
    write(name, size, seed)
    with open(path_of(name), 'r+b') as file, mmap.mmap(file.fileno(), size) as pages:
        for at in range(0, size, mmap.PAGESIZE):
            pages[at] = 1
        for round_number, pause in enumerate(pauses):
            time.sleep(pause)
            for at in range(0, size, mmap.PAGESIZE):
                pages[at] = (pages[at] + 1 + round_number) % 256


def grow(name, size, seed, pause):
    """Until a signal ends it."""
    part = 0
    while True:
        append(name, size, f'{seed} {part}')
        part += 1
        time.sleep(pause)


def fail_first(code):
    """Ends the first attempt of the job only."""
    try:
        os.mkdir(host_path('tried'))
    except FileExistsError:
        return
    finish(code)


STEPS = {
    'write': write,
    'append': append,
    'many': many,
    'remove': remove,
    'map': map_file,
    'grow': grow,
    'fail first': fail_first,
    'rename': lambda name, to: os.replace(path_of(name), path_of(to)),
    'folder': lambda name: os.makedirs(path_of(name), exist_ok=True),
    'link': lambda name, to: os.symlink(unquote_to_bytes(to), path_of(name)),
    'fifo': lambda name: os.mkfifo(path_of(name)),
    'mode': lambda name, mode: os.chmod(path_of(name), mode),
    'wait': lambda seconds: time.sleep(seconds),
}


def run(steps):
    for step in steps:
        STEPS[step.pop('do')](**step)


def digest(path):
    sha256, size = hashlib.sha256(), 0
    with open(path, 'rb') as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
            size += len(chunk)
    return {'size': size, 'sha256': sha256.hexdigest()}


def entries(root, folder=b''):
    """All that is not a folder, with the content that a result of that name has to have."""
    inside = os.path.realpath(root) + b'/'
    for entry in os.scandir(os.path.join(root, folder)):
        name = os.path.join(folder, entry.name)
        path = os.path.join(root, name)
        if entry.is_dir(follow_symlinks=False):
            yield from entries(root, name)
            continue
        told = {'name': quote_from_bytes(name, safe='/')}
        if entry.is_symlink() and not os.path.realpath(path).startswith(inside):
            yield {**told, 'is': 'link to outside'}
        elif not os.path.exists(path) or not stat.S_ISREG(os.stat(path).st_mode):
            yield {**told, 'is': 'no file'}
        elif not os.access(path, os.R_OK):
            yield {**told, 'is': 'unreadable'}
        else:
            yield {**told, 'is': 'file', **digest(path)}


def record(root, file, **more):
    truth = {'entries': list(entries(os.fsencode(root))), **more}
    with open(f'{file}.part', 'w') as part:
        json.dump(truth, part)
    os.rename(f'{file}.part', file)


def host_path(kind):
    return os.path.join(os.environ['CHAOS_TRUTH'], f"{os.environ['CHAOS_JOB']}.{kind}")


def finish(code):
    record('.', host_path(f'{pod}.truth'), at=time.time() * 1000)
    # Not sys.exit: whatever else Python does at its end takes time, and the record says that this is the end.
    os._exit(code)


def on_sigterm(*_):
    raise Told


if sys.argv[1:2] == ['--record']:
    record(*sys.argv[2:4])
    sys.exit()

root = os.environ['RESULTS']
# The local host has the volume at …/pods/<uid>/volumes/results.
pod = root.rstrip('/').split('/')[-3]
os.chdir(root)
script = json.loads(os.environ['CHAOS_SCRIPT'])
signal.signal(signal.SIGTERM, signal.SIG_IGN if script['on_sigterm'] == 'ignore' else on_sigterm)
with open(host_path(f'{pod}.part'), 'w') as started:
    json.dump({'pid': os.getpid()}, started)
os.rename(host_path(f'{pod}.part'), host_path(f'{pod}.started'))
print(f"{os.environ['CHAOS_JOB']}: started", flush=True)
try:
    run(script['steps'])
    code = script['exit']
except Told:
    code = 0
signal.signal(signal.SIGTERM, signal.SIG_IGN)
run(script['last'])
print('done', flush=True)
finish(code)
