"""The buckets as this service sees them: it signs forms for uploads, and keeps exports to be fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from wotr_api.export import ExportLink
from wotr_api.uploads import UploadForm, Wanted

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

LASTS = timedelta(minutes=15)
_CHECKSUM: Final = "CRC32"


class UploadForms:
    """Signs forms with which somebody may put one object into `bucket`.

    A form is good as long as the credentials that signed it, too: a function's are renewed well before their
    end, so that in practice its own expiry counts.
    """

    def __init__(self, s3: S3Client, bucket: str, now: Callable[[], datetime]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._now = now

    def sign(self, wanted: Wanted) -> UploadForm:
        """A form for the object that is `wanted`, and no other."""
        signed = self._s3.generate_presigned_post(
            Bucket=self._bucket,
            Key=wanted.key,
            Fields={"Content-Type": wanted.content_type},
            Conditions=[
                ["content-length-range", 1, wanted.most_bytes],
                _of_type(wanted),
            ],
            ExpiresIn=int(LASTS.total_seconds()),
        )
        return UploadForm(url=signed["url"], fields=signed["fields"], expires_at=self._now() + LASTS)


def _of_type(wanted: Wanted) -> list[str]:
    """The condition on the type: exactly the form's own, unless another may be sent in its place."""
    if wanted.content_type_begins is None:
        return ["eq", "$Content-Type", wanted.content_type]
    return ["starts-with", "$Content-Type", wanted.content_type_begins]


class ExportedFiles:
    """Exports in `bucket`, for whoever has a link; the bucket lets them go after a day."""

    def __init__(self, s3: S3Client, bucket: str, now: Callable[[], datetime]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._now = now

    def put(self, key: str, parts: Iterable[bytes], *, name: str, content_type: str) -> None:
        """Write the object `key` part by part, to be saved as `name` by a browser.

        Each part but the last has at least 5 MiB. Where anything fails, nothing stays. The SDK sends a
        checksum with each part: S3 is told so at the beginning, and shown all of them again at the end.
        """
        begun = self._s3.create_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            ChecksumAlgorithm=_CHECKSUM,
            ContentType=content_type,
            ContentDisposition=f'attachment; filename="{name}"',
        )
        upload: Any = {"Bucket": self._bucket, "Key": key, "UploadId": begun["UploadId"]}
        try:
            written: list[CompletedPartTypeDef] = []
            for number, part in enumerate(parts, 1):
                answer = self._s3.upload_part(
                    **upload, PartNumber=number, Body=part, ChecksumAlgorithm=_CHECKSUM
                )
                written.append(
                    {"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32": answer["ChecksumCRC32"]}
                )
            self._s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": written})
        except BaseException:
            self._s3.abort_multipart_upload(**upload)
            raise

    def link(self, key: str) -> ExportLink:
        """A link that lets anybody fetch the object `key` for fifteen minutes."""
        url = self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=int(LASTS.total_seconds())
        )
        return ExportLink(url=url, expires_at=self._now() + LASTS)
