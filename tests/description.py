"""The vendors' own API descriptions as a check on what leaves a connector and what the sandbox answers.

`check_request` and `check_answer` return problems as sentences, none if all is well. The descriptions are
found through `ATOM_DESCRIPTIONS`, a folder that holds `api/<vendor>.json.gz` or `api/<vendor>.graphql.gz`.
"""

from __future__ import annotations

import copy
import gzip
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, unquote

import graphql
from jsonschema import Draft4Validator, Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

from tests.description_graphql import check_data, check_document

Json = dict[str, Any]
ROOT = "urn:description"
METHODS = ("get", "post", "put", "patch", "delete")
FORM = "application/x-www-form-urlencoded"
CREDENTIALS = {"token", "authorization", "access_token", "key"}


def has_descriptions() -> bool:
    """Whether the descriptions are here; tests skip otherwise."""
    return "ATOM_DESCRIPTIONS" in os.environ


def check_request(
    vendor: str,
    method: str,
    path: str,
    query: Any = (),
    headers: Mapping[str, str] | None = None,
    body: Any = None,
) -> list[str]:
    """Problems of a request: query as pairs or mapping, body as text, bytes or already parsed."""
    known = load(vendor)
    names = {name.lower(): value for name, value in (headers or {}).items()}
    pairs = list(query.items()) if isinstance(query, Mapping) else [(str(k), v) for k, v in query]
    if isinstance(known, graphql.GraphQLSchema):
        return check_document(known, _parsed(body, "application/json"))
    found = known.find(method, path)
    if found is None:
        return [f"{method} {path} is not described"]
    description, operation, params = found
    return list(description.check_request(operation, params, pairs, names, body))


def check_answer(vendor: str, method: str, path: str, status: int, body: Any, request: Any = None) -> list[str]:
    """Problems of an answer; for GraphQL `request` is the body that was sent."""
    known = load(vendor)
    if isinstance(known, graphql.GraphQLSchema):
        return check_data(known, _parsed(request, "application/json"), _parsed(body, "application/json"))
    found = known.find(method, path)
    if found is None:
        return [] if status == 404 else [f"{method} {path} is not described"]
    return list(found[0].check_answer(found[1], status, body))


@cache
def load(vendor: str) -> Described | graphql.GraphQLSchema:
    """The description of one vendor."""
    folder = Path(os.environ["ATOM_DESCRIPTIONS"]) / "api"
    if (sdl := folder / f"{vendor}.graphql.gz").exists():
        text = gzip.decompress(sdl.read_bytes()).decode() + getattr(gap(vendor), "SCHEMA", "")
        return graphql.build_schema(text, assume_valid=True)
    file = folder / f"{vendor}.json.gz"
    document: Json = {"openapi": "3.1.0", "paths": {}}
    if file.exists():
        document = json.loads(gzip.decompress(file.read_bytes()))
    parts = list(document.get("documents", {"": document}).values())
    published = {(one.method, one.pattern.pattern) for part in parts for one in _operations(part)}
    for part in parts:
        getattr(gap(vendor), "amend", _leave)(part)
    return Described([Description(part) for part in parts], published, has_file=file.exists())


def basis(vendor: str, method: str, path: str) -> str:
    """What a request is checked against, in words: the vendor's description, what was added to it, or nothing."""
    known = load(vendor)
    if isinstance(known, graphql.GraphQLSchema):
        return "the vendor's schema"
    found = known.find(method, path)
    if found is None:
        return "nothing: it is in no description"
    _, operation, _ = found
    if (operation.method, operation.pattern.pattern) in known.published:
        return "the vendor's description"
    said = operation.basis or "the vendor's own documentation, from general knowledge"
    return f"added: {said}"


def gap(vendor: str) -> ModuleType | None:
    """What is known to be missing or wrong in a vendor's description: `tests/tools/<key>/gap.py`, if there is one."""
    name = f"tests.tools.{vendor}.gap"
    try:
        return import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name and name.startswith(missing.name):
            return None
        raise


def _leave(document: Json) -> None:
    """Nothing is wrong."""


@dataclass(frozen=True)
class Operation:
    """One operation, the same for every kind of description."""

    method: str
    pattern: re.Pattern[str]
    literals: int
    params: tuple[Json, ...]  # name, in, required, schema
    bodies: Mapping[str, Json]  # schema by content type; none: no body
    needs_body: bool
    answers: Mapping[str, Json | None]  # schema by status, "default" or "2XX"
    basis: str = ""  # where the knowledge of an operation comes from that the description lacks


class Described:
    """All documents that describe one vendor."""

    def __init__(self, parts: list[Description], published: set[tuple[str, str]], has_file: bool) -> None:
        self.published = published
        self.has_file = has_file
        every = [(part, operation) for part in parts for operation in part.operations]
        self._every = sorted(every, key=lambda pair: -pair[1].literals)

    def find(self, method: str, path: str) -> tuple[Description, Operation, Mapping[str, str]] | None:
        """The operation of a request, whatever base path stands before it."""
        parts = path.split("?")[0].strip("/").split("/")
        for start in range(len(parts)):
            tail = "/" + "/".join(parts[start:])
            for part, operation in self._every:
                if operation.method == method.lower() and (hit := operation.pattern.fullmatch(tail)):
                    return part, operation, {name: unquote(value) for name, value in hit.groupdict().items()}
        return None


def _operations(document: Json) -> list[Operation]:
    return Description(copy.deepcopy(document)).operations


class Description:
    """An OpenAPI 2 or 3 document, or a Google discovery document."""

    def __init__(self, document: Json) -> None:
        self.document = _plain(document)
        is_new = str(document.get("openapi", "")).startswith("3.1")
        self._validator: Any = Draft202012Validator if is_new else Draft4Validator
        kind = DRAFT202012 if is_new else DRAFT4
        resource = Resource.from_contents(self.document, default_specification=kind)
        self._registry: Any = Registry().with_resource(ROOT, resource)
        rows = self._discovered(self.document) if "rootUrl" in document else self._described()
        self.operations = sorted(rows, key=lambda operation: -operation.literals)

    def check_request(
        self,
        operation: Operation,
        path: Mapping[str, str],
        pairs: list[tuple[str, Any]],
        headers: Mapping[str, str],
        body: Any,
    ) -> Iterator[str]:
        """Problems with the parameters, then with the body."""
        content = headers.get("content-type", "application/json" if not isinstance(body, str) else "").split(";")[0]
        if content.startswith("multipart/"):
            if operation.bodies and not any(kind.startswith(("multipart/", "*/*")) for kind in operation.bodies):
                yield f"content type {content} is not one of {', '.join(operation.bodies)}"
            return
        try:
            sent = _parsed(body, content)
        except ValueError as wrong:
            yield f"the body is not {content}: {wrong}"
            return
        form = sent if isinstance(sent, dict) else {}
        declared = {"query": set[str](), "formData": set[str]()}
        for param in operation.params:
            name, place = param["name"], param["in"]
            declared.setdefault(place, set()).add(name)
            value = _sent(param, path, pairs, headers, form)
            if value is None:
                if param.get("required") and name.lower() not in CREDENTIALS:
                    yield f"{place} parameter {name} is missing"
            elif place in ("query", "path") or (place == "formData" and content == FORM):
                yield from self._check(self._coerce(value, param["schema"]), param["schema"], f"{place} {name}")
            elif place == "formData" and not isinstance(value, list | dict):
                yield from self._check(value, param["schema"], f"body {name}")
        for name in {name.split("[")[0] for name, _ in pairs} - {_bare(name) for name in declared["query"]}:
            yield f"query parameter {name} is unknown"
        if declared["formData"]:
            yield from (f"form field {name} is unknown" for name in form.keys() - declared["formData"])
        elif sent is not None or operation.needs_body:
            yield from self._check_body(operation, content, sent)

    def check_answer(self, operation: Operation, status: int, body: Any) -> Iterator[str]:
        """Problems with the answer; an undescribed error status is none."""
        answers = operation.answers
        with suppress(ValueError):  # text, or a file
            body = _parsed(body, "application/json")
        key = next((key for key in (str(status), f"{status // 100}XX", "default") if key in answers), None)
        if isinstance(body, dict) and body.get("ok") is False and "default" in answers:
            key = "default"
        if key is None:
            if status < 400:
                yield f"status {status} is not described"
            return
        schema = answers[key]
        if schema is not None and not (body is None and status == 204):
            yield from self._check(body, schema, "answer")

    def _check_body(self, operation: Operation, content: str, sent: Any) -> Iterator[str]:
        if not operation.bodies:
            if sent not in (None, "", {}):
                yield "a body is sent where none is described"
            return
        schema = next((s for kind, s in operation.bodies.items() if kind.split(";")[0] in (content, "*/*")), None)
        if schema is None:
            yield f"content type {content or 'none'} is not one of {', '.join(operation.bodies)}"
            return
        value = self._coerce(sent or {}, schema) if content == FORM else sent
        yield from self._check(value, schema, "body")

    def _check(self, value: Any, schema: Json, place: str) -> Iterator[str]:
        validator = self._validator(schema, registry=self._registry)
        for error in validator.iter_errors(value):
            yield f"{place}{_deepest(error)}"

    def _deref(self, node: Any) -> Any:
        while isinstance(node, dict) and str(node.get("$ref", "")).startswith(ROOT + "#/"):
            target: Any = self.document
            for part in node["$ref"].removeprefix(ROOT + "#/").split("/"):
                target = target[unquote(part).replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def _coerce(self, value: Any, schema: Any) -> Any:
        """The text of a form or query as the type that the schema wants, where it fits."""
        schema = self._deref(schema)
        if not isinstance(schema, dict):
            return value
        choices = schema.get("anyOf") or schema.get("allOf") or []
        if choices and "properties" not in schema:
            tries = [self._coerce(value, choice) for choice in choices]
            fits = (done for done, choice in zip(tries, choices, strict=True) if not any(self._check(done, choice, "")))
            return next(fits, tries[0])
        kinds = schema.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if isinstance(value, dict):
            known, more = schema.get("properties", {}), schema.get("additionalProperties", {})
            return {name: self._coerce(inner, known.get(name, more)) for name, inner in value.items()}
        if "array" in kinds:
            items = value if isinstance(value, list) else str(value).split(",")
            return [self._coerce(item, schema.get("items", {})) for item in items]
        if "boolean" in kinds and value in ("true", "false", "1", "0"):
            return value in ("true", "1")
        if ("integer" in kinds or "number" in kinds) and re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
            return json.loads(str(value)) if not re.match(r"-?0\d", str(value)) else value
        return value

    def _described(self) -> Iterator[Operation]:
        for template, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(method, template, item[method], item.get("parameters", []))

    def _operation(self, method: str, template: str, row: Json, shared: list[Json]) -> Operation:
        params, bodies, needs = [], {}, False
        for param in map(self._deref, [*shared, *row.get("parameters", [])]):
            if param["in"] == "body":
                bodies, needs = {"application/json": param["schema"]}, bool(param.get("required"))
            else:
                schema = param.get("schema") or {k: v for k, v in param.items() if k in ("type", "enum", "items")}
                params.append({**param, "schema": schema})
        if "requestBody" in row:
            wanted = self._deref(row["requestBody"])
            bodies = {kind: media.get("schema", {}) for kind, media in wanted["content"].items()}
            needs = bool(wanted.get("required"))
        answers = {str(status): self._answer_schema(self._deref(a)) for status, a in row["responses"].items()}
        said = str(row.get("x-basis") or "")
        return Operation(method, *_pattern(template), tuple(params), bodies, needs, answers, said)

    def _answer_schema(self, answer: Json) -> Json | None:
        if "content" in answer:
            media: Json = next((m for kind, m in answer["content"].items() if "json" in kind), {})
            return media.get("schema")
        return answer.get("schema")

    def _discovered(self, node: Json) -> Iterator[Operation]:
        for row in node.get("methods", {}).values():
            every = {**self.document.get("parameters", {}), **row.get("parameters", {})}
            template = row.get("flatPath") or row["path"]  # a {+name} of the other would take in every path
            params = tuple(
                {
                    "name": name,
                    "in": param.get("location", "query"),
                    "required": name in row.get("parameterOrder", []),
                    "schema": _repeated(param),
                }
                for name, param in every.items()
                if param.get("location") != "path" or f"{{{name}}}" in template.replace("+", "")
            )
            bodies = {"application/json": row["request"]} if "request" in row else {}
            upload = row.get("mediaUpload", {}).get("protocols", {}).get("simple", {}).get("path")
            if upload:  # the file itself, at an address of its own
                where = _pattern("/" + upload.lstrip("/"))
                yield Operation(row["httpMethod"].lower(), *where, params, {"*/*": {}}, True, {"200": row["response"]})
            answers = {"200": row.get("response"), "204": None}
            yield Operation(
                row["httpMethod"].lower(),
                *_pattern("/" + template.lstrip("/")),
                params,
                bodies,
                False,
                answers,
                str(row.get("x-basis") or ""),
            )
        for inner in node.get("resources", {}).values():
            yield from self._discovered(inner)


def _plain(node: Any) -> Any:
    """The dialects of JSON schema that descriptions use, as plain JSON schema."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    row: Json = {key: _plain(value) for key, value in node.items()}
    ref = row.get("$ref")
    if isinstance(ref, str):
        row["$ref"] = ROOT + ref if ref.startswith("#") else f"{ROOT}#/schemas/{ref}"
    if isinstance(row.get("x-items-any-of"), list):
        choice = {"anyOf": row.pop("x-items-any-of")}
        row.pop("items", None)
        row |= {"items": choice} if row.get("type") == "array" else choice
    if isinstance(row.get("oneOf"), list):
        row["anyOf"] = row.pop("oneOf")
    if not isinstance(row.get("required", []), list | dict) and "in" not in row and "content" not in row:
        del row["required"]
    if row.get("type") == "any":
        del row["type"]
    if row.get("nullable") is True or row.get("x-nullable") is True:
        return {"anyOf": [{key: value for key, value in row.items() if key != "nullable"}, {"type": "null"}]}
    return row


def _pattern(template: str) -> tuple[re.Pattern[str], int]:
    template = template.split("#")[0]
    pieces = re.split(r"\{(\+?)([^}]+)\}", template.rstrip("/"))
    out = re.escape(pieces[0])
    for plus, name, literal in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        group = re.sub(r"\W", "_", name)
        out += f"(?P<{group}>{'.+' if plus or name == 'path' else '[^/]+'})" + re.escape(literal)
    return re.compile(out), sum(map(len, pieces[0::3]))


def _repeated(param: Json) -> Json:
    schema = {key: value for key, value in param.items() if key in ("type", "enum")}
    return {"type": "array", "items": schema} if param.get("repeated") else schema


def _bare(name: str) -> str:
    return name.split("[")[0]


def _sent(
    param: Json,
    path: Mapping[str, str],
    pairs: Iterable[tuple[str, Any]],
    headers: Mapping[str, str],
    form: Json,
) -> Any:
    name: str = param["name"]
    if param["in"] == "path":
        return path.get(re.sub(r"\W", "_", name))
    if param["in"] == "header":
        return headers.get(name.lower())
    if param["in"] == "formData":
        return form.get(name)
    mine = [(key, value) for key, value in pairs if _bare(key) == _bare(name)]
    if not mine:
        return None
    if "[" in mine[0][0] and "[" not in name:
        return unfold((key, value) for key, value in mine)[name]
    return mine[0][1] if len(mine) == 1 else [value for _, value in mine]


def unfold(pairs: Iterable[tuple[str, Any]]) -> Json:
    """Bracketed form pairs as nested JSON."""
    tree: Json = {}
    for name, value in pairs:
        *steps, leaf = [part.rstrip("]") for part in name.split("[")]
        node = tree
        for step in steps:
            node = node.setdefault(step or str(len(node)), {})
        node[leaf or str(len(node))] = value
    return {key: _listed(value) for key, value in tree.items()}


def _listed(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    inner = {key: _listed(value) for key, value in node.items()}
    is_list = bool(inner) and all(key.isdigit() for key in inner)
    return [inner[key] for key in sorted(inner, key=int)] if is_list else inner


def _parsed(body: Any, content: str) -> Any:
    if isinstance(body, bytes):
        body = body.decode()
    if not isinstance(body, str):
        return body
    if not body:
        return None
    if content == FORM:
        return unfold(parse_qsl(body, keep_blank_values=True))
    return json.loads(body) if "json" in content else body


def _deepest(error: Any) -> str:
    """Where and why, following the branch of an `anyOf` that came furthest."""
    while error.context:
        error = max(error.context, key=lambda inner: (len(inner.absolute_path), -len(inner.message)))
    return f"{''.join(f'[{part!r}]' for part in error.absolute_path)}: {error.message[:300]}"
