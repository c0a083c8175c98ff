"""The resources of a file, alone, in a list, one a line or in Bundles, and what their references name.

Source: HL7 FHIR R4 4.0.1, "Bundle" and "Resolving references in Bundles".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

import attrs

from ..errors import Fault, InputError
from .elements import Element

K = TypeVar("K")
_NAMED: Final = ("Claim", "ClaimResponse", "ExplanationOfBenefit", "Encounter", "Procedure")
_TYPE: Final = re.compile("[A-Z][A-Za-z]{2,40}")


@attrs.frozen
class Entry:
    """One resource of a file: where it stands, and the address a Bundle gives it."""

    data: dict[str, Any] = attrs.field(repr=False)
    place: str
    full_url: str = ""

    @property
    def kind(self) -> str:
        """The type of the resource."""
        return str(self.data["resourceType"])

    @property
    def id(self) -> str | None:
        """The id the server gives it, where it is one."""
        found = self.data.get("id")
        return found if isinstance(found, str) and re.fullmatch(r"[A-Za-z0-9.\-]{1,64}", found) else None

    @property
    def where(self) -> str:
        """Its place and its name, as "entry[2], Claim/RB-0001"; the id of a Patient or a Coverage may be the member's, and is not repeated."""
        name = f"{self.kind}/{self.id}" if self.id and self.kind in _NAMED else self.kind
        return ", ".join(part for part in (self.place, name) if part)

    def element(self, faults: list[Fault]) -> Element:
        """The resource as an element; its faults go to the list."""
        return Element(self.data, self.kind, self.kind, faults)


@attrs.frozen
class Box:
    """The resources of a file; `partial` says that the file is one page of several."""

    entries: tuple[Entry, ...]
    partial: bool = False
    _by_kind: dict[str, list[Entry]] = attrs.field(init=False, repr=False, eq=False)
    _by_url: dict[str, Entry] = attrs.field(init=False, repr=False, eq=False)
    _by_id: dict[tuple[str, str], list[Entry]] = attrs.field(init=False, repr=False, eq=False)

    @_by_kind.default
    def _kinds_of_entries(self) -> dict[str, list[Entry]]:
        return _grouped((one.kind, one) for one in self.entries)

    @_by_url.default
    def _urls_of_entries(self) -> dict[str, Entry]:
        return {one.full_url: one for one in reversed(self.entries) if one.full_url}

    @_by_id.default
    def _ids_of_entries(self) -> dict[tuple[str, str], list[Entry]]:
        return _grouped(((one.kind, one.id), one) for one in self.entries if one.id)

    def of(self, kind: str) -> list[Entry]:
        """The resources of a type, in the order of the file."""
        return self._by_kind.get(kind, [])

    def kinds(self) -> str:
        """The types that are there."""
        return ", ".join(sorted({one.kind for one in self.entries})) or "nothing"

    def find(self, reference: Element | None) -> Element | None:
        """The resource that a reference names: contained, or in the file; None where it is not here."""
        text = reference.text("reference") if reference is not None else None
        if reference is None or text is None:
            return None
        if text.startswith("#"):
            return _contained(reference, text[1:])
        found = self.entry(text)
        return None if found is None else found.element(reference.faults)

    def entry(self, text: str) -> Entry | None:
        """The resource of a reference's text: by its whole address, else by type and id."""
        text = text.partition("/_history/")[0]
        if text in self._by_url:
            return self._by_url[text]
        kind, _, name = text.rpartition("/")
        near = self._by_id.get((kind.rpartition("/")[2], name), [])
        return near[0] if len(near) == 1 else None

    def named(self, reference: Element | None) -> Entry | None:
        """The entry of the file that a reference names."""
        text = reference.text("reference") if reference is not None else None
        return None if text is None else self.entry(text)


def _grouped(pairs: Iterable[tuple[K, Entry]]) -> dict[K, list[Entry]]:
    found: dict[K, list[Entry]] = {}
    for key, one in pairs:
        found.setdefault(key, []).append(one)
    return found


def _contained(reference: Element, name: str) -> Element | None:
    root = reference.root
    for one in root.each("contained", "contained"):
        if one.data.get("id") == name:
            kind = one.data.get("resourceType")
            return Element(one.data, kind if isinstance(kind, str) else "", one.path, reference.faults)
    reference.say("reference", "nothing contained in this resource has that id")
    return None


def key_of(reference: Element | None) -> str | None:
    """What a reference names, for holding two of them against each other: its last part, without version and server."""
    text = reference.text("reference") if reference is not None else None
    if reference is None or text is None or text.startswith("#"):
        return None
    return text.partition("/_history/")[0].rpartition("/")[2] or None


def box_of(records: Iterable[tuple[str, Any]]) -> Box:
    """Unpack the records of a file, each with its place, into resources.

    Raises InputError where one is no resource, where one stands there twice and differs, or where the server says that its answer failed.
    """
    entries: list[Entry] = []
    faults: list[Fault] = []
    pages: list[bool] = []
    for place, data in records:
        entries.extend(_unpacked(data, place, "", faults, pages))
    found = _once(entries, faults)
    faults += [Fault(one.where, "the server's answer reports an error: the file may lack what was asked for") for one in found if _failed(one)]
    if faults:
        raise InputError(faults)
    return Box(tuple(found), any(pages))


def _unpacked(data: Any, place: str, full_url: str, faults: list[Fault], pages: list[bool]) -> Iterator[Entry]:
    kind = data.get("resourceType") if isinstance(data, dict) else None
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        faults.append(Fault(place or "resourceType", "it is no FHIR resource: it names no resourceType"))
    elif kind != "Bundle":
        yield Entry(data, place, full_url)
    else:
        bundle = Element(data, "Bundle", f"{place} Bundle".strip(), faults)
        if data.get("type") == "history":
            bundle.say("type", "a history holds old versions beside the new: give the resources as they are now")
        pages.append(any(link.data.get("relation") == "next" for link in bundle.each("link", "link")))
        for index, entry in enumerate(bundle.each("entry", "entry")):
            where = f"{place}{'.' if place else ''}entry[{index}]"
            if "resource" in entry.data:
                url = entry.text("fullUrl") or ""
                yield from _unpacked(entry.data["resource"], where, url, faults, pages)
            elif "request" not in entry.data and "response" not in entry.data:
                faults.append(Fault(where, "there is no resource in it"))


def _once(entries: Iterable[Entry], faults: list[Fault]) -> list[Entry]:
    """Each resource once: pages overlap. Two that differ under one name are told, for nobody can say which holds."""
    found: dict[tuple[str, str, str], Entry] = {}
    unnamed: list[Entry] = []
    for one in entries:
        key = (one.full_url.rpartition("/")[0], one.kind, one.id or "")
        if one.id is None:
            unnamed.append(one)
        elif key in found and found[key].data != one.data:
            faults.append(Fault(one.where, f"it stands in the file twice, and differs: the other is {found[key].place or 'the first'}"))
        else:
            found.setdefault(key, one)
    kept = {id(one) for one in (*found.values(), *unnamed)}
    return [one for one in entries if id(one) in kept]


def _failed(entry: Entry) -> bool:
    issues = entry.data.get("issue") if entry.kind == "OperationOutcome" else None
    return any(isinstance(one, dict) and one.get("severity") in ("fatal", "error") for one in issues or ()) if isinstance(issues, list) else False
