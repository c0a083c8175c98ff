"""Parts judged by several processes at once: each is given a part, says when it is done, and is given the next.

Not a pool of concurrent.futures: there a process that dies while another is being started, or before it has taken what it was sent, leaves
the whole waiting for ever. Here each process has a pipe of its own, whose end tells that it is gone.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterable, Iterator
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from .store import whole


class Job(Protocol):
    """What can judge a part by its number."""

    def part(self, number: int) -> int:
        """Judge a part; give its number."""


class ProcessDied(Exception):
    """A process was ended from outside."""


def in_processes(job: Job, path: Path, many: int, numbers: Iterable[int]) -> Iterator[int]:
    """Judge parts in so many processes and give the number of each that is done; what a process raises is raised here.

    The job is left at `path`, for what a process is sent when it starts must fit in a pipe. Raises ProcessDied where one is gone.
    """
    data = pickle.dumps(job, protocol=5)
    with whole(path) as file:
        file.write(data)
    left, context = iter(numbers), get_context("spawn")
    pipes, processes = [], []
    try:
        for _ in range(many):
            mine, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, str(path), hashlib.sha256(data).digest()), daemon=True)
            _begin(process)
            theirs.close()
            pipes.append(mine)
            processes.append(process)
        yield from _answers(pipes, left)
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.kill()
            process.join()


def _begin(process: Any) -> None:
    try:
        process.start()
    except BrokenPipeError:  # it was gone before it had been told what to be
        raise ProcessDied from None


def _answers(pipes: Iterable[Any], left: Iterator[int]) -> Iterator[int]:
    busy = {pipe for pipe in pipes if _give(pipe, left)}
    while busy:
        for pipe in wait(list(busy)):
            answer = _take(pipe)
            if isinstance(answer, BaseException):
                raise answer
            if not _give(pipe, left):
                busy.discard(pipe)
            yield answer


def _give(pipe: Any, left: Iterator[int]) -> bool:
    """Give a process its next part; False where none is left."""
    number = next(left, None)
    if number is None:
        return False
    try:
        pipe.send(number)
    except OSError:
        raise ProcessDied from None
    return True


def _take(pipe: Any) -> Any:
    try:
        return pipe.recv()
    except (EOFError, OSError):
        raise ProcessDied from None


# ---- in the process ----------------------------------------------------------------------------------------------


def _serve(pipe: Connection, path: str, digest: bytes) -> None:
    """Judge the parts that are asked for; end with the process that asks, even where that one is killed."""
    parent = parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        Thread(target=lambda: (wait([sentinel]), os._exit(1)), daemon=True).start()
    try:
        job = _job(path, digest)
        while True:
            pipe.send(_part(job, pipe.recv()))
    except (EOFError, OSError):
        return


def _job(path: str, digest: bytes) -> Job | None:
    """The job that was left; a pickle that is not the one that was written is never opened."""
    data = Path(path).read_bytes()
    return pickle.loads(data) if hashlib.sha256(data).digest() == digest else None


def _part(job: Job | None, number: int) -> int | Exception:
    if job is None:
        return RuntimeError("the job is not what was left for the processes")
    try:
        return job.part(number)
    except Exception as error:  # told to who asked, who says it in a sentence
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            return RuntimeError(type(error).__name__)
        return error
