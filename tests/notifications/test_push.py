"""Encrypting, signing and sending one push, against a push service that checks everything and reads the message."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mingxun.kit.ids import new_id
from mingxun.kit.signing import Keys
from mingxun.notifications import push
from mingxun.notifications.endpoints import outgoing_session
from mingxun.notifications.outcomes import Outcome, Reason
from mingxun.notifications.push import MAX_PAYLOAD, Target, VapidSigner, origin_of, payload, retry_after, send
from mingxun.notifications.schemas import PushMessage
from tests.push_service import Browser, PushService, decrypt, push_service, unb64

VECTOR = json.loads((Path(__file__).parents[1] / "data/webpush/rfc8291_appendix_a.json").read_text())
SUBJECT = "mailto:ops@example.org"


@pytest.fixture
async def service() -> AsyncIterator[PushService]:
    async with push_service() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with outgoing_session(allow_private=True) as session:
        yield session


def message(body: str = "10月7日（周三）晚上7点半，东门。") -> PushMessage:
    return PushMessage(v=1, message=new_id(), title="给您排了班", body=body, path="/shifts/1", tag="/shifts/1", lang="zh")


async def push_to(
    browser: Browser, http: aiohttp.ClientSession, keys: Keys, data: bytes | None = None, signer: VapidSigner | None = None
) -> Outcome:
    return await send(
        data or payload(message()),
        Target(browser.endpoint, **browser.keys),
        http=http,
        signer=signer or VapidSigner(keys.vapid_private_pem, SUBJECT),
        now=datetime.now(UTC),
        ttl=timedelta(hours=24),
        urgency="high",
        allow_private=True,
    )


def test_the_local_push_service_decrypts_the_vector_of_rfc_8291() -> None:
    private = ec.derive_private_key(int.from_bytes(unb64(VECTOR["ua_private"]), "big"), ec.SECP256R1())
    assert decrypt(unb64(VECTOR["body"]), private, unb64(VECTOR["auth_secret"])).decode() == VECTOR["plaintext"]


async def test_a_push_passes_every_check_and_the_browser_reads_it(
    service: PushService, http: aiohttp.ClientSession, keys: Keys
) -> None:
    browser = service.browser(vapid_key=keys.vapid_public)
    sent = message()
    assert await push_to(browser, http, keys, payload(sent)) == Outcome(None, 201)
    (got,) = browser.received
    assert got.message["title"] == "给您排了班"
    assert got.message["message"] == str(sent.message)
    assert (got.ttl, got.urgency) == (86400, "high")
    assert not service.complaints


async def test_a_message_of_any_length_fits_into_what_push_services_take(
    service: PushService, http: aiohttp.ClientSession, keys: Keys
) -> None:
    for body in ("长" * 3000, "x" * 10_000, '"\\\n' * 3000):
        data = payload(message(body))
        assert len(data) <= MAX_PAYLOAD
        assert json.loads(data)["body"].endswith("…")
        browser = service.browser()
        assert (await push_to(browser, http, keys, data)).reason is None


async def test_one_signature_serves_a_push_service_for_half_of_its_life(keys: Keys) -> None:
    signer, now = VapidSigner(keys.vapid_private_pem, SUBJECT), datetime.now(UTC)
    first = signer.authorization("https://push.example/1", now=now)
    assert signer.authorization("https://push.example/2", now=now + timedelta(hours=5, minutes=59)) == first
    assert signer.authorization("https://push.example/3", now=now + timedelta(hours=6)) != first
    other = signer.authorization("https://other.example/1", now=now)
    claims = json.loads(unb64(other.split("t=")[1].split(",")[0].split(".")[1]))
    assert claims["aud"] == "https://other.example"
    assert claims["exp"] <= time.time() + 86400


def test_the_origin_has_no_port_of_its_own_scheme() -> None:
    assert origin_of("https://Push.Example:443/x") == "https://push.example"
    assert origin_of("https://push.example:8443/x") == "https://push.example:8443"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, Reason.GONE),
        (410, Reason.GONE),
        (401, Reason.KEY_REFUSED),
        (403, Reason.KEY_REFUSED),
        (413, Reason.TOO_LARGE),
        (429, Reason.THROTTLED),
        (500, Reason.SERVER_ERROR),
        (503, Reason.SERVER_ERROR),
        (400, Reason.REJECTED),
        (301, Reason.REJECTED),
    ],
)
async def test_an_answer_is_understood(
    service: PushService, http: aiohttp.ClientSession, keys: Keys, status: int, reason: Reason
) -> None:
    assert await push_to(service.browser(answers=[status]), http, keys) == Outcome(reason, status)


async def test_a_key_that_the_browser_was_not_subscribed_with_is_refused(
    service: PushService, http: aiohttp.ClientSession, keys: Keys
) -> None:
    assert (await push_to(service.browser(vapid_key="other"), http, keys)).reason is Reason.KEY_REFUSED


async def test_a_push_service_that_hangs_is_given_up_on(
    service: PushService, http: aiohttp.ClientSession, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "TIMEOUT", 0.3)
    async with asyncio.timeout(3):
        assert (await push_to(service.browser(answers=["hang"]), http, keys)).reason is Reason.TIMEOUT


async def test_a_push_service_that_is_away_is_unreachable(http: aiohttp.ClientSession, keys: Keys) -> None:
    async with push_service() as gone:
        browser = gone.browser()
    assert (await push_to(browser, http, keys)).reason is Reason.UNREACHABLE


async def test_keys_that_are_none_are_found_out(service: PushService, http: aiohttp.ClientSession, keys: Keys) -> None:
    target = Target(
        service.browser().endpoint, base64.urlsafe_b64encode(b"\x04" + b"\x01" * 64).decode(), "AAAAAAAAAAAAAAAAAAAAAA"
    )
    outcome = await send(
        b"x",
        target,
        http=http,
        signer=VapidSigner(keys.vapid_private_pem, SUBJECT),
        now=datetime.now(UTC),
        ttl=timedelta(1),
        urgency="normal",
        allow_private=True,
    )
    assert outcome.reason is Reason.BROKEN_KEYS


async def test_nothing_is_sent_to_a_private_address_unless_it_is_allowed(
    service: PushService, http: aiohttp.ClientSession, keys: Keys
) -> None:
    browser = service.browser()
    for endpoint in (browser.endpoint, browser.endpoint.replace("http:", "https:")):
        outcome = await send(
            b"x",
            Target(endpoint, **browser.keys),
            http=http,
            signer=VapidSigner(keys.vapid_private_pem, SUBJECT),
            now=datetime.now(UTC),
            ttl=timedelta(1),
            urgency="normal",
            allow_private=False,
        )
        assert outcome.reason is Reason.ADDRESS_REFUSED
    assert browser.tries == 0


async def test_a_name_that_leads_to_this_machine_is_found_out_when_it_is_resolved(service: PushService) -> None:
    async with outgoing_session(allow_private=False) as guarded:
        with pytest.raises(aiohttp.ClientConnectorError):
            await guarded.post(service.browser().endpoint.replace("127.0.0.1", "localhost"))
    assert not service.answered


def test_a_push_service_may_ask_for_patience_in_seconds_or_by_date() -> None:
    now = datetime(2026, 10, 7, 12, tzinfo=UTC)
    assert retry_after("120", now=now) == timedelta(minutes=2)
    assert retry_after("Wed, 07 Oct 2026 12:05:00 GMT", now=now) == timedelta(minutes=5)
    assert retry_after("Wed, 07 Oct 2026 11:00:00 GMT", now=now) == timedelta(0)
    assert retry_after("soon", now=now) is None
    assert retry_after(None, now=now) is None
