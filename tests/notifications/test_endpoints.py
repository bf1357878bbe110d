import ipaddress

import pytest

from mingxun.notifications.endpoints import Refusal, is_public, refuse


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QGu",
        "https://wns2-par02p.notify.windows.com/w/?token=B",
        "https://8.8.8.8/push",
    ],
)
def test_the_push_services_of_browsers_are_sent_to(endpoint: str) -> None:
    assert refuse(endpoint, allow_private=False) is None


@pytest.mark.parametrize(
    ("endpoint", "refusal"),
    [
        ("http://push.example.org/x", Refusal.NOT_HTTPS),
        ("ftp://push.example.org/x", Refusal.NOT_HTTPS),
        ("https://user:secret@push.example.org/x", Refusal.NOT_AN_ADDRESS),
        ("https://push.example.org:99999/x", Refusal.NOT_AN_ADDRESS),
        ("https:///x", Refusal.NOT_AN_ADDRESS),
        ("https://[::1/x", Refusal.NOT_AN_ADDRESS),
        ("https://127.0.0.1/x", Refusal.PRIVATE),
        ("https://127.1/x", Refusal.PRIVATE),
        ("https://2130706433/x", Refusal.PRIVATE),
        ("https://0x7f000001/x", Refusal.PRIVATE),
        ("https://10.1.2.3/x", Refusal.PRIVATE),
        ("https://192.168.1.1/x", Refusal.PRIVATE),
        ("https://169.254.169.254/latest/meta-data", Refusal.PRIVATE),
        ("https://100.64.0.1/x", Refusal.PRIVATE),
        ("https://0.0.0.0/x", Refusal.PRIVATE),
        ("https://[::1]/x", Refusal.PRIVATE),
        ("https://[fe80::1]/x", Refusal.PRIVATE),
        ("https://[fd00::1]/x", Refusal.PRIVATE),
        ("https://[::ffff:127.0.0.1]/x", Refusal.PRIVATE),
        ("https://[64:ff9b::7f00:1]/x", Refusal.PRIVATE),
        ("https://[2002:7f00:1::]/x", Refusal.PRIVATE),
        ("https://localhost/x", Refusal.PRIVATE),
        ("https://LOCALHOST./x", Refusal.PRIVATE),
        ("https://postgres/x", Refusal.PRIVATE),
        ("https://printer.local/x", Refusal.PRIVATE),
        ("https://metadata.google.internal/x", Refusal.PRIVATE),
    ],
)
def test_an_address_that_leads_home_is_refused(endpoint: str, refusal: Refusal) -> None:
    assert refuse(endpoint, allow_private=False) is refusal


def test_a_closed_network_may_allow_its_own_push_service() -> None:
    assert refuse("http://127.0.0.1:8080/x", allow_private=True) is None
    assert refuse("https://push.lan/x", allow_private=True) is None
    assert refuse("file:///etc/passwd", allow_private=True) is Refusal.NOT_AN_ADDRESS


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["224.0.0.1", "255.255.255.255", "::", "ff02::1", "192.0.2.1", "64:ff9b::a00:1"])
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
