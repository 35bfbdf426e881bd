"""Asking for imports, and taking them back."""

from __future__ import annotations

from datetime import UTC, datetime

from aws_lambda_powertools.event_handler.api_gateway import Response

from wotr_api import door, ids, imports, uploads
from wotr_api.changing.call import Call, export_forms, named

router = door.router()


@router.post("/me/imports")
def post_my_import() -> Response[str]:
    """Ask for an import; its form is signed anew each time, because it does not last."""
    call = Call.of(router)
    said = call.body(imports.NewImport)
    import_id = said.import_id or imports.new_id(datetime.now(UTC))
    arguments = {"request": imports.request(said), "importId": import_id}
    asked = call.ask("import.request", arguments, said=named(said))
    form = export_forms().sign(uploads.export(call.athlete, asked["importId"], said.content_type))
    shown = {**imports.view(asked), "upload": form.model_dump(mode="json", by_alias=True)}
    return door.answer(201, shown, {"Location": f"imports/{asked['importId']}"})


@router.delete("/me/imports/<import_id>")
def delete_my_import(import_id: str) -> Response[str]:
    """Take an import back."""
    call = Call.of(router)
    ids.import_key(call.athlete, import_id)
    return door.answer(202, imports.view(call.ask("import.undo", {"importId": import_id})))
