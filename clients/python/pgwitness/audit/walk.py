"""The steps of an audit, in order: files, scopes, kinds, places of each kind, helpers, entries.

Invariant: the same code gives the same catalogue, byte for byte. Not here: printing and writing it (__main__.py).
"""

from pathlib import Path

from pgwitness.audit.alchemy import find_sqlalchemy
from pgwitness.audit.catalogue import Catalogue, Place, name_places
from pgwitness.audit.code import Code
from pgwitness.audit.entries import find_commands, find_jobs, find_routes
from pgwitness.audit.helpers import follow_helpers
from pgwitness.audit.orm import find_orm
from pgwitness.audit.project import read_project
from pgwitness.audit.raw import find_raw


def audit(root: Path, exclude: tuple[str, ...] = (), tests: bool = False) -> Catalogue:
    """The catalogue of the code below `root`. Raises NotADirectoryError; a file that cannot be read is told in it."""
    project = read_project(root, exclude, tests)
    code = Code(project)
    # Raw first: what it takes, a chain of the ORM no longer is.
    find_raw(code)
    find_sqlalchemy(code)
    find_orm(code)
    links = follow_helpers(code)
    places: list[Place] = list(code.places.values())
    name_places(places)
    for place, helper in links:
        place.via = helper.id
    return Catalogue(
        root=str(root),
        places=places,
        routes=find_routes(code),
        jobs=find_jobs(code),
        commands=find_commands(code),
        unread=project.unread,
    )
