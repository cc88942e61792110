"""Follows SQL through helpers: a function that sends what it is given makes a place of each of its calls.

Invariant: only calls that certainly reach the helper are followed. Not here: finding the helpers' own places (raw.py).
"""

import ast
from collections import defaultdict
from collections.abc import Callable

from pgwitness.audit.catalogue import Place
from pgwitness.audit.code import Code, Sent
from pgwitness.audit.scopes import FunctionNode, Scope
from pgwitness.audit.texts import Given, Text, passed

_LEVELS_MAX = 4
Calls = dict[str, list[tuple[ast.Call, Scope]]]


def follow_helpers(code: Code) -> list[tuple[Place, Place]]:
    """Adds a place for each call of a helper. Returns (place, the helper's place)."""
    calls = _calls(code)
    links: list[tuple[Place, Place]] = []
    for sent in list(code.sent):
        texts = code.texts.of(sent.node, sent.scope)
        _follow(code, calls, links, (sent, sent.place, texts, lambda given: given, 0))
    return links


def _calls(code: Code) -> Calls:
    """Calls by the function of the project that they certainly reach."""
    calls: Calls = defaultdict(list)
    for _, node, scope in code.calls():
        callee = code.kinds.of(node.func, scope)
        if callee is None:
            continue
        if callee.name == "function":
            calls[callee.of].append((node, scope))
        elif callee.name == "class":
            for owner in code.kinds.lineage(callee.of):
                if f"{owner}.__init__" in code.kinds.symbols:
                    calls[f"{owner}.__init__"].append((node, scope))
                    break
    return calls


Level = tuple[Sent, Place, list[Text], Callable[[Given], Given], int]


def _follow(code: Code, calls: Calls, links: list[tuple[Place, Place]], level: Level) -> None:
    sent, helper, texts, given_of, depth = level
    owners = {code.owners[one] for text in texts for one in text.parameters if one in code.owners}
    if not owners or depth >= _LEVELS_MAX:
        return
    for qualified, function in owners:
        if isinstance(function, ast.Lambda):
            continue
        reached = [one for one in calls.get(qualified, []) if not _inside(one[1], function)]
        if reached:
            helper.resolved, helper.unresolved = True, None
        elif not any(not text.holes for text in texts):
            helper.resolved, helper.unresolved = False, f"its text is a parameter of {function.name}, and no call of it was found"
        for node, scope in reached:
            outer = _given(node, function, scope, given_of)
            found = code.texts.of(sent.node, sent.scope, outer({}))
            place = code.places.get(node)
            if place is None:
                place = code.place(node, scope, helper.kind, function.name)
                place.database = helper.database
                links.append((place, helper))
            code.add_texts(place, found, sent.form)
            _follow(code, calls, links, (sent, place, found, outer, depth + 1))


def _given(node: ast.Call, function: FunctionNode, scope: Scope, inner: Callable[[Given], Given]) -> Callable[[Given], Given]:
    assert not isinstance(function, ast.Lambda)
    named = function

    def outer(given: Given) -> Given:
        return inner(passed(node, named, (scope, given)))

    return outer


def _inside(scope: Scope, function: FunctionNode) -> bool:
    """A helper that calls itself is no caller."""
    inner: Scope | None = scope
    while inner is not None:
        if inner.node is function:
            return True
        inner = inner.outer
    return False
