"""Which of a stage's formats a model can't take, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tfbatch_cdk.errors import SettingsError
from tfbatch_cdk.model import own_code
from tfbatch_cdk.model.saved_model import signature_of
from tfbatch_handler import acceptance, formats
from tfbatch_handler.outputs.choice import keys_problem, output_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tfbatch_cdk.settings import Format, Model, Stage

_WRAP = "'tfbatch wrap' puts the decoding of images into a model that takes pixels"


def refusals(stage: Stage) -> dict[str, dict[str, str]]:
    """For each model that can't take all formats: format -> the reason, with what to do.

    Raises:
        SettingsError: a model can take none.
    """
    found = {model.name: _of_model(model, stage.formats) for model in stage.models}
    for name, refused in found.items():
        if len(refused) == len(stage.formats):
            reasons = " ".join(f"{one}: {reason}" for one, reason in refused.items())
            raise SettingsError(
                f"Stage.formats = {', '.join(stage.formats)}: the model {name!r} takes none of "
                f"them. {reasons} Add a format that it takes; 'tfbatch inspect' lists them"
            )
    return {name: refused for name, refused in found.items() if refused}


def _of_model(model: Model, offered: Mapping[str, Format]) -> dict[str, str]:
    reasons = {name: _reason(model, one) for name, one in offered.items()}
    fitting = [name for name, reason in reasons.items() if not reason]
    remedy = f" Use {' or '.join(fitting)}." if fitting else ""
    if acceptance.takes_pixels(signature_of(model)):
        remedy += f" {_WRAP}."
    return {name: f"{reason}.{remedy}" for name, reason in reasons.items() if reason}


def _reason(model: Model, chosen: Format) -> str:
    kind = chosen.content_type.partition(";")[0].strip().lower()
    own = own_code.content_types(model)
    if own is None or {kind, kind.partition("/")[0] + "/*"} & own:
        return ""  # the project's own format, which only the container runs
    try:
        formats.choose(formats.load(), chosen.content_type)
    except formats.UnknownFormatError as error:
        return str(error)
    signature = signature_of(model)
    if chosen.keys:
        output = output_of(signature, model.handler, code=model.directory)
        if problem := keys_problem(output):
            return problem
    return acceptance.problem(chosen.sent_content_type, signature)
