from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tideform.local.control import KEY_HEADER
from tideform_sandbox.gate import Gate, is_loopback

_KEY, _SECRET, _ISSUED = "AKIAWORKSPACEKEY0000", "secret", "ASIAISSUEDBYSTS00000"
_SIGNED = f"AWS4-HMAC-SHA256 Credential={_KEY}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"


def _app(name: str) -> Any:
    def app(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [name.encode()]

    return app


def _ask(**environ: str) -> tuple[int, str]:
    """The status and the body of one request to a gate in front of two applications that say their names."""
    answered: list[str] = []
    gate = Gate(_app("aws"), _app("control"), access_key=_KEY, secret_key=_SECRET, issued=lambda key: key == _ISSUED)
    request = {"HTTP_HOST": "127.0.0.1:4566", "PATH_INFO": "/", **environ}
    body = b"".join(gate(request, lambda status, _: answered.append(status)))
    return int(answered[0].split()[0]), body.decode()


def test_a_signed_request_reaches_aws() -> None:
    assert _ask(HTTP_AUTHORIZATION=_SIGNED) == (200, "aws")


@pytest.mark.parametrize(
    "query",
    [f"X-Amz-Credential={_KEY}%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", f"AWSAccessKeyId={_KEY}&Signature=x"],
)
def test_a_presigned_address_reaches_aws(query: str) -> None:
    assert _ask(QUERY_STRING=query) == (200, "aws")


def test_a_key_that_the_sandbox_handed_out_is_let_in() -> None:
    assert _ask(HTTP_AUTHORIZATION=_SIGNED.replace(_KEY, _ISSUED)) == (200, "aws")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"HTTP_AUTHORIZATION": _SIGNED.replace(_KEY, "AKIASOMEBODYELSE0000")},
        {"HTTP_AUTHORIZATION": "Basic Zm9vOmJhcg=="},
        {"HTTP_AUTHORIZATION": _SIGNED.replace(_KEY, "schlüssel")},
        {"QUERY_STRING": "X-Amz-Credential=AKIASOMEBODYELSE0000/x"},
        {"PATH_INFO": "/latest/meta-data/iam/security-credentials/"},
        {"PATH_INFO": "/tideform/ping"},
    ],
)
def test_a_request_without_the_key_is_refused(environ: dict[str, str]) -> None:
    assert _ask(**environ)[0] == 403


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:4566", "127.0.0.1.nip.io", "0.0.0.0:4566"])
def test_a_host_that_is_not_loopback_is_refused_even_with_the_key(host: str) -> None:
    assert _ask(HTTP_AUTHORIZATION=_SIGNED, HTTP_HOST=host)[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost:80", "LOCALHOST", "[::1]:8080", "[::1]"])
def test_loopback_hosts_are_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("header", ["HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE"])
def test_a_browser_is_refused_even_with_the_key(header: str) -> None:
    assert _ask(HTTP_AUTHORIZATION=_SIGNED, **{header: "http://127.0.0.1:4566"})[0] == 403


@pytest.mark.parametrize("path", ["/moto-api", "/moto-api/reset"])
def test_motos_own_api_is_closed_even_with_the_key(path: str) -> None:
    assert _ask(HTTP_AUTHORIZATION=_SIGNED, PATH_INFO=path)[0] == 403


def test_a_bucket_may_be_called_like_motos_api_and_more() -> None:
    assert _ask(HTTP_AUTHORIZATION=_SIGNED, PATH_INFO="/moto-api-data/key") == (200, "aws")


def test_our_endpoints_take_the_secret_key_in_their_own_header() -> None:
    header = "HTTP_" + KEY_HEADER.upper().replace("-", "_")
    assert _ask(PATH_INFO="/tideform/ping", **{header: _SECRET}) == (200, "control")
    assert _ask(PATH_INFO="/tideform/ping", **{header: "guess"})[0] == 403


def test_a_bucket_called_tideform_is_a_bucket() -> None:
    assert _ask(PATH_INFO="/tideform/ping", HTTP_AUTHORIZATION=_SIGNED) == (200, "aws")


def test_the_sandboxs_own_calls_do_not_count_as_use() -> None:
    used: list[str] = []
    gate = Gate(
        _app("aws"),
        _app("control"),
        access_key=_KEY,
        secret_key=_SECRET,
        issued=lambda _: False,
        inner_key="AKIAINNER00000000000",
        on_request=lambda: used.append("used"),
    )

    def ask(signed: str) -> bytes:
        request = {"HTTP_HOST": "127.0.0.1:1", "PATH_INFO": "/", "HTTP_AUTHORIZATION": signed}
        return b"".join(gate(request, lambda *_: None))

    assert ask(_SIGNED.replace(_KEY, "AKIAINNER00000000000")) == b"aws"
    assert used == []
    assert ask(_SIGNED) == b"aws"
    assert used == ["used"]


def test_metadata_is_asked_for_unsigned_and_a_bucket_of_that_name_is_signed() -> None:
    answered: list[str] = []
    gate = Gate(
        _app("aws"),
        _app("control"),
        access_key=_KEY,
        secret_key=_SECRET,
        issued=lambda _: False,
        metadata=_app("metadata"),
    )

    def ask(**environ: str) -> bytes:
        request = {"HTTP_HOST": "127.0.0.1:1", "PATH_INFO": "/tideform-metadata/i-1/x/latest", **environ}
        return b"".join(gate(request, lambda status, _: answered.append(status)))

    assert ask() == b"metadata"
    assert ask(HTTP_AUTHORIZATION=_SIGNED) == b"aws"
    ask(HTTP_ORIGIN="http://127.0.0.1:1")
    assert answered[-1].startswith("403")
