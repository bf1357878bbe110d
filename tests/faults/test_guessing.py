"""Promise 19: whatever can be guessed is limited for whoever guesses, wherever from; the owner still gets in."""

from collections.abc import Awaitable, Callable

import pytest

from tests.faults.stage import LONG, Someone, Stage
from tests.world import PASSWORD

AT_MOST = 250
"""Far more tries than a person makes by mistake. The limits themselves are the server's business."""


async def _sign_in(stage: Stage, phone: str, password: str, *, source: str, mark: str = "", process: int = 0) -> int:
    reply = await stage.send(
        None,
        "POST",
        "/api/session",
        json={"phone": phone, "password": password},
        headers={"X-Forwarded-For": source, **({"Cookie": mark} if mark else {})},
        process=process,
    )
    if reply.status_code == 429:
        assert int(reply.headers["retry-after"]) > 0
        assert reply.json()["type"] == "/problems/too-many-tries"
    return reply.status_code


async def _until_limited(tries: Callable[[int], Awaitable[int]]) -> list[int]:
    """Try until it is refused for being too often, and some more; every answer."""
    answers: list[int] = []
    for number in range(AT_MOST):
        answers.append(await tries(number))
        if answers.count(429) > 3:
            break
    assert answers[-4:] == [429] * 4, f"not limited after {len(answers)} tries, or only at times"
    return answers


async def _owner(stage: Stage) -> tuple[Someone, str]:
    """Somebody with a phone on which they have signed in before: its cookies, without the session."""
    who = stage.someone_new()
    reply = await stage.send(
        None, "POST", "/api/session", json={"phone": who.phone, "password": PASSWORD}, headers={"X-Forwarded-For": "198.51.100.1"}
    )
    assert reply.status_code == 200, reply.text
    marks = [cookie.split(";")[0] for cookie in reply.headers.get_list("set-cookie")]
    return who, "; ".join(mark for mark in marks if not mark.startswith("mingxun="))


async def test_one_source_that_guesses_the_password_of_a_number_is_stopped_on_all_processes(stage: Stage) -> None:
    who, mark = await _owner(stage)
    answers = await _until_limited(lambda n: _sign_in(stage, who.phone, f"wrong {n}", source="203.0.113.1", process=n % 2))
    assert set(answers) == {401, 429}
    assert answers.index(429) < 30
    assert await _sign_in(stage, who.phone, PASSWORD, source="203.0.113.1") == 429, "a right guess would tell"
    assert await _sign_in(stage, who.phone, PASSWORD, source="198.51.100.1", mark=mark) == 200, "the owner is locked out"


async def test_many_sources_that_guess_the_password_of_one_number_are_stopped_and_the_owner_is_not(stage: Stage) -> None:
    who, mark = await _owner(stage)

    def source(number: int) -> str:
        """Each in a network of its own, or all in one."""
        return f"100.{number}.7.1" if LONG else f"192.0.2.{number}"

    answers = await _until_limited(lambda n: _sign_in(stage, who.phone, f"wrong {n}", source=source(n), process=n % 2))
    assert set(answers) == {401, 429}
    assert await _sign_in(stage, who.phone, PASSWORD, source="198.51.100.1", mark=mark, process=1) == 200


async def test_one_source_that_tries_one_password_on_many_numbers_is_stopped(stage: Stage) -> None:
    answers = await _until_limited(lambda n: _sign_in(stage, f"+86138{n:08d}", "password of the year", source="203.0.113.2"))
    assert set(answers) == {401, 429}
    someone = stage.someone_new()
    assert await _sign_in(stage, someone.phone, PASSWORD, source="198.51.100.2") == 200


async def test_a_number_without_an_account_is_answered_like_one_with_a_wrong_password(stage: Stage) -> None:
    who = stage.someone_new()
    replies = [
        await stage.send(
            None,
            "POST",
            "/api/session",
            json={"phone": phone, "password": "a wrong one"},
            headers={"X-Forwarded-For": f"198.51.100.{n}"},
        )
        for n, phone in ((11, who.phone), (12, "+8613900000000"))
    ]
    bodies = [{**reply.json(), "instance": ""} for reply in replies]
    assert [reply.status_code for reply in replies] == [401, 401]
    assert bodies[0] == bodies[1]


async def test_guessing_the_current_password_in_an_open_session_is_limited(stage: Stage) -> None:
    who = stage.someone_new()
    body = {"current": "a wrong one", "new": "a new password 7391"}

    async def guess(number: int) -> int:
        return (await stage.send(who, "PUT", "/api/me/password", json=body, process=number % 2)).status_code

    answers = await _until_limited(guess)
    assert set(answers) == {403, 429}
    assert answers.index(429) < 30


@pytest.mark.parametrize("path", ["preview", "acceptance"])
async def test_guessing_invitations_is_limited_and_a_guest_from_elsewhere_gets_in(stage: Stage, path: str) -> None:
    source = {"preview": "203.0.113.3", "acceptance": "203.0.113.4"}[path]
    more = {"phone": "13800138000", "password": "a good long sentence"} if path == "acceptance" else {}
    headers = {"X-Forwarded-For": source}

    async def guess(number: int) -> int:
        body = {"token": f"guess-{number:040d}", **more}
        return (
            await stage.send(None, "POST", f"/api/invitation/{path}", json=body, headers=headers, process=number % 2)
        ).status_code

    assert set(await _until_limited(guess)) == {404, 429}
    body = {"name": stage.word(), "role": "volunteer", "area": str(stage.world.here.id)}
    made = await stage.made(stage.coordinator, "POST", f"{stage.area}/invitations", json=body)
    token = made["url"].rpartition("#")[2]
    guest = await stage.send(
        None, "POST", "/api/invitation/preview", json={"token": token}, headers={"X-Forwarded-For": "198.51.100.5"}
    )
    assert guest.status_code == 200


@pytest.mark.parametrize("path", ["/api/code-readings", "/api/check-ins"])
async def test_guessing_six_digits_is_limited_and_the_person_still_checks_in_by_the_code(stage: Stage, path: str) -> None:
    who = stage.someone_new()

    async def guess(number: int) -> int:
        code = f"{100000 + number * 7919}"
        body = {"code": code} if path.endswith("readings") else {**stage.scan_body(), "code": code}
        return (await stage.send(who, "POST", path, json=body, process=number % 2)).status_code

    answers = await _until_limited(guess)
    assert set(answers) <= {200, 404, 429}  # 200: a lucky one
    assert answers.count(200) <= 1
    reply = await stage.send(who, "POST", "/api/check-ins", json=stage.scan_body())
    assert reply.status_code == 200, reply.text
    colleague = stage.someone_new()
    typed = await stage.send(colleague, "POST", "/api/check-ins", json={**stage.scan_body(), "code": stage.place.number})
    assert typed.status_code == 200, "others still type the number"
