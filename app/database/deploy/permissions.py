"""sql/permissions: roles and their rights, run at every deployment.

Two statements are known, each on a line or more, ended by a semicolon:

    IF DATABASE_PRINCIPAL_ID(N'acm_reporting') IS NULL CREATE ROLE acm_reporting;
    GRANT SELECT ON SCHEMA::report TO acm_reporting;      -- or REVOKE ... FROM

On PostgreSQL a right on a schema means: on all its tables, views and sequences (SELECT, INSERT, UPDATE, DELETE), on its
inline functions (SELECT) and on its procedures (EXECUTE). CONTROL is all of them, VIEW DEFINITION is everybody's.
"""

from __future__ import annotations

import re
from pathlib import Path

from app.database.tsql import CompileError
from app.database.tsql.source import place_of
from app.models import SCHEMAS

_NAME = r"[a-z_][a-z0-9_]*"
_ROLE = re.compile(
    rf"IF\s+DATABASE_PRINCIPAL_ID\s*\(\s*N?'({_NAME})'\s*\)\s+IS\s+NULL\s+CREATE\s+ROLE\s+\[?({_NAME})\]?$", re.I
)
_RIGHT = re.compile(
    rf"(GRANT|REVOKE)\s+(.+?)\s+ON\s+SCHEMA::\[?({_NAME})\]?\s+(?:TO|FROM)\s+\[?({_NAME})\]?$", re.I | re.S
)
_RIGHTS = {"SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE", "CONTROL", "VIEW DEFINITION", "REFERENCES"}


def compile_permissions(path: Path) -> str:
    """The file for PostgreSQL. Raises CompileError for anything but roles and rights on schemas."""
    text = path.read_text(encoding="utf-8")
    lines = []
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", lambda match: " " * len(match.group(0)), text, flags=re.DOTALL)
    for match in re.finditer(r"[^;]+", bare):
        statement = re.sub(r"(?im)^\s*GO\s*$", "", match.group(0)).strip()
        if statement:
            offset = match.start() + len(match.group(0)) - len(match.group(0).lstrip())
            lines.append(_statement(path, statement, place_of(text, offset)))
    return "\n".join(lines)


def _statement(path: Path, statement: str, place: tuple[int, int]) -> str:
    role = _ROLE.match(statement)
    if role and role[1].lower() == role[2].lower():
        # Roles belong to the whole server, so another database may be making the same one at this moment.
        return (
            f"DO $do$ BEGIN CREATE ROLE {role[1]} NOLOGIN;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $do$;"
        )
    right = _RIGHT.match(statement)
    if right and right[3].lower() in SCHEMAS:
        rights = {re.sub(r"\s+", " ", word).strip().upper() for word in right[2].split(",")}
        if rights <= _RIGHTS:
            return _rights(right[1].upper(), rights, right[3].lower(), right[4].lower())
    raise CompileError(str(path), *place, statement.split("\n")[0][:60], "not a statement of sql/permissions",
                       "IF DATABASE_PRINCIPAL_ID(..) IS NULL CREATE ROLE .., GRANT or REVOKE .. ON SCHEMA")  # fmt: skip


def _rights(verb: str, rights: set[str], schema: str, role: str) -> str:
    to = f"{'TO' if verb == 'GRANT' else 'FROM'} {role}"
    if "CONTROL" in rights:
        rights |= {"SELECT", "INSERT", "UPDATE", "DELETE", "EXECUTE"}
    tables = ", ".join(sorted(rights & {"SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES"}))
    lines = [f"GRANT USAGE ON SCHEMA {schema} {to};"] if verb == "GRANT" else []
    if "CONTROL" in rights:
        lines.append(f"{verb} ALL ON SCHEMA {schema} {to};")
    if tables:
        lines.append(f"{verb} {tables} ON ALL TABLES IN SCHEMA {schema} {to};")
    if "INSERT" in rights:
        lines.append(f"{verb} USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} {to};")
    if "EXECUTE" in rights:
        lines.append(f"{verb} EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} {to};")
    elif "SELECT" in rights:
        lines.append(
            "DO $do$ DECLARE f regprocedure; BEGIN FOR f IN SELECT p.oid FROM pg_proc AS p"
            f" JOIN pg_language AS l ON l.oid = p.prolang WHERE p.pronamespace = CAST('{schema}' AS regnamespace)"
            f" AND l.lanname = 'sql' LOOP EXECUTE format('{verb} EXECUTE ON FUNCTION %s {to}', f); END LOOP; END $do$;"
        )
    return "\n".join(lines)
