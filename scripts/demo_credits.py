"""The second half of `make demo`: the same acts once more, as credits that are verified, issued, sold, retired and shared."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Protocol

METHODOLOGY, VINTAGE = "CI-02.CN-4403", "2023"
BENEFICIARY = "Example Data Centre Ltd"
PRICE = "60"
BODY, LINK = "China Quality Certification Center", "https://registry.example"


class Story(Protocol):
    """What a story can do: run commands and tell."""

    home: Path
    reports: Path

    def heading(self, text: str) -> None:
        """A line between chapters."""

    def run(self, *words: str) -> Any:
        """One command, shown; its JSON."""


def tell(story: Story) -> None:
    """From closed batches to shares in citizens' hands; the last line says where every milligram is."""
    story.heading("A claim: recomputed and signed by the committee, sampled by a verifier, on public notice")
    issue(story)
    story.heading("The market: an ask, two purchases that sell it out, three retirements")
    sell(story)
    story.heading("Shares: the citizens whose reductions were sold are paid")
    share(story)
    close(story)


def issue(story: Story) -> None:
    """A series from the closed batches."""
    opened = story.run("certify", "open", "--methodology", METHODOLOGY, "--vintage", VINTAGE, "--key", "transit")
    added = story.run("certify", "add", "1")
    print(
        f"   {added['batches']} batches enter, {len(opened['left_out'])} are not closed; at most {added['bound_t']} t"
    )
    submitted = story.run("certify", "submit", "1")
    print(
        f"   {submitted['claimed_t']} t of {submitted['accounts']} citizens, signed by {submitted['signatures']} members"
    )
    story.run("certify", "appoint", "1", "--verifier", "verifier-1")
    story.run("clock", "--blocks", "11")
    drawn = story.run("certify", "draw", "1")
    found = write_findings(story, Path(drawn["samples"]))
    checked = story.run("certify", "check", "1", "--findings", str(found))
    while " extend " in checked["next"]:
        print(
            f"   {checked['hits']} hits, {checked['errors']} in error: {checked['limit_ppm']} ppm is too much, more are drawn"
        )
        story.run("certify", "extend", "1", "--to", checked["next"].split()[-1], "--findings", str(found))
        checked = story.run("certify", "check", "1", "--findings", str(found))
    print(
        f"   {checked['hits']} hits, {checked['errors']} in error: {checked['limit_ppm']} ppm, {checked['certifiable_t']} t certified"
    )
    story.run("certify", "attest", "1")
    story.run("certify", "notice", "1", "--key", "authority-1")
    story.run("clock", "--advance", "11")
    issued = story.run("certify", "issue", "1", "--key", "authority-2")
    print(f"   series 1: {issued['issued_t']} t, {issued['buffer_t']} t of them buffer")


def write_findings(story: Story, samples: Path) -> Path:
    """What the verifier found: of one sampled trip only four fifths are supported."""
    with samples.open(newline="") as file:
        rows = list(csv.DictReader(file))
    hits = [row["record_id"] for row in rows]
    first = next(row for row in rows if hits.count(row["record_id"]) == 1)
    path = story.home.parent / "found.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["record_id", "supported_quantity", "reason"])
        writer.writerow([first["record_id"], int(first["quantity"]) * 4 // 5, "the line's map is a fifth shorter"])
    return path


def sell(story: Story) -> None:
    """An ask, two purchases, three retirements."""
    stock = story.run("certify", "show", "1")["stock_t"]
    through = ("--through", f"{VINTAGE}-12-31", "--order", "L-1", "--key", "transit")
    story.run("market", "list", "1", "--tonnes", stock, "--price", PRICE, *through)
    story.run("clock", "--advance", "2")
    whole = milligrams(stock)
    first, second = whole * 2 // 3, whole - whole * 2 // 3
    for buyer, mg in (("buyer-1", first), ("buyer-2", second)):
        bought = story.run("market", "buy", f"{mg}mg", "--max-price", PRICE, "--order", f"{buyer}-1", "--key", buyer)
        print(f"   {bought['state']}")
    wanted = (
        ("R-1", "buyer-1", first // 2, "voluntary"),
        ("R-2", "buyer-1", first // 4, "event"),
        ("R-3", "buyer-2", second // 2, "voluntary"),
    )
    for order, buyer, mg, purpose in wanted:
        said = ("--for", BENEFICIARY, "--period", "2022", "--purpose", purpose)
        retired = story.run("retire", f"{mg}mg", *said, "--order", order, "--key", buyer)
        print(f"   {retired['state']}")
    certificate = story.run("certificate", "list")["certificates"][0]["certificate"]
    for kind, suffix in (("picture", "svg"), ("pdf", "pdf")):
        story.run("certificate", kind, certificate, "--out", str(story.home.parent / f"certificate.{suffix}"))


def share(story: Story) -> None:
    """The round that opens because the stock is sold out, and everybody's part."""
    print(f"   {story.run('shares', 'round', '1')['state']}")
    print(f"   {story.run('shares', 'push', '1')['state']}")
    folder = str(story.reports / "cadtrust")
    exported = story.run("export", "cadtrust", "--out", folder, "--body", BODY, "--link", LINK)
    rows = sum(file["rows"] for file in exported["files"])
    print(f"   {len(exported['files'])} tables of CAD Trust with {rows} rows, checked against its schema")


def close(story: Story) -> None:
    """The line that closes: where every certified milligram is.

    Raises:
        ValueError: It does not close.
    """
    shown = story.run("certify", "show", "1")
    parts = ("stock", "buffer", "held", "retired", "cancelled")
    line = " + ".join(f"{shown[f'{part}_t']} {part}" for part in parts)
    if milligrams(shown["certified_t"]) != sum(milligrams(shown[f"{part}_t"]) for part in parts):
        raise ValueError(f"certified {shown['certified_t']} is not {line}")
    print(f"   certified {shown['certified_t']} t = {line}")


def milligrams(tonnes: str) -> int:
    """Milligrams of exact tonnes."""
    whole, _, rest = tonnes.partition(".")
    return int(whole) * 10**9 + int(rest.ljust(9, "0"))
