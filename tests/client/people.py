"""Creates over plain HTTP the users, resets and codes that generated cases need
to succeed. A case may end or delete the users made for it; only the first
administrator is never given to a case."""

import itertools
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import requests

Json = dict[str, Any]

# The policy's scope. A user outside it is not asked to register, so an
# administrator outside gets a full session from sign-in alone.
GROUP = "In scope"
PASSWORD = "correct horse of the client 7"
NEW_PASSWORD = "another horse of the client 8"
# Seconds between two codes: the least that the policy allows.
RESEND_WAIT = 15
# Milliseconds: more than the policy's days until reconfirmation.
LONG_AGO_MS = 400 * 86_400_000


@dataclass
class Answer:
    status: int
    etag: str
    body: Json


@dataclass
class Person:
    """A signed-in user with their own password."""

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
    """A sent code: its challenge, the bearer that may verify it, and its address."""

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
        # Whether a case may have changed the policy or the terms.
        self.unsettled = True
        self.administrator = self.sign_in(administrator["userId"], administrator["password"])
        self.settle()
        # Another code can be requested only after a wait, which begins now.
        self.waiting: deque[tuple[float, Person]] = deque()
        for _ in range(4):
            self.wait_for_resend()
        # Created now, because `key_of` scans the table, which is still small.
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
        """The `ETag` of the policy, and a policy under which these users work."""
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
        policy["limits"] |= {"wrongPasswords": 10, "resendWaitSeconds": RESEND_WAIT, "mailsPerTenMinutes": 10, "mailsPerDay": 200}
        return read.etag, policy

    def terms_etag(self) -> str:
        return self.ask("GET", "/v1/policy/terms", self.administrator, expect=200).etag

    def settle(self) -> None:
        if self.unsettled:
            etag, policy = self.good_policy()
            self.ask("PUT", "/v1/policy", self.administrator, policy, etag, expect=200)
            self.ask("PUT", "/v1/policy/terms", self.administrator, {"terms": []}, self.terms_etag(), expect=200)
            self.unsettled = False

    def cursor(self, path: str, query: Json, authorization: str) -> str | None:
        """The cursor of a list's second page, if the caller gets one."""
        headers, one = {"Authorization": authorization}, query | {"limit": 1}
        return self.http.get(self.api + path, params=one, headers=headers, timeout=30).json().get("cursor")

    # Accounts

    def new_user_id(self) -> str:
        return f"person.{next(self.numbers)}@example.com"

    def user(self, **fields: Any) -> tuple[str, Answer]:
        """A new account with a temporary password."""
        user_id = self.new_user_id()
        user = {"userId": user_id, "name": "New User", "groups": [GROUP]} | fields
        return user_id, self.ask("POST", "/v1/users", self.administrator, user, expect=201)

    def sign_in(self, user_id: str, password: str = PASSWORD) -> str:
        """The session's bearer; empty if sign-in is refused."""
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
        """Waits for the next code to the address."""
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
        """A user with a verified address and an unfinished registration."""
        person = self.person()
        self.prove(self.add_method(person))
        return person

    def wait_for_resend(self) -> None:
        person = self.person()
        self.add_method(person)
        self.waiting.append((time.monotonic(), person))

    def may_resend(self) -> Person | None:
        """A user who has waited long enough for another code, if any."""
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

    # Simulated time: changes times in the embedded table, because functions use the real clock

    def overdue(self) -> str:
        """A session of a user whose methods need reconfirmation."""
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
            # The emulator requires it but does not check it.
            "Authorization": f"AWS4-HMAC-SHA256 {credential}",
        }
        answer = self.http.post(self.table, json=body | {"TableName": "latchkey"}, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()
