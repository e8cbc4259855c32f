"""The models, by name. A new one is a file here and a line below."""

from __future__ import annotations

from recsys.errors import InputError
from recsys.models.als import ALS
from recsys.models.asymmetric_svd import AsymmetricSVD
from recsys.models.base import Model
from recsys.models.ease import EASE
from recsys.models.funk_svd import FunkSVD
from recsys.models.implicit_mf import ImplicitMF
from recsys.models.item_knn import ItemKNN
from recsys.models.most_popular import MostPopular
from recsys.models.plain_mf import PlainMF
from recsys.models.pure_svd import PureSVD
from recsys.models.user_knn import UserKNN

MODELS: dict[str, type[Model]] = {
    model.name: model
    for model in (
        ImplicitMF,
        EASE,
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
    if name not in MODELS:
        raise InputError(f"There is no model {name[:40]!r}. Choose one of: {', '.join(MODELS)}.")
    unknown = settings.keys() - MODELS[name].defaults.keys()
    if unknown:
        raise InputError(f"The model {name!r} has no setting {unknown.pop()!r}.")
    return MODELS[name](**settings)
