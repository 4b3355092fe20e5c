"""Plain YAML without its traps."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import yaml

from mtmc.reid.errors import ReidError
from mtmc.reid.text import read_text

if TYPE_CHECKING:
    from pathlib import Path

MERGE, TEXT, NULL = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str", "tag:yaml.org,2002:null"
INT, FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
MOST_VALUES = 1_000_000  # that aliases may expand to
NAMES = frozenset({"name", "camera"})  # keys of what is called something


class _Loader(yaml.SafeLoader):
    """Plain YAML, but with a guard on what its aliases expand to, and with names left as written.

    A key given twice is an error, what looks like a date stays text, and so does every key and
    what stands under ``name``: a camera called ``010``, ``on`` or ``1.10`` keeps that name. Numbers
    are those of YAML 1.2: ``1e-3`` is one, and ``010`` is not 8 nor ``1:30`` 90.
    """

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._expanded: dict[int, int] = {}  # how many values a node stands for, by its id
        self._aliases = 0

    def compose_node(self, parent: Any, index: Any) -> yaml.Node | None:
        alias = self.check_event(yaml.AliasEvent)
        self._aliases += alias
        node = super().compose_node(parent, index)
        if node is None:
            return None
        if not alias:
            self._expanded[id(node)] = 1 + sum(self._expanded[id(part)] for part in _parts(node))
        problem = None
        if id(node) not in self._expanded:
            problem = "a value holds itself"
        elif self._aliases and self._expanded[id(node)] > MOST_VALUES:
            problem = f"its aliases stand for more than {MOST_VALUES} values"
        if problem:
            raise yaml.composer.ComposerError(problem=problem, problem_mark=node.start_mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
                continue
            _keep_text(key)
            if key.value in NAMES:
                _keep_text(value)
            if key.value in seen:
                raise yaml.composer.ComposerError(
                    problem=f"key {key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return node


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _keep_text(node: yaml.Node) -> None:
    """Take a scalar that stands there plainly as it is written, in the one form of Unicode."""
    if isinstance(node, yaml.ScalarNode) and (node.style or node.tag != NULL):
        node.tag = TEXT if node.style is None else node.tag
        node.value = unicodedata.normalize("NFC", node.value)


class _TextLoader(_Loader):
    """Every value is text as it is written, but for those left out."""


def _resolvers(keep: Any) -> dict[Any, Any]:
    """Of YAML 1.1, those whose tag is to be kept."""
    return {
        first: [(tag, pattern) for tag, pattern in resolvers if keep(tag)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


_Loader.yaml_implicit_resolvers = _resolvers(
    lambda tag: tag not in {INT, FLOAT, "tag:yaml.org,2002:timestamp"}
)
_Loader.add_implicit_resolver(
    INT, re.compile(r"^(?:[-+]?(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F]+)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    FLOAT,
    re.compile(
        r"^(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)
_TextLoader.yaml_implicit_resolvers = _resolvers(lambda tag: tag in {MERGE, NULL})


def parse_yaml(text: str, as_text: bool = False) -> Any:
    """The value in a YAML text.

    Args:
        text: the YAML.
        as_text: leave numbers, ``true`` and ``on`` the text they are.

    Raises:
        ValueError: it is not YAML.
    """
    try:
        return yaml.load(text, _TextLoader if as_text else _Loader)
    except yaml.MarkedYAMLError as error:
        # Not str(error): it repeats the line, and whatever password is in it.
        where = error.problem_mark or error.context_mark
        at = f" in line {where.line + 1}, column {where.column + 1}" if where else ""
        raise ValueError(f"{error.problem or error.context}{at}{_hint(error)}") from error
    except yaml.reader.ReaderError as error:
        raise ValueError(f"character {error.character:#x} is not allowed") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(str(error) or "nested too deep") from error


def _hint(error: yaml.MarkedYAMLError) -> str:
    if "unknown escape" not in str(error.problem):
        return ""
    return "; in \"double quotes\" a backslash begins an escape, so use 'single' ones"


def read_yaml(path: Path, as_text: bool = False) -> dict[str, Any]:
    """The mapping in a YAML file.

    Args:
        path: of the file.
        as_text: leave numbers, ``true`` and ``on`` the text they are.

    Raises:
        ReidError: it cannot be read, is not YAML, or is not a mapping.
    """
    try:
        settings = parse_yaml(read_text(path), as_text)
    except OSError as error:
        raise ReidError(f"{path}: cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise ReidError(f"{path}: not text in UTF-8; save it as that") from error
    except ValueError as error:
        raise ReidError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ReidError(f"{path}: expected keys and values, got a {type(settings).__name__}")
    return settings
