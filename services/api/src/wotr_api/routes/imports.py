"""Bringing in what another app exported, and photos."""

from __future__ import annotations

from wotr_api.imports import AskedImport, ImportDetail, ImportPage, ImportState, NewImport, SetAsideRows
from wotr_api.parameters import Imports, Rows
from wotr_api.routes.route import BODY_PROBLEMS, Route
from wotr_api.uploads import NewPhoto, PhotoUpload

IMPORTS = (
    Route(
        "post",
        "/me/imports",
        "cognito",
        "change",
        "postMyImport",
        "Ask for an import: say what the file leaves open, then post it with the form that you get",
        AskedImport,
        status=201,
        body=NewImport,
        problems=BODY_PROBLEMS,
        place="the import",
        pace="grant",
    ),
    Route(
        "get",
        "/me/imports",
        "cognito",
        "query",
        "getMyImports",
        "Your imports, newest first",
        ImportPage,
        query=Imports,
        problems=(422,),
    ),
    Route(
        "get",
        "/me/imports/{importId}",
        "cognito",
        "query",
        "getMyImport",
        "One of your imports: state, counts so far, questions, and the first of the rows that were set aside",
        ImportDetail,
        problems=(404,),
    ),
    Route(
        "get",
        "/me/imports/{importId}/rows",
        "cognito",
        "query",
        "getMyImportRows",
        "The rows that one of your imports set aside",
        SetAsideRows,
        query=Rows,
        problems=(404, 422),
    ),
    Route(
        "delete",
        "/me/imports/{importId}",
        "cognito",
        "change",
        "deleteMyImport",
        "Take one of your imports back, also one that was interrupted: it is undoing, then undone",
        ImportState,
        status=202,
        problems=(404, 409),
    ),
    Route(
        "post",
        "/me/uploads",
        "cognito",
        "change",
        "postMyUpload",
        "Ask for a place for a photo, then post it with the form that you get",
        PhotoUpload,
        status=201,
        body=NewPhoto,
        problems=BODY_PROBLEMS,
        pace="grant",
    ),
)
