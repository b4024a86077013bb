"""A class that works through the book on one machine, for JupyterHub 5.3 or newer.

    CLASS_PASSWORD=... TEACHER_PASSWORD=... jupyterhub --config jupyterhub_config.py

Students log in with a name of students.txt and the password of the class. Each gets a server in a
container of its own, made from the Dockerfile beside this file, with copies of the notebooks that
stay. The limits below were measured; book/teaching says how. HUB_SPAWNER=local starts the
servers as plain processes, which is for trying it out and for tests: it has no limits and no walls.
"""

import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
BOOK = HERE.parents[1]
SPAWNER = os.environ.get("HUB_SPAWNER", "docker")
PAGES = os.environ.get("HUB_NOTEBOOKS", str(BOOK / "notebooks"))
GIB = 2**30

# What a student's server may use. tests/deploy holds them to attention_book/studies/results.
MEMORY_GIB = 2
CORES = 1
IDLE_KERNEL = 20 * 60  # seconds; a kernel of a page that nobody looks at any more
IDLE_SERVER = 60 * 60  # seconds; a student who went home


def password(name, shortest):
    """A password of the environment; the hub does not start with one that is easy to guess."""
    given = os.environ.get(name, "")
    if len(given) < shortest:
        raise SystemExit(f"{name}: expected at least {shortest} characters, got {len(given)}")
    return given


def students(path):
    """The names in a file, one a line; an empty line and what follows a # do not count."""
    if not path.is_file():
        raise SystemExit(f"{path}: not found; write one name a line into it, the teacher's first")
    lines = [line.partition("#")[0].strip() for line in path.read_text("utf8").splitlines()]
    names = [line for line in lines if line]
    odd = [name for name in names if not re.fullmatch(r"[a-z][a-z0-9._-]{0,31}", name)]
    if odd or not names:
        raise SystemExit(f"{path}: expected names of small letters and digits, got {odd or 'none'}")
    return names


names = students(Path(os.environ.get("HUB_STUDENTS", HERE / "students.txt")))
c = get_config()  # noqa: F821 - JupyterHub provides it

# Whoever knows the password of the class can log in under any student's name. Where marks hang on
# it, use the login of your school instead, for example the package oauthenticator.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = password("CLASS_PASSWORD", 8)
c.SharedPasswordAuthenticator.admin_password = password("TEACHER_PASSWORD", 32)
c.Authenticator.allowed_users = set(names)
c.Authenticator.admin_users = {names[0]}
c.JupyterHub.active_server_limit = int(os.environ.get("HUB_SERVERS", len(names)))
c.JupyterHub.concurrent_spawn_limit = 10  # a class comes in at one moment

c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.Spawner.mem_limit = MEMORY_GIB * GIB
c.Spawner.cpu_limit = CORES
c.Spawner.environment = {
    "OMP_NUM_THREADS": str(CORES),
    "PYTHONHASHSEED": "0",
    "HUB_NOTEBOOKS": PAGES,
}
c.Spawner.args = [
    f"--MappingKernelManager.cull_idle_timeout={IDLE_KERNEL}",
    f"--ServerApp.shutdown_no_activity_timeout={IDLE_SERVER}",
]

if SPAWNER == "docker":
    c.Spawner.environment["HUB_NOTEBOOKS"] = "notebooks"  # in the folder that the image begins in
    c.JupyterHub.spawner_class = "docker"
    c.DockerSpawner.image = os.environ.get("HUB_IMAGE", "attention-book-hub")
    c.DockerSpawner.cmd = ["deploy/jupyterhub/start_student.sh"]
    c.DockerSpawner.volumes = {"attention-{username}": "/student"}
    c.DockerSpawner.remove = True
    # The hub runs on the machine itself; containers reach it by this name.
    c.DockerSpawner.extra_host_config = {"extra_hosts": {"host.docker.internal": "host-gateway"}}
    c.JupyterHub.hub_connect_ip = "host.docker.internal"
    c.JupyterHub.hub_ip = "0.0.0.0"
elif SPAWNER == "local":
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = os.environ["HUB_HOMES"] + "/{username}"
    c.Spawner.cmd = [str(HERE / "start_student.sh")]
    kept = filter(None, [str(BOOK), os.environ.get("PYTHONPATH")])
    c.Spawner.environment["PYTHONPATH"] = os.pathsep.join(kept)
    c.Spawner.args += ["--allow-root"] if os.getuid() == 0 else []
    c.JupyterHub.bind_url = os.environ.get("HUB_URL", "http://127.0.0.1:8000")
else:
    raise SystemExit(f"HUB_SPAWNER: expected docker or local, got {SPAWNER!r}")
