"""Table of all models, by name: one module each, and a line below."""

from __future__ import annotations

from typing import Any

from recsys.errors import InputError
from recsys.models.als import ALS
from recsys.models.asymmetric_svd import AsymmetricSVD
from recsys.models.base import Model
from recsys.models.blend import Blend
from recsys.models.ease import EASE
from recsys.models.funk_svd import FunkSVD
from recsys.models.implicit_mf import ImplicitMF
from recsys.models.item_knn import ItemKNN
from recsys.models.most_popular import MostPopular
from recsys.models.plain_mf import PlainMF
from recsys.models.pure_svd import PureSVD
from recsys.models.slim import SLIM
from recsys.models.user_knn import UserKNN

MODELS: dict[str, type[Model]] = {
    model.name: model
    for model in (
        ImplicitMF,
        EASE,
        SLIM,
        Blend,
        ALS,
        PureSVD,
        ItemKNN,
        UserKNN,
        MostPopular,
        AsymmetricSVD,
        FunkSVD,
        PlainMF,
    )
}


def make_model(name: str, **settings: object) -> Model:
    """Return an untrained model.

    Raises
    ------
    InputError
        If there is no model of this name, it has no such setting, or a value is out of range.
    """
    return _model_class(name)(**settings)


def make_settings(name: str, **settings: object) -> dict[str, Any]:
    """Return all settings of a model by name, checked; defaults fill in what is left out.

    Raises
    ------
    InputError
        As `make_model`.
    """
    return _model_class(name).check_settings(settings)


def _model_class(name: str) -> type[Model]:
    if name not in MODELS:
        raise InputError(f"There is no model {name[:40]!r}. Choose one of: {', '.join(MODELS)}.")
    return MODELS[name]
