"""Finding what a connection to SQL Server needs: pyodbc, the driver manager libodbc, and Microsoft's ODBC driver.

The driver comes in the wheel mssql-python-odbc and is named by its path, so that neither Microsoft's package source nor
odbcinst.ini is needed. Only libodbc.so.2 has to come from the system.
"""

from __future__ import annotations

import importlib
import importlib.util
import platform
from pathlib import Path
from types import ModuleType

from app.errors import AcmError
from app.i18n import gettext as _

#: Words of /etc/os-release (ID, ID_LIKE) and the folder of the wheel with a driver for such a system.
_FAMILIES = {
    "debian": "debian_ubuntu",
    "ubuntu": "debian_ubuntu",
    "rhel": "rhel",
    "fedora": "rhel",
    "centos": "rhel",
    "suse": "suse",
    "opensuse": "suse",
    "sles": "suse",
    "alpine": "alpine",
}


def load_pyodbc() -> ModuleType:
    """The module pyodbc. Raises AcmError that names the missing package."""
    try:
        return importlib.import_module("pyodbc")
    except ModuleNotFoundError as error:
        raise AcmError(
            _("SQL Server needs the package pyodbc, which is not installed."),
            _("Run `pip install 'acm[mssql]'`."),
        ) from error
    except ImportError as error:
        raise AcmError(
            _("SQL Server needs the system library libodbc.so.2, which is not installed."),
            _("Run `apt-get install libodbc2` (Debian, Ubuntu) or `dnf install unixODBC` as root."),
        ) from error


def find_driver() -> str:
    """What to write after DRIVER=: the wheel's driver by path, else one registered with the driver manager.

    Raises AcmError when there is none.
    """
    pyodbc = load_pyodbc()
    wheel = importlib.util.find_spec("mssql_python_odbc")
    if wheel is not None and wheel.submodule_search_locations:
        libraries = Path(wheel.submodule_search_locations[0]) / "libs" / platform.system().lower()
        machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
        for family in _system_families():
            for found in sorted((libraries / family / machine / "lib").glob("libmsodbcsql-*.so*")):
                return str(found)
    registered = [name for name in pyodbc.drivers() if name.startswith("ODBC Driver") and "SQL Server" in name]
    if registered:
        return str(sorted(registered)[-1])
    raise AcmError(
        _("There is no ODBC driver for SQL Server."),
        _("Run `pip install mssql-python-odbc`, or install Microsoft's package msodbcsql18."),
    )


def _system_families() -> list[str]:
    """Folders of the wheel to look into, those of this system's family first."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    words = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".lower().split()
    own = [folder for word, folder in _FAMILIES.items() if any(part.startswith(word) for part in words)]
    return list(dict.fromkeys([*own, "debian_ubuntu", "rhel", "suse"]))
