"""GraphQL requests and answers against a schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import graphql

Json = dict[str, Any]


def check_document(schema: graphql.GraphQLSchema, body: Any) -> list[str]:
    """Problems of a request body `{query, variables, operationName}`."""
    try:
        document = graphql.parse(body["query"])
    except (graphql.GraphQLError, KeyError, TypeError) as wrong:
        return [f"not a GraphQL request: {wrong}"]
    problems = [error.message for error in graphql.validate(schema, document)]
    if problems:
        return problems
    values = graphql.get_variable_values(
        schema, _chosen(document, body).variable_definitions or (), body.get("variables") or {}
    )
    return [error.message for error in values] if isinstance(values, list) else []


def _chosen(document: graphql.DocumentNode, body: Any) -> graphql.OperationDefinitionNode:
    found = graphql.get_operation_ast(document, body.get("operationName"))
    if found is None:
        raise ValueError("no such operation in the document")
    return found


def check_data(schema: graphql.GraphQLSchema, request: Any, answer: Any) -> list[str]:
    """Problems of the data that answers a request."""
    if not isinstance(answer, dict) or not ({"data", "errors"} & answer.keys()):
        return ["neither data nor errors"]
    if answer.get("data") is None:
        return [] if answer.get("errors") else ["no data and no errors"]
    document = graphql.parse(request["query"])
    operation = _chosen(document, request)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, graphql.FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    return list(_check_selection(root, operation.selection_set, answer["data"], fragments, "data"))


def _check_selection(kind: Any, selection: Any, value: Any, fragments: Any, place: str) -> Iterator[str]:
    if isinstance(kind, graphql.GraphQLNonNull):
        if value is None:
            yield f"{place} is null"
            return
        kind = kind.of_type
    if value is None:
        return
    if isinstance(kind, graphql.GraphQLList):
        if not isinstance(value, list):
            yield f"{place} is not a list"
            return
        for number, item in enumerate(value):
            yield from _check_selection(kind.of_type, selection, item, fragments, f"{place}[{number}]")
    elif selection is None:
        yield from _check_leaf(kind, value, place)
    elif not isinstance(value, dict):
        yield f"{place} is not an object"
    else:
        yield from _check_fields(kind, selection, value, fragments, place)


def _check_leaf(kind: Any, value: Any, place: str) -> Iterator[str]:
    try:
        if isinstance(kind, graphql.GraphQLEnumType):
            kind.parse_value(value)
        elif kind.name in graphql.specified_scalar_types:
            graphql.specified_scalar_types[kind.name].parse_value(value)
    except graphql.GraphQLError as wrong:
        yield f"{place}: {wrong.message}"


def _check_fields(kind: Any, selection: Any, value: Json, fragments: Any, place: str) -> Iterator[str]:
    wanted: set[str] = set()
    for node in selection.selections:
        if isinstance(node, graphql.FieldNode):
            key = (node.alias or node.name).value
            wanted.add(key)
            if key not in value:
                yield f"{place}.{key} is missing"
            elif node.name.value != "__typename":
                inner = kind.fields[node.name.value].type
                yield from _check_selection(inner, node.selection_set, value[key], fragments, f"{place}.{key}")
        else:
            part = fragments[node.name.value] if isinstance(node, graphql.FragmentSpreadNode) else node
            fields = part.selection_set
            names = {(n.alias or n.name).value for n in fields.selections if isinstance(n, graphql.FieldNode)}
            wanted |= names
            mine = {name: inner for name, inner in value.items() if name in names}
            narrow = _narrowed(kind, part, mine)
            if narrow is not None:
                yield from _check_fields(narrow, fields, mine, fragments, place)
    for name in value.keys() - wanted:
        yield f"{place}.{name} was not asked for"


def _narrowed(kind: Any, part: Any, value: Json) -> Any:
    """The type that a fragment is about; None where the value is of another member of the union."""
    if not isinstance(kind, graphql.GraphQLUnionType):
        return kind
    name = part.type_condition.name.value
    is_other = value.get("__typename", name) != name or not value
    return None if is_other else next((one for one in kind.types if one.name == name), None)
