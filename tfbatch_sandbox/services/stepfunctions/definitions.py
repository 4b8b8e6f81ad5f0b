"""Caches the programs of state machines. moto parses for every execution, half a second.

Executions share a program, as the items of a Map do in moto: what belongs to an evaluation is in
its environment, under the keys of the program's components.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from antlr4 import CommonTokenStream, InputStream  # type: ignore[import-untyped]
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
    SyntaxErrorListener,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime

_KEPT = 8
_PATHS = 256
"""Parsed JSONPaths. Every state has at least ``$``, and its parser builds its tables each time."""


def install(_runtime: Runtime) -> None:
    """Parse definitions with a cache."""
    replace(AmazonStateLanguageParser, "parse", staticmethod(_parse))
    for module in (result_path, json_path):
        replace(module, "parse", lru_cache(maxsize=_PATHS)(module.parse))
    # moto's is made when it is first asked for: two executions at once would get two.
    replace(EvalComponent, "heap_key", property(lambda component: str(id(component))))


@lru_cache(maxsize=_KEPT)
def _parse(definition: str) -> tuple[Any, Any]:
    """The program of a definition, and its parse tree.

    Raises:
        ASLParserException: it isn't valid Amazon States Language.
    """
    listener = SyntaxErrorListener()
    parser = ASLParser(CommonTokenStream(ASLLexer(InputStream(definition))))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    tree = parser.state_machine()
    if listener.errors:
        raise ASLParserException(errors=listener.errors)
    return Preprocessor().visit(tree), tree
