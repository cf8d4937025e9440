"""Turns generated requests into requests that can succeed on a running system.

Every case that needs a session or a reset gets a live one. Some of the valid
cases are also *primed*: their IDs, their `If-Match` and mostly their body are
replaced with those of objects created a moment before, so that the operation
can succeed. Cases that are invalid on purpose stay invalid."""

import atexit
import itertools
import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import schemathesis
from people import NEW_PASSWORD, PASSWORD, Json, People, Person, Reset, bearing
from schemathesis import AuthContext, Case, HookContext, Response
from schemathesis.generation.meta import TestPhase

# A placeholder for the credential, which is set when the case is sent: one from the
# time when the case was generated may have expired by then.
LATER = "Bearer later"
# Every second case of an operation is primed; every second of those keeps its
# generated body.
PRIMED = 2

ADMINISTRATOR: Json = json.loads(os.environ["LATCHKEY_CLIENT_ADMINISTRATOR"])
people = People(int(os.environ["LATCHKEY_CLIENT_PORT"]), ADMINISTRATOR)


class Lent:
    """The session and the reset that cases share until a case ends them."""

    who: Person | None = None
    what: Reset | None = None
    # The number of administrators created, and of repeated sign-ins.
    made, anew = 0, 0

    def session(self) -> str:
        """Returns an administrator's bearer. After the session ended, signs in again, or creates a new administrator if sign-in is refused."""
        if self.who and not self.who.bearer:
            self.who.bearer = people.sign_in(self.who.user_id)
            self.anew += 1
        if not self.who or not self.who.bearer:
            self.who = people.person(role="administrator", groups=[])
            self.made += 1
        return self.who.bearer

    def reset(self) -> Reset:
        self.what = self.what or people.start_reset(people.new_user_id())
        return self.what

    def lost(self, bearer: str) -> None:
        if self.who and self.who.bearer == bearer:
            self.who.bearer = ""
        if self.what and self.what.bearer == bearer:
            self.what = None


lent = Lent()


@dataclass
class Ready:
    """The values that make a case succeed. A missing value stays as generated."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str | None] = field(default_factory=dict)
    bearer: str = ""
    etag: str = ""
    body: Json | None = None


def of_user(case: Case) -> Ready:
    user_id, made = people.user()
    return Ready(path={"userId": user_id}, etag=made.etag, body={"name": "Another Name", "groups": ["Sales"]})


def of_method(case: Case) -> Ready:
    return Ready(path={"userId": people.registered().user_id, "methodId": "email"})


def own_method(case: Case) -> Ready:
    return Ready(path={"methodId": "email"}, bearer=people.registered().bearer)


def new_method(case: Case) -> Ready:
    person = people.person()
    return Ready(bearer=person.bearer, body={"kind": "email", "destination": person.address})


def resend_code(case: Case) -> Ready | None:
    person = people.may_resend()
    return Ready(path={"methodId": "email"}, bearer=person.bearer) if person else None


def change_password(case: Case) -> Ready:
    # A user who must register first may not change the password.
    person = people.person(groups=[])
    return Ready(bearer=person.bearer, body={"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD})


turns = itertools.cycle(("registration", "reset"))


def verify_code(case: Case) -> Ready:
    if next(turns) == "registration":
        sent = people.add_method(people.person())
    else:
        person = people.registered()
        sent = people.send_code(people.start_reset(person.user_id), person.address)
    return Ready(path={"challengeId": sent.challenge}, bearer=sent.bearer, body={"code": people.code(sent)})


def send_code(case: Case) -> Ready:
    reset = people.start_reset(people.new_user_id())
    return Ready(path={"resetId": reset.id}, bearer=reset.bearer, body={"kind": "email"})


def reset_password(case: Case) -> Ready:
    person = people.registered()
    reset = people.start_reset(person.user_id)
    people.prove(people.send_code(reset, person.address))
    return Ready(path={"resetId": reset.id}, bearer=reset.bearer, body={"newPassword": NEW_PASSWORD})


def of_reset(case: Case) -> Ready:
    reset = lent.reset()
    return Ready(path={"resetId": reset.id}, bearer=reset.bearer)


def save_policy(case: Case) -> Ready:
    etag, policy = people.good_policy()
    return Ready(etag=etag, body=policy)


def is_list(case: Case) -> bool:
    """Returns whether the operation has pages. No generated text is a valid cursor, so each of its cases is primed."""
    return any(parameter["name"] == "cursor" for parameter in case.operation.definition.raw["parameters"])


def next_page(case: Case) -> Ready:
    # A cursor belongs to its list and filter, and may belong to its caller.
    query = {name: value for name, value in case.query.items() if name not in ("limit", "cursor")}
    return Ready(query={"cursor": people.cursor(case.path, query, case.headers.get("Authorization", ""))})


PRIMES: dict[str, Callable[[Case], Ready | None]] = {
    "savePolicy": save_policy,
    "saveTerms": lambda case: Ready(etag=people.terms_etag(), body={"terms": ["zeppelin"]}),
    "createUser": lambda case: Ready(body={"userId": people.new_user_id(), "name": "New User"}),
    "getUser": of_user,
    "changeUser": of_user,
    "deleteUser": of_user,
    "canReset": of_user,
    "unlockUser": of_user,
    "requireRegistration": of_user,
    "issueTemporaryPassword": of_user,
    "listUserMethods": of_method,
    "deleteUserMethod": of_method,
    "signIn": lambda case: Ready(body={"userId": people.person().user_id, "password": PASSWORD}),
    "confirmPassword": lambda case: Ready(bearer=people.person().bearer, body={"password": PASSWORD}),
    "changePassword": change_password,
    "addMethod": new_method,
    "resendCode": resend_code,
    "deleteMethod": own_method,
    "finishRegistration": lambda case: Ready(bearer=people.registered().bearer),
    "postponeRegistration": lambda case: Ready(bearer=people.person().bearer),
    "reconfirmMethods": lambda case: Ready(bearer=people.overdue()),
    "getReset": of_reset,
    "cancelReset": of_reset,
    "sendCode": send_code,
    "resetPassword": reset_password,
    "verifyCode": verify_code,
}

asked: Counter[str] = Counter()


def prime(case: Case, operation: str) -> None:
    turn = asked[operation]
    asked[operation] += 1
    if not is_list(case) and turn % PRIMED:
        return
    people.settle()
    ready = next_page(case) if is_list(case) else PRIMES[operation](case)
    if ready is None:
        return
    for name in ready.path.keys() & case.path_parameters.keys():
        case.path_parameters[name] = quote(ready.path[name], safe="")
    for name, value in ready.query.items():
        case.query.pop(name, None)
        if value is not None:
            case.query[name] = value
    if ready.bearer:
        case.headers.update(bearing(ready.bearer))
    if ready.etag:
        case.headers["If-Match"] = ready.etag
    if ready.body is not None and turn % (2 * PRIMED) == 0:
        case.body = ready.body
        # The API refuses an idempotency key that an earlier case used with another body.
        case.headers.pop("Idempotency-Key", None)


# The bearers of resets that cases started.
started: dict[str, str] = {}


def follow(case: Case) -> None:
    """Gives a case that uses an ID from an earlier answer the other values of that answer."""
    name = {key: unquote(str(value)) for key, value in case.path_parameters.items()}
    if bearer := started.get(name.get("resetId", "")):
        case.headers.update(bearing(bearer))
    if "If-Match" in case.headers and "userId" in name:
        if etag := people.ask("GET", f"/v1/users/{quote(name['userId'], safe='')}", people.administrator).etag:
            case.headers["If-Match"] = etag


@schemathesis.auth(refresh_interval=None)
class Later:
    """Marks the cases that need a credential, but not those that lack one on purpose."""

    def get(self, case: Case, context: AuthContext) -> str | None:
        return LATER if context.operation.definition.raw["security"] else None

    def set(self, case: Case, data: str, context: AuthContext) -> None:
        case.headers["Authorization"] = data


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: Json) -> None:
    raw = case.operation.definition.raw
    operation = raw["operationId"]
    if operation not in ("savePolicy", "saveTerms"):
        people.settle()
    if unquote(str(case.path_parameters.get("userId"))) == ADMINISTRATOR["userId"]:
        case.path_parameters["userId"] = quote(people.user()[0], safe="")
    if case.headers.get("Authorization") == LATER:
        only_reset = raw["security"] == [{"reset": []}]
        case.headers.update(bearing(lent.reset().bearer if only_reset else lent.session()))
    # Only now, with its headers, can the case be recognised as valid.
    if case.meta.phase.name is TestPhase.STATEFUL and not is_list(case):
        follow(case)
    elif (is_list(case) or operation in PRIMES) and case.meta.generation.mode.is_positive:
        prime(case, operation)
    # The gateway of `cargo lambda watch` itself answers 500 to a header or a
    # body that is not UTF-8, so Latin-1 text is sent as UTF-8.
    for name, value in case.headers.items():
        case.headers[name] = value.encode().decode("latin-1")
    if isinstance(case.body, bytes):
        case.body = case.body.decode("latin-1").encode()


# The number of answers by operation and status.
answers: defaultdict[str, Counter[int]] = defaultdict(Counter)


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    operation = case.operation.definition.raw["operationId"]
    own = response.request.method == case.operation.method.upper()
    answers[operation if own else "(another method)"][response.status_code] += 1
    if operation in ("savePolicy", "saveTerms"):
        people.unsettled = True
    if operation == "startReset" and response.status_code == 201:
        started[response.json()["resetId"]] = response.json()["bearer"]
    if response.status_code in (401, 410):
        lent.lost(response.request.headers.get("Authorization", "").removeprefix("Bearer "))


@atexit.register
def tell() -> None:
    with open(os.environ["LATCHKEY_CLIENT_ANSWERS"], "w") as file:
        json.dump({"answers": answers, "administrators": lent.made, "signedInAnew": lent.anew}, file)
