"""A small sql/ folder of its own for the tests of deploying, on the real tables."""

from __future__ import annotations

from pathlib import Path

FOLDERS = {"VIEW": "views", "FUNCTION": "functions", "PROCEDURE": "procedures"}


class SqlFolder:
    """Writes objects into a folder like sql/."""

    def __init__(self, path: Path) -> None:
        self.path = path / "sql"
        for name in (*FOLDERS.values(), "permissions"):
            (self.path / name).mkdir(parents=True)
        self.view()
        self.view_above()
        self.function()
        self.procedure()

    def write(self, kind: str, name: str, body: str, returns: str = "", version: str = "1.0.0") -> Path:
        """`body`: what follows the object's name."""
        path = self.path / FOLDERS[kind] / f"{name}.sql"
        returns = f"Returns    {returns}\n" if returns else ""
        path.write_text(
            f"/*\n{name}          version {version}          2026-11-23\n\nA test. It's {kind.lower()}.\n\n"
            f"Called by  tests/deploy/sql_folder.py\nReads      ops.setting, ops.low, ops.above, ops.longer\nWrites     ops.setting\n{returns}Example    -\n*/\n"
            f"CREATE OR ALTER {kind} {name}\n{body}\n",
            encoding="utf-8",
        )
        return path

    def view(self, columns: str = "s.name, s.value", where: str = "1 = 1", version: str = "1.0.0") -> Path:
        return self.write(
            "VIEW", "ops.low", f"AS\nSELECT {columns}\nFROM ops.setting AS s\nWHERE {where};", version=version
        )

    def view_above(self) -> Path:
        return self.write("VIEW", "ops.above", "AS\nSELECT l.name, LEN(l.name) AS length\nFROM ops.low AS l;")

    def function(self, condition: str = "a.length > @least") -> Path:
        body = f"(@least int /* letters */)\nRETURNS TABLE\nAS\nRETURN\n(\nSELECT a.name, a.length FROM ops.above AS a WHERE {condition}\n);"
        return self.write("FUNCTION", "ops.longer", body, "rows: name nvarchar(100), length int")

    def procedure(
        self, parameters: str = "@least int = 0 /* letters */", more: str = "", returns: str = "one row: number int"
    ) -> Path:
        body = (
            f"    {parameters}\nAS\nSET NOCOUNT ON;\nSET XACT_ABORT ON;\n\n-- how many there are\nDECLARE @number int;\n"
            f"SELECT @number = COUNT(*) FROM ops.longer(@least) AS l;\n{more}SELECT @number AS number;"
        )
        return self.write("PROCEDURE", "ops.count_longer", body, returns)

    def permissions(self, text: str) -> Path:
        path = self.path / "permissions" / "roles.sql"
        path.write_text(text, encoding="utf-8")
        return path


NAMES = ["ops.above", "ops.count_longer", "ops.longer", "ops.low"]
