"""Judges an answer by the OpenAPI description: as much of JSON Schema as ours uses."""

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def _is_of(value, name):
    is_bool_for_number = isinstance(value, bool) and name in ("integer", "number")
    return isinstance(value, TYPES[name]) and not is_bool_for_number


def complaints(value, schema, document, path="$"):
    """What does not fit, as text; empty: all does."""
    if "$ref" in schema:
        named = schema["$ref"].rsplit("/", 1)[1]
        return complaints(value, document["components"]["schemas"][named], document, path)
    found = []
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is_of(value, name) for name in types):
        return [f"{path} is {value!r}, not {types}"]
    if value is not None and "enum" in schema and value not in schema["enum"]:
        found.append(f"{path} is {value!r}, none of {schema['enum']}")
    if isinstance(value, dict):
        found += [f"{path}.{name} is missing" for name in schema.get("required", []) if name not in value]
        for name, member in schema.get("properties", {}).items():
            if name in value:
                found += complaints(value[name], member, document, f"{path}.{name}")
    if isinstance(value, list) and "items" in schema:
        for at, item in enumerate(value):
            found += complaints(item, schema["items"], document, f"{path}[{at}]")
    return found
