"""The models of /v1: listed, looked up, and those that were tuned here deleted."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from ninja import Router

from accounts.keys import may_use
from accounts.types import Caller
from chatsite.backend.errors import ModelNotFound
from chatsite.backend.registry import get_registry
from chatsite.backend.types import ModelInfo
from chatsite.http import json_response
from conversations.replies import model_body
from finetuning import tuning

router = Router(tags=["Models"])


@router.get("/models", summary="List the models")
async def list_models(request: HttpRequest) -> HttpResponseBase:
    models = await get_registry().models(asker=_caller(request).user.asker)
    data = [model_body(each) for each in models if _may_use(request, each)]
    return json_response({"object": "list", "data": data})


@router.get("/models/{path:model_id}", summary="Retrieve a model")
async def retrieve_model(request: HttpRequest, model_id: str) -> HttpResponseBase:
    return json_response(model_body(await _model(request, model_id)))


@router.delete("/models/{path:model_id}", summary="Delete a fine-tuned model")
async def delete_model(request: HttpRequest, model_id: str) -> HttpResponseBase:
    """One that a job of yours has made, with its checkpoint."""
    model = await _model(request, model_id)
    await tuning.delete_model(_caller(request).user, model.id)
    return json_response({"id": model.id, "object": "model", "deleted": True})


def _caller(request: HttpRequest) -> Caller:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja
    return caller


def _may_use(request: HttpRequest, model: ModelInfo) -> bool:
    return may_use(_caller(request), *filter(None, [model.id, model.alias_of]))


async def _model(request: HttpRequest, model_id: str) -> ModelInfo:
    for model in await get_registry().models(asker=_caller(request).user.asker):
        if model.id == model_id and _may_use(request, model):
            return model
    raise ModelNotFound(f"The model '{model_id}' does not exist.", param="model")
