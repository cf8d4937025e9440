"""`infra/restore`, in a local DynamoDB with the kept items of every kind: what
it puts back, and what not."""

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

# What time has ended by the time of a restore, or what must not come back.
NEVER = ("BUDGET#", "DEST#", "FLAGS#", "IDEM#", "LEDGER#", "LOCK#", "OUTBOX#", "RESET#", "SENT#", "SESSION#", "SRC#")


def tool() -> Any:
    loader = importlib.machinery.SourceFileLoader("restore", str(ROOT / "infra/restore"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("restore", loader))
    loader.exec_module(module)
    return module


def kept() -> list[dict[str, Any]]:
    (newest,) = sorted((ROOT / "tests/golden/items").glob("*.json"))[-1:]
    return json.loads(newest.read_text())["items"]


def unlike(t: Template) -> list[str]:
    """What a restore did otherwise."""
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
        expect(set(back) == expected, f"not put back, or too much: {sorted(set(back) ^ expected)}")
        for item in items:
            again = back.get(restore.key(item))
            if again and item["pk"]["S"].startswith("ACCT#"):
                expect(int(again["generation"]["N"]) > int(item["generation"]["N"]), "sessions of before would live again")
                expect(again | {"generation": item["generation"]} == item, "an account came back otherwise")
            elif again:
                expect(again == item, f"{restore.key(item)} came back otherwise")

        # One is lost, one was deleted by an administrator, one has another
        # password by now.
        lost, deleted, moved = [item for item in items if item["pk"]["S"].startswith("ACCT#") and item["role"]["S"] == "user"][:3]
        gone = {restore.handle(lost), restore.handle(deleted)}
        told = {"pk": {"S": f"AUDIT#{restore.handle(deleted)}"}, "sk": {"S": "9#x"}, "event": {"S": "userDeleted"}}
        now = [item for item in items if not (restore.handle(item) in gone and item["pk"]["S"].startswith(("ACCT#", "NAME#", "GROUP#")))]
        now = [item | {"hash": {"S": "newer"}} if item == moved else item for item in now]
        there("living", [*now, told])
        restore.main(["restored", "living", "--write"])
        back = living("living")
        expect(restore.key(lost) in back, "a lost account did not come back")
        expect(restore.key(deleted) not in back, "a deleted account came back")
        expect(not any(restore.handle(item) == restore.handle(deleted) and pk.startswith("NAME#") for (pk, _), item in back.items()), "its words did")
        expect(back[restore.key(moved)]["hash"]["S"] == "newer", "an account that was there was written over")
        restore.main(["restored", "living", "--write", "--replace", moved["userId"]["S"].upper(), "--deleted-too"])
        back = living("living")
        expect(restore.key(deleted) in back, "a deleted account did not come back when it was asked for")
        expect(back[restore.key(moved)]["hash"] == moved["hash"], "an account was not replaced")
    return wrong
