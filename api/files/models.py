"""Files, as they are asked for and answered: :mod:`api.files.render` writes the latter."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Answered, Moment, Page, RequestId
from shared.domain import media_types

FileId = Annotated[str, Field(pattern="^fil_[0-9A-HJKMNP-TV-Z]{26}$")]
MediaType = Annotated[str, Field(description="What it is, by its content.", json_schema_extra={"enum": sorted(media_types.KNOWN)})]


class NewFile(BaseModel):
    """A form with a file."""

    model_config = ConfigDict(frozen=True)

    file: Annotated[bytes, Field(description="The file, with its name.", json_schema_extra={"format": "binary"})]


class File(Answered):
    """A file."""

    id: Annotated[FileId, Field(description="What messages name it by, as `fileId`.")]
    object: Literal["file"]
    name: str
    media_type: MediaType
    size_bytes: Annotated[int, Field(ge=1)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="The hash of its bytes.")]
    created_at: Moment


class Link(Answered):
    """Where anybody can fetch a file for a while."""

    object: Literal["file_link"]
    file_id: FileId
    url: Annotated[str, Field(json_schema_extra={"format": "uri"})]
    expires_at: Moment


class DeletedFile(Answered):
    """What was deleted."""

    id: FileId
    object: Literal["file"]
    deleted: Literal[True]


class OneFile(Answered):
    """A file."""

    data: File
    request_id: RequestId


class OneLink(Answered):
    """A new link."""

    data: Link
    request_id: RequestId


class OneDeletedFile(Answered):
    """A file that is there no more."""

    data: DeletedFile
    request_id: RequestId


class Files(Page):
    """A page of files, the newest first."""

    data: list[File]
