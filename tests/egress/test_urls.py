from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.egress.urls import Target, check_webhook_url, host_of, parse_target
from app.errors import InvalidWebhookUrl
from tests.support.closed_addresses import CLOSED_HOSTS

PORTS = (443, 8443)
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hook.example", Target("hook.example", 443, "/")),
        ("https://hook.example:/a", Target("hook.example", 443, "/a")),
        ("https://hook.example:8443/a?b=c&d=%20", Target("hook.example", 8443, "/a?b=c&d=%20")),
        ("HTTPS://Hook.Example./A", Target("hook.example", 443, "/A")),
        ("https://hook.example/a#part", Target("hook.example", 443, "/a")),
        ("https://hook.example#@127.0.0.1/", Target("hook.example", 443, "/")),
        ("https://hook.example?next=https://u:p@x/", Target("hook.example", 443, "/?next=https://u:p@x/")),
        ("https://hook.example/tür/{id}", Target("hook.example", 443, "/t%C3%BCr/%7Bid%7D")),
        ("https://straße.example/", Target("xn--strae-oqa.example", 443, "/")),
        ("https://my_hook.example/", Target("my_hook.example", 443, "/")),
        ("https://8.8.8.8/", Target("8.8.8.8", 443, "/")),
        ("https://[2606:4700::0001]:8443/", Target("2606:4700::1", 8443, "/")),
        ("https://hook.example//evil.example/a", Target("hook.example", 443, "//evil.example/a")),
    ],
)
def test_a_good_url_is_given_back_and_read(url: str, target: Target) -> None:
    assert check_webhook_url(url, (), PORTS) == url
    assert parse_target(url) == target


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("", "https://"),
        ("hook.example", "https://"),
        ("//hook.example/", "https://"),
        ("http://hook.example/", "https://"),
        ("ftp://hook.example/", "https://"),
        ("javascript:alert(1)", "https://"),
        ("https:hook.example", "https://"),
        ("https:///path", "https://"),
        ("https://", "https://"),
        ("https://./", "valid host"),
        ("https://a..b/", "valid host"),
        ("https://-a.example/", "valid host"),
        ("https://a-.example/", "valid host"),
        ("https://*.example/", "valid host"),
        ("https://%31%32%37.0.0.1/", "valid host"),
        (f"https://{'a' * 64}.example/", "valid host"),
        (f"https://{'a.' * 127}example/", "valid host"),
        ("https://u:p@hook.example/", "user name"),
        ("https://@hook.example/", "user name"),
        ("https://hook.example@127.0.0.1/", "user name"),
        ("https://hook.example:22/", "ports: 443, 8443"),
        ("https://hook.example:0/", "between 1 and 65535"),
        ("https://hook.example:65536/", "between 1 and 65535"),
        ("https://hook.example:443:443/", "can't be read"),
        ("https://hook.example:+443/", "can't be read"),
        ("https://hook.example:４４３/", "can't be read"),
        ("https://[::1/", "can't be read"),
        ("https://[::1]evil/", "can't be read"),
        ("https://evil[::1]/", "can't be read"),
        ("https://[fe80::1%25eth0]/", "can't be read"),
        ("https://[127.0.0.1]/", "can't be read"),
        ("https://[v1.x]/", "can't be read"),
        ("https://[]/", "can't be read"),
        ("https://hook.example/a b", "spaces"),
        (" https://hook.example/", "spaces"),
        ("https://hook.example/\n", "spaces"),
        ("https://hook.example/\r\nHost: x", "spaces"),
        ("https://hook\t.example/", "spaces"),
        ("https://hook.example\\@127.0.0.1/", "spaces"),
        ("https://hook.example/\x00", "spaces"),
        ("https://hook.example/\u202e", "spaces"),
        ("https://hook.example/\udcff", "spaces"),
        ("https://xn--\u0301.example/", "international"),
        ("https://hook.example/" + "a" * 2048, "2048"),
    ],
)
def test_a_bad_url_is_refused_with_a_sentence_that_says_why(url: str, word: str) -> None:
    with pytest.raises(InvalidWebhookUrl) as refusal:
        check_webhook_url(url, (), PORTS)
    assert word in refusal.value.sentence


@pytest.mark.parametrize("host", CLOSED_HOSTS)
def test_an_address_off_the_public_internet_is_refused_however_it_is_spelt(host: str) -> None:
    with pytest.raises(InvalidWebhookUrl, match=r"public internet|four decimal numbers"):
        check_webhook_url(f"https://{host}/", (), PORTS)


@pytest.mark.parametrize(
    "host",
    ["1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255", "[2606:4700::1]", "[2a00::1]"],
)
def test_an_address_on_the_public_internet_is_fine(host: str) -> None:
    check_webhook_url(f"https://{host}/", (), PORTS)


def test_an_allowed_network_is_allowed_and_its_neighbours_are_not() -> None:
    check_webhook_url("https://127.0.0.1/", LOOPBACK, PORTS)
    check_webhook_url("https://[::1]/", LOOPBACK, PORTS)
    for host in ("10.0.0.1", "[::2]", "[::ffff:127.0.0.1]", "2130706433"):
        with pytest.raises(InvalidWebhookUrl):
            check_webhook_url(f"https://{host}/", LOOPBACK, PORTS)


def test_any_port_will_do_where_all_are_allowed() -> None:
    check_webhook_url("https://hook.example:22/", (), None)


def test_a_name_is_not_resolved() -> None:
    check_webhook_url("https://no-such-name.invalid/", (), PORTS)


@settings(deadline=None)
@given(
    st.text()
    | st.text().map("https://{}".format)
    | st.text("[]:@%/?#.0x1aé\\ -", max_size=30).map("https://{}".format)
)
def test_any_text_is_either_read_or_refused(url: str) -> None:
    host_of(url)
    try:
        target = parse_target(url)
    except InvalidWebhookUrl:
        return
    assert target.host.isascii()
    assert target.path.isascii()
    assert target.path.startswith("/")


def test_urls_of_one_receiver_share_a_host() -> None:
    hosts = {host_of(url) for url in ("https://a.example/x", "https://A.example?y", "https://a.example#z")}
    assert hosts == {"a.example"}
    assert host_of("https://b.example:8443/") == "b.example:8443"
