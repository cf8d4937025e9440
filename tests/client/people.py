"""The system as its people use it, by plain HTTP: what has to be there before
a generated case can succeed. Everybody is made for a case or a few and may be
lost to them; only the first administrator is never lent out."""

import itertools
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import requests

Json = dict[str, Any]

# The policy's scope. Whoever is outside is not asked to register: for an
# administrator out there a sign-in alone gives a full session.
GROUP = "In scope"
PASSWORD = "correct horse of the client 7"
NEW_PASSWORD = "another horse of the client 8"
# The least the policy allows, and a second for the clocks.
RESEND_WAIT = 15
# More than the policy's days of reconfirmation.
LONG_AGO_MS = 400 * 86_400_000


@dataclass
class Answer:
    status: int
    etag: str
    body: Json


@dataclass
class Person:
    """Somebody with a password of their own, signed in."""

    user_id: str
    bearer: str

    @property
    def address(self) -> str:
        return f"private.{self.user_id}"


@dataclass
class Reset:
    id: str
    bearer: str


@dataclass
class Sent:
    """A code on its way, and who may bring it back."""

    challenge: str
    bearer: str
    address: str


def bearing(bearer: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer}"} if bearer else {}


class People:
    def __init__(self, port: int, administrator: Json) -> None:
        self.api, self.inbox, self.table = (f"http://127.0.0.1:{port + i}" for i in range(3))
        self.http = requests.Session()
        self.numbers = itertools.count(1)
        self.newest_read: dict[str, int] = {}
        # Whether the policy or the terms may be others than these people need.
        self.unsettled = True
        self.administrator = self.sign_in(administrator["userId"], administrator["password"])
        self.settle()
        # Another code may be asked for only after a while: it begins now.
        self.waiting: deque[tuple[float, Person]] = deque()
        for _ in range(4):
            self.wait_for_resend()
        # Found while the table is small; its time is moved back at each use.
        self.overdue_person = self.registered()
        self.ask("POST", "/v1/me/registration/finish", self.overdue_person.bearer, expect=200)
        self.overdue_key = self.key_of(self.overdue_person)

    def ask(
        self, method: str, path: str, bearer: str = "", body: Any = None, etag: str = "", expect: int | None = None
    ) -> Answer:
        headers = bearing(bearer) | ({"If-Match": etag} if etag else {})
        got = self.http.request(method, self.api + path, json=body, headers=headers, timeout=30)
        if expect not in (None, got.status_code):
            raise AssertionError(f"{method} {path} answered {got.status_code}, not {expect}: {got.text}")
        return Answer(got.status_code, got.headers.get("ETag", ""), got.json() if got.content else {})

    # The policy

    def good_policy(self) -> tuple[str, Json]:
        """The `ETag` of the policy, and one to save that these people can live with."""
        read = self.ask("GET", "/v1/policy", self.administrator, expect=200)
        policy = read.body["policy"]
        policy |= {
            "scope": {"type": "selected", "groups": [GROUP]},
            "methods": ["email", "mobilePhone"],
            "smsCountries": ["AU"],
            "kindsRequired": 1,
            "confirmDestination": "none",
            "registration": {"required": True, "postponeDays": 7, "reconfirmDays": 180},
            "code": {"digits": 8, "lifetimeMinutes": 5, "guesses": 5},
            "password": {"minimumLength": 15},
        }
        policy["limits"] |= {"wrongPasswords": 10, "resendWaitSeconds": RESEND_WAIT, "mailsPerTenMinutes": 10}
        return read.etag, policy

    def terms_etag(self) -> str:
        return self.ask("GET", "/v1/policy/terms", self.administrator, expect=200).etag

    def settle(self) -> None:
        if self.unsettled:
            etag, policy = self.good_policy()
            self.ask("PUT", "/v1/policy", self.administrator, policy, etag, expect=200)
            self.ask("PUT", "/v1/policy/terms", self.administrator, {"terms": []}, self.terms_etag(), expect=200)
            self.unsettled = False

    def cursor(self, path: str, query: Json) -> str | None:
        """Where the second page of a list begins, if there is one."""
        headers, one = bearing(self.administrator), query | {"limit": 1}
        return self.http.get(self.api + path, params=one, headers=headers, timeout=30).json().get("cursor")

    # Accounts

    def new_user_id(self) -> str:
        return f"person.{next(self.numbers)}@example.com"

    def user(self, **fields: Any) -> tuple[str, Answer]:
        """A new account with a temporary password."""
        user_id = self.new_user_id()
        user = {"userId": user_id, "name": "Somebody New", "groups": [GROUP]} | fields
        return user_id, self.ask("POST", "/v1/users", self.administrator, user, expect=201)

    def sign_in(self, user_id: str, password: str = PASSWORD) -> str:
        """The session's bearer; empty where sign-in is refused."""
        return self.ask("POST", "/v1/sign-in", body={"userId": user_id, "password": password}).body.get("bearer", "")

    def person(self, **fields: Any) -> Person:
        user_id, made = self.user(**fields)
        temporary = made.body["temporaryPassword"]
        change = {"currentPassword": temporary, "newPassword": PASSWORD}
        changed = self.ask("PUT", "/v1/me/password", self.sign_in(user_id, temporary), change, expect=200)
        return Person(user_id, changed.body["bearer"])

    # Registration

    def add_method(self, person: Person) -> Sent:
        method = {"kind": "email", "destination": person.address}
        sent = self.ask("POST", "/v1/me/methods", person.bearer, method, expect=202)
        return Sent(sent.body["challengeId"], person.bearer, person.address)

    def code(self, sent: Sent) -> str:
        """The next code that comes to the address."""
        while True:
            query = {"to": sent.address, "after": self.newest_read.get(sent.address, 0), "wait": 10}
            message = self.http.get(f"{self.inbox}/api/messages", params=query, timeout=30).json()["messages"][0]
            self.newest_read[sent.address] = message["id"]
            if message["code"]:
                return message["code"]

    def prove(self, sent: Sent) -> None:
        path = f"/v1/challenges/{sent.challenge}/verify"
        self.ask("POST", path, sent.bearer, {"code": self.code(sent)}, expect=200)

    def registered(self) -> Person:
        """Somebody with a verified address, whose registration is not finished."""
        person = self.person()
        self.prove(self.add_method(person))
        return person

    def wait_for_resend(self) -> None:
        person = self.person()
        self.add_method(person)
        self.waiting.append((time.monotonic(), person))

    def may_resend(self) -> Person | None:
        """Somebody who waited long enough for another code, if there is one yet."""
        since, person = self.waiting[0]
        if time.monotonic() < since + RESEND_WAIT + 1:
            return None
        self.waiting.popleft()
        self.wait_for_resend()
        return person

    # Reset

    def start_reset(self, user_id: str) -> Reset:
        started = self.ask("POST", "/v1/resets", body={"userId": user_id}, expect=201)
        return Reset(started.body["resetId"], started.body["bearer"])

    def send_code(self, reset: Reset, address: str) -> Sent:
        sent = self.ask("POST", f"/v1/resets/{reset.id}/challenges", reset.bearer, {"kind": "email"}, expect=202)
        return Sent(sent.body["challengeId"], reset.bearer, address)

    # Days that pass, in the embedded table: no function has a clock to move

    def overdue(self) -> str:
        """A session of somebody whose methods are to be confirmed anew."""
        moved = {
            "Key": self.overdue_key,
            "UpdateExpression": "SET confirmedAt = :then",
            "ExpressionAttributeValues": {":then": {"N": str(time.time_ns() // 1_000_000 - LONG_AGO_MS)}},
        }
        self.on_table("UpdateItem", moved)
        return self.sign_in(self.overdue_person.user_id)

    def key_of(self, person: Person) -> Json:
        values = {":u": {"S": person.user_id}}
        found = self.on_table("Scan", {"FilterExpression": "userId = :u", "ExpressionAttributeValues": values})
        return {name: found["Items"][0][name] for name in ("pk", "sk")}

    def on_table(self, operation: str, body: Json) -> Json:
        credential = "Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
        headers = {
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
            "X-Amz-Date": "20260101T000000Z",
            "Content-Type": "application/x-amz-json-1.0",
            # Nobody checks it, but it has to be there.
            "Authorization": f"AWS4-HMAC-SHA256 {credential}",
        }
        answer = self.http.post(self.table, json=body | {"TableName": "latchkey"}, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()
