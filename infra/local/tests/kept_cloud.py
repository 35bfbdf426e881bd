"""A local cloud that keeps its state, to be stopped and started again by a test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from stack import Client

from localcloud import LocalCloud


@contextmanager
def kept(root: Path, folder: Path, without: Iterable[str] = ()) -> Iterator[tuple[LocalCloud, Client]]:
    """One with its state in ``folder`` and the environments of ``root``, and clients of its root user."""
    environments = folder / ".wotr" / "environments"
    if not environments.exists():
        environments.parent.mkdir()
        environments.symlink_to((root / ".wotr" / "environments").resolve())
    with LocalCloud(folder, persist=True, without=without) as cloud:
        said = cloud.environment()
        session: Any = boto3.Session(
            aws_access_key_id=said["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=said["AWS_SECRET_ACCESS_KEY"],
            region_name=cloud.region,
        )

        def client(service: str) -> Any:
            return session.client(service, endpoint_url=cloud.endpoint)

        yield cloud, client
