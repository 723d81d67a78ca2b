"""Whatever is sent has a worker that takes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from celery import Celery

from research_api import enqueue
from research_api.enqueue import make_celery
from research_api.local.processes import read_procfile
from tests.architecture.source import ROOT, functions_in, python_files, tree_of


def app() -> Celery:
    """As workers, beat and Flower make it; nothing connects."""
    return make_celery("redis://127.0.0.1:1/0")


def queues_of_workers() -> dict[str, list[str]]:
    """The queues that each worker of the Procfile takes, by the name of its process."""
    workers = {
        name: command
        for name, command in read_procfile(ROOT / "Procfile").items()
        if re.search(r"\bcelery\b.*\bworker\b", command)
    }
    return {
        name: re.search(r" -Q (\S+)", command)[1].split(",")  # type: ignore[index] # a Procfile line without it fails here
        for name, command in workers.items()
    }


def task_names() -> Iterator[str]:
    """Names of the tasks in tasks/, as written in their decorators."""
    for path in python_files("tasks"):
        for function in functions_in(tree_of(path)):
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "app.task":
                    [name] = [one.value for one in decorator.keywords if one.arg == "name"]
                    assert isinstance(name, ast.Name), f"name it in enqueue: {ast.unparse(name)}"
                    yield getattr(enqueue, name.id)


def test_every_queue_has_a_worker_and_every_worker_a_known_queue() -> None:
    taken = [queue for queues in queues_of_workers().values() for queue in queues]

    assert sorted(taken) == sorted(enqueue.QUEUES)


def test_celery_declares_the_known_queues_and_no_other() -> None:
    """A queue for broadcasts has a random name for each worker; what is sent to it names the alias."""
    declared = [getattr(queue, "alias", None) or queue.name for queue in app().conf.task_queues]

    assert sorted(declared) == sorted(enqueue.QUEUES)
    assert app().conf.task_default_queue in enqueue.QUEUES
    assert app().conf.task_create_missing_queues is False


def test_every_task_is_routed_to_a_known_queue() -> None:
    """An unrouted one would land in the default queue, whatever it is about."""
    routes = {name: route["queue"] for name, route in app().conf.task_routes.items()}
    names = list(task_names())

    assert len(names) == len(set(names)) >= 2
    assert set(names) == set(routes)
    assert set(routes.values()) <= set(enqueue.QUEUES)


def test_beat_sends_tasks_that_exist() -> None:
    scheduled = {entry["task"] for entry in app().conf.beat_schedule.values()}

    assert scheduled
    assert scheduled <= set(task_names())


def test_workers_load_every_module_with_tasks() -> None:
    with_tasks = {
        f"tasks.{path.stem}"
        for path in python_files("tasks")
        if "@app.task" in path.read_text(encoding="utf-8")
    }

    assert with_tasks == set(app().conf.imports)
