"""What a query costs, by either of two rules, and the bucket that pays for it.

Shopify does not publish today's formula (https://shopify.dev/docs/api/usage/limits): `linear` is the rule of old, `low` comes near what is
seen since 2025 (a connection of 250 variants with an object each: 25 points where the old rule says 503).
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

CAP = 1000
MUTATION = 10


def size(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Mapping[str, Any],
) -> int:
    """Return what a query asks for at most: objects 1, connections 2 and `first` times what is in them, scalars 0."""
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    root = schema.query_type if operation.operation.value == "query" else schema.mutation_type
    base = 0 if operation.operation.value == "query" else MUTATION
    return base + _Count(schema, fragments, variables).selections(root, operation.selection_set)


def requested(rule: str, size: int) -> int:
    """Return the points that a query of this size asks for."""
    return size if rule == "linear" else 2 + round(2.56 * math.log2(1 + max(size, 0)))


class Bucket:
    """Points that leak back at a steady rate. The requested ones must be there before; the unused ones return after."""

    def __init__(self, maximum: float, rate: float, clock: Callable[[], float]) -> None:
        self.maximum, self.rate, self._clock = maximum, rate, clock
        self._level, self._at = maximum, clock()

    @property
    def available(self) -> float:
        """The points that are there now."""
        now = self._clock()
        self._level = min(self.maximum, self._level + max(0.0, now - self._at) * self.rate)
        self._at = now
        return self._level

    def take(self, points: float) -> None:
        """Pay."""
        self._level = self.available - points

    def status(self) -> dict[str, float]:
        """Return what `throttleStatus` says."""
        return {
            "maximumAvailable": float(self.maximum),
            "currentlyAvailable": math.floor(self.available),
            "restoreRate": float(self.rate),
        }


class _Count:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables

    def selections(self, parent: Any, selected: SelectionSetNode | None) -> int:
        if selected is None:
            return 0
        plain, by_type = 0, {}
        for each in selected.selections:
            if not self._included(each):
                continue
            if isinstance(each, FieldNode):
                plain += self._field(parent, each)
                continue
            if isinstance(each, FragmentSpreadNode):
                fragment = self._fragments[each.name.value]
                condition, inside = fragment.type_condition.name.value, fragment.selection_set
            else:
                assert isinstance(each, InlineFragmentNode)  # noqa: S101
                condition = each.type_condition.name.value if each.type_condition else parent.name
                inside = each.selection_set
            cost = self.selections(self._schema.type_map[condition], inside)
            if condition == parent.name or not isinstance(parent, GraphQLInterfaceType | GraphQLUnionType):
                plain += cost
            else:
                by_type[condition] = by_type.get(condition, 0) + cost
        return plain + max(by_type.values(), default=0)

    def _field(self, parent: Any, node: FieldNode) -> int:
        name = node.name.value
        if name.startswith("__") or not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return 0
        kind = parent.fields[name].type
        inner = get_named_type(kind)
        if is_leaf_type(inner) or name in ("pageInfo", "userErrors"):
            return 0
        inside = self.selections(inner, node.selection_set)
        if parent.name.endswith("Connection") and name in ("nodes", "edges"):
            return inside + (1 if name == "nodes" else 0)
        if inner.name.endswith("Connection"):
            return 2 + self._argument(node, "first", "last") * inside
        if is_list_type(kind.of_type if is_non_null_type(kind) else kind):
            return self._argument(node, "first", default=1) * (1 + inside)
        return 1 + inside

    def _argument(self, node: FieldNode, *names: str, default: int = 0) -> int:
        for argument in node.arguments or ():
            if argument.name.value in names:
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, VariableNode) and self._variables.get(value.name.value) is not None:
                    return int(self._variables[value.name.value])
        return default

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            if directive.name.value not in ("include", "skip"):
                continue
            value = directive.arguments[0].value
            said = self._variables.get(value.name.value) if isinstance(value, VariableNode) else value.value
            if bool(said) is (directive.name.value == "skip"):
                return False
        return True
