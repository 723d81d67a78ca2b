"""Who the servers run as, and places which that account can reach.

Postgres refuses to run as root, so root hands both servers over to `nobody`. Where `nobody` cannot reach the
programs or the data folder, a copy or another place is used; the mode of a folder that is not ours stays.
"""

from __future__ import annotations

import errno
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from research_api.local.console import say
from research_api.local.data_folder import logs_of, read_kept, write_private
from research_api.local.errors import StartupError

READABLE_PLACE = Path("/var/lib/research-api")
# Linux and macOS images without a password file still mean this number by `nobody`.
NOBODY_ID = 65534
ADVICE = "Set DATA_DIR to a folder that every account may pass through."


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group of the servers; None in both: whoever we are."""

    user_id: int | None = None
    group_id: int | None = None

    @property
    def extra_groups(self) -> list[int] | None:
        """No further groups where we change accounts, ours where we do not."""
        return None if self.user_id is None else []


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the servers of one data folder live.

    home: the data folder itself, or another folder where `account` cannot reach it.
    """

    data_dir: Path
    home: Path
    account: Account

    @property
    def logs(self) -> Path:
        """The folder of all logs."""
        return logs_of(self.data_dir)

    def own_folder(self, name: str) -> Path:
        """A folder in `home` that belongs to the servers' account, mode 700."""
        folder = self.home / name
        folder.mkdir(mode=0o700, exist_ok=True)
        hand_over(folder, self.account)
        return folder

    def remove(self) -> None:
        """Nothing of it is left."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.data_dir, ignore_errors=True)


def find_ground(data_dir: Path, *, readable_place: Path = READABLE_PLACE) -> Ground:
    """The ground of `data_dir`: kept once it was chosen.

    Raises StartupError where data of an earlier run are gone or can no longer be reached.
    """
    note = data_dir / "server-place"
    kept = read_kept(note)
    account = _account_for(Path(kept or data_dir) / "postgres")
    if kept is not None:
        if not Path(kept).is_dir():
            raise StartupError(
                f"The servers' data in {kept} are gone. To start with none, delete {data_dir}."
            )
        return Ground(data_dir, Path(kept), account)
    if can_reach(data_dir, account):
        return Ground(data_dir, data_dir, account)
    if (data_dir / "postgres").exists():
        raise StartupError(
            f"The servers' account can no longer reach the data in {data_dir}: open its parent folders."
        )
    home = _new_home(readable_place, account)
    write_private(note, str(home))
    say(f"The account `nobody` cannot reach {data_dir}: the servers' data are kept in {home}.")
    return Ground(data_dir, home, account)


def hand_over(path: Path, account: Account) -> None:
    """`path` belongs to the servers' account."""
    if account.user_id is not None and account.group_id is not None:
        os.chown(path, account.user_id, account.group_id)


def check_has_name(account: Account) -> None:
    """The account can make a cluster: initdb asks for its name, even though it is told another one to use.

    Raises StartupError where the number has none, as in containers that run as any number.
    """
    number = os.geteuid() if account.user_id is None else account.user_id
    try:
        pwd.getpwuid(number)
    except KeyError as error:
        raise StartupError(
            f"Postgres cannot be set up by user number {number}, which has no name in /etc/passwd. "
            "Run as a user that has one, add a line for it there, or set DATABASE_URL."
        ) from error


def can_reach(folder: Path, account: Account) -> bool:
    """The account can pass through `folder` and all its parents."""
    return account.user_id is None or _runs(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)], account)


def runnable(ground: Ground, site_packages: Path, program: str, parts: tuple[str, ...]) -> Path:
    """`program` where the servers' account can run it: as installed, or a copy of `parts` in `ground.home`.

    program, parts: relative to `site_packages`; `parts` are the folders the program needs.
    """
    installed = site_packages / program
    if ground.account.user_id is None or _runs([str(installed), "--version"], ground.account):
        return installed
    copies = ground.home / "programs"
    copy = copies / program
    if not copy.exists() or int(copy.stat().st_mtime) != int(installed.stat().st_mtime):
        say(f"The account `nobody` cannot run {installed}: a copy is kept in {copies}.")
        _copy_parts(site_packages, copies, parts)
    return copy


def _account_for(existing: Path) -> Account:
    if os.geteuid() != 0:
        return Account()
    owner = existing.stat() if existing.exists() else None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(NOBODY_ID, NOBODY_ID)
    return Account(nobody.pw_uid, nobody.pw_gid)


def _runs(command: list[str], account: Account) -> bool:
    """The account itself tries: modes, mount options and access lists all count."""
    try:
        outcome = subprocess.run(
            command,
            user=account.user_id,
            group=account.group_id,
            extra_groups=account.extra_groups,
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError as error:
        if error.errno != errno.EPERM:
            return False
        raise StartupError(
            "Root may not become `nobody` here. Run as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    return outcome.returncode == 0


def _new_home(readable_place: Path, account: Account) -> Path:
    home = readable_place / secrets.token_hex(8)
    try:
        if not readable_place.exists():
            readable_place.mkdir()
            readable_place.chmod(0o711)
        home.mkdir()
        home.chmod(0o711)
    except OSError as error:
        raise StartupError(f"Cannot make {home}: {error.strerror}. {ADVICE}") from error
    if not can_reach(home, account):
        raise StartupError(f"The account `nobody` cannot reach {home} either. {ADVICE}")
    return home


def _copy_parts(site_packages: Path, copies: Path, parts: tuple[str, ...]) -> None:
    for part in parts:
        shutil.rmtree(copies / part, ignore_errors=True)
        shutil.copytree(site_packages / part, copies / part)
    # The copy belongs to us alone: an installation under umask 077 would be as closed in here as over there.
    for path in (copies, *copies.rglob("*")):
        is_open_to_run = path.is_dir() or os.access(path, os.X_OK)
        path.chmod(0o755 if is_open_to_run else 0o644)
