"""A bucket policy may ask by which key an object is to be encrypted.

AWS: ``s3:x-amz-server-side-encryption-aws-kms-key-id`` and
``s3:x-amz-server-side-encryption-customer-algorithm`` hold what the headers of a write say.
MiniStack: knows ``s3:x-amz-server-side-encryption`` only, so that a policy against other keys refuses
nobody.
Bridge: take the two from the request's headers. A part of a multipart upload carries none, here as there:
what counts is the request that began the upload.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions

from localcloud.gaps import Settings

TOUCHES = ("ministack.core.iam_actions:_s3_object_context",)

_HEADERS = (
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
)


def apply(_settings: Settings) -> None:
    """Add the keys to those of a write."""
    context = iam_actions._s3_object_context

    def with_keys(action: str, query: dict[str, Any], path: str, headers: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = context(action, query, path, headers)
        if action == "s3:PutObject":
            found |= {f"s3:{name}": headers[name] for name in _HEADERS if headers.get(name)}
        return found

    iam_actions._s3_object_context = with_keys
