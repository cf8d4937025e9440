"""Tests `infra/restore` in a local DynamoDB with the kept items of every kind:
what it puts back, and what it leaves out."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
from typing import Any

import boto3
from local import laptop
from moto import mock_aws
from template import ROOT, Template

# Prefixes of items that a restore must not copy: they expire, and known devices may be
# older than what made them strangers.
NEVER = ("BUDGET#", "DEST#", "DEVICE#", "FLAGS#", "IDEM#", "LEDGER#", "LOCK#", "OUTBOX#", "RESET#", "SENT#", "SESSION#", "SRC#")


def tool() -> Any:
    loader = importlib.machinery.SourceFileLoader("restore", str(ROOT / "infra/restore"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("restore", loader))
    loader.exec_module(module)
    return module


def kept() -> list[dict[str, Any]]:
    (newest,) = sorted((ROOT / "tests/golden/items").glob("*.json"))[-1:]
    return json.loads(newest.read_text())["items"]


def unlike(t: Template) -> list[str]:
    """The differences in what a restore did."""
    restore, items, wrong = tool(), kept(), []

    def expect(true: bool, what: str) -> None:
        wrong.extend([] if true else [what])

    with mock_aws(), contextlib.redirect_stdout(io.StringIO()):
        client = boto3.client("dynamodb")

        def there(name: str, put: list[dict[str, Any]]) -> None:
            client.create_table(**laptop(t) | {"TableName": name})
            for item in put:
                client.put_item(TableName=name, Item=item)

        def living(name: str) -> dict[tuple[str, str], dict[str, Any]]:
            return {restore.key(item): item for item in restore.items(client, name)}

        there("restored", items)
        there("empty", [])
        restore.main(["restored", "empty"])
        expect(not living("empty"), "it wrote without --write")
        restore.main(["restored", "empty", "--write"])
        back = living("empty")
        expected = {restore.key(item) for item in items if not item["pk"]["S"].startswith(NEVER)}
        expect(set(back) == expected, f"missing or unexpected after a restore: {sorted(set(back) ^ expected)}")
        for item in items:
            again = back.get(restore.key(item))
            if again and item["pk"]["S"].startswith("ACCT#"):
                expect(int(again["generation"]["N"]) > int(item["generation"]["N"]), "older sessions would become valid again")
                expect(again["devicesSince"] == again["generation"], "older devices would become known again")
                changed = {name: again[name] for name in again if name not in ("generation", "devicesSince")}
                expect(changed == {name: item[name] for name in item if name not in ("generation", "devicesSince")}, "an account came back changed")
            elif again:
                expect(again == item, f"{restore.key(item)} came back changed")

        # One account is lost, one was deleted by an administrator, one has a newer
        # password.
        lost, deleted, moved = [item for item in items if item["pk"]["S"].startswith("ACCT#") and item["role"]["S"] == "user"][:3]
        gone = {restore.handle(lost), restore.handle(deleted)}
        entry = {"pk": {"S": f"AUDIT#{restore.handle(deleted)}"}, "sk": {"S": "9#x"}, "event": {"S": "userDeleted"}}
        now = [item for item in items if not (restore.handle(item) in gone and item["pk"]["S"].startswith(("ACCT#", "NAME#", "GROUP#")))]
        now = [item | {"hash": {"S": "newer"}} if item == moved else item for item in now]
        there("living", [*now, entry])
        restore.main(["restored", "living", "--write"])
        back = living("living")
        expect(restore.key(lost) in back, "a lost account did not come back")
        expect(restore.key(deleted) not in back, "a deleted account came back")
        expect(not any(restore.handle(item) == restore.handle(deleted) and pk.startswith("NAME#") for (pk, _), item in back.items()), "a deleted account's search words came back")
        expect(back[restore.key(moved)]["hash"]["S"] == "newer", "an existing account was overwritten")
        restore.main(["restored", "living", "--write", "--replace", moved["userId"]["S"].upper(), "--deleted-too"])
        back = living("living")
        expect(restore.key(deleted) in back, "a deleted account did not come back on request")
        expect(back[restore.key(moved)]["hash"] == moved["hash"], "an account was not replaced")
    return wrong
