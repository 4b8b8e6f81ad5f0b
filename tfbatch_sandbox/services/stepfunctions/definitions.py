"""Caches parsed state machine definitions. moto parses for every execution, half a second.

The cache has the parse tree, which nobody changes. Each execution builds its program from it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from antlr4 import CommonTokenStream, InputStream  # type: ignore[import-untyped]
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
    SyntaxErrorListener,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from tfbatch_sandbox.services.patch import replace

if TYPE_CHECKING:
    from tfbatch_sandbox.services.runtime import Runtime

_KEPT = 8


def install(_runtime: Runtime) -> None:
    """Parse definitions with a cache."""
    replace(AmazonStateLanguageParser, "parse", staticmethod(_parse))


def _parse(definition: str) -> tuple[Any, Any]:
    tree = _tree(definition)
    return Preprocessor().visit(tree), tree


@lru_cache(maxsize=_KEPT)
def _tree(definition: str) -> Any:  # noqa: ANN401 # ANTLR's
    """The parse tree of a definition.

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
    return tree
