"""The keys of one control plane: an authority of its own, and what it signs. They live as long as its folder."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)
_LOOPBACK = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])


class Authority:
    """A certificate authority whose files go into ``folder``: ``ca.crt``, and a pair for each name that it signs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "control plane")])
        builder = self._start(self._name, self._key).add_extension(x509.BasicConstraints(True, None), critical=True)
        _write(self.authority, builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    @property
    def authority(self) -> Path:
        """The certificate that the others are checked against."""
        return self.folder / "ca.crt"

    def sign(self, name: str, common_name: str, groups: Sequence[str] = ()) -> tuple[Path, Path]:
        """A certificate for a server on loopback or a client, as user ``common_name`` of ``groups``; and its key."""
        parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        key = ec.generate_private_key(ec.SECP256R1())
        signed = self._start(subject, key).add_extension(_LOOPBACK, critical=False).sign(self._key, hashes.SHA256())
        certificate = self.folder / f"{name}.crt"
        _write(certificate, signed.public_bytes(serialization.Encoding.PEM))
        return certificate, self._write_key(name, key)

    def key(self, name: str) -> tuple[Path, Path]:
        """A bare pair, public and private: the one that service account tokens are signed with."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = self.folder / f"{name}.pub"
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        _write(public, key.public_key().public_bytes(serialization.Encoding.PEM, form))
        return public, self._write_key(name, key)

    def _start(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
        )

    def _write_key(self, name: str, key: ec.EllipticCurvePrivateKey) -> Path:
        file = self.folder / f"{name}.key"
        _write(
            file,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        return file


def _write(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)
