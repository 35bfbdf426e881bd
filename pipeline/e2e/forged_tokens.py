"""JWTs taken apart and put together again, as somebody does who wants in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa


@dataclass(frozen=True)
class Token:
    """A JWT taken apart."""

    text: str

    @property
    def parts(self) -> tuple[str, str, str]:
        header, claims, signature = self.text.split(".")
        return header, claims, signature

    @cached_property
    def header(self) -> dict[str, Any]:
        return _decoded(self.parts[0])

    @cached_property
    def claims(self) -> dict[str, Any]:
        return _decoded(self.parts[1])


def public_key(jwk: dict[str, str]) -> rsa.RSAPublicKey:
    """The key that a JSON Web Key Set publishes."""
    modulus, exponent = (int.from_bytes(_bytes(jwk[name]), "big") for name in ("n", "e"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def unsigned(token: Token) -> Iterator[tuple[str, str]]:
    """Without a signature, or with one that says less than it seems."""
    _, claims, signature = token.parts
    for name in ("none", "None", "NONE", "nOnE", "", None):
        header = _encoded({**token.header, "alg": name})
        yield f"alg {name}, no signature", f"{header}.{claims}."
        yield f"alg {name}, the signature", f"{header}.{claims}.{signature}"
    for name in ("RS384", "RS512", "PS256", "ES256", "HS256", "EdDSA"):
        yield f"alg {name}", f"{_encoded({**token.header, 'alg': name})}.{claims}.{signature}"


def signed_with_the_public_key(token: Token, key: rsa.RSAPublicKey) -> Iterator[tuple[str, str]]:
    """HMAC under what everybody knows, where a verifier takes the algorithm from the token."""
    spellings = {
        "PEM": (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "DER": (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        "PKCS1": (serialization.Encoding.PEM, serialization.PublicFormat.PKCS1),
    }
    for name, (encoding, form) in spellings.items():
        secret = key.public_bytes(encoding, form)
        for end in (secret, secret.rstrip()):
            signed = f"{_encoded({**token.header, 'alg': 'HS256'})}.{token.parts[1]}"
            signature = hmac.new(end, signed.encode(), hashlib.sha256).digest()
            yield f"HS256 with the public key as {name}", f"{signed}.{_text(signature)}"


def signed_with_another_key(token: Token) -> Iterator[tuple[str, str]]:
    """RS256 under a key of the attacker's, and headers that recommend it."""
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = own.public_key().public_numbers()
    jwk = {"kty": "RSA", "kid": "own", "n": _number(numbers.n), "e": _number(numbers.e)}
    kid = token.header["kid"]
    headers: dict[str, dict[str, Any]] = {
        "the pool's kid": {"kid": kid},
        "a kid of its own": {"kid": "own"},
        "no kid": {},
        "its key inside": {"kid": "own", "jwk": jwk},
        "its key inside under the pool's kid": {"kid": kid, "jwk": {**jwk, "kid": kid}},
        "the address of its keys": {"kid": "own", "jku": "http://127.0.0.1:1/jwks.json"},
        "the address of its certificate": {"kid": "own", "x5u": "http://127.0.0.1:1/x.pem"},
        "a path as kid": {"kid": "../../../../dev/null"},
        "a query as kid": {"kid": "' UNION SELECT 'x"},
        "a list as kid": {"kid": [kid]},
        "null as kid": {"kid": None},
        "an extension that must be understood": {"kid": kid, "crit": ["b64"], "b64": False},
    }
    for what, header in headers.items():
        signed = f"{_encoded({'alg': 'RS256', **header})}.{token.parts[1]}"
        signature = own.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        yield f"another key, {what}", f"{signed}.{_text(signature)}"


def altered(token: Token, other: str) -> Iterator[tuple[str, str]]:
    """The pool's own token with something of it changed."""
    header, claims, signature = token.parts
    changes: dict[str, Any] = {
        "sub": other,
        "token_use": "access",
        "exp": token.claims["exp"] + 86_400,
        "nbf": token.claims["exp"],
        "iss": "http://127.0.0.1:1",
        "aud": "another",
        "cognito:groups": ["admin"],
    }
    for name, value in changes.items():
        yield f"{name} changed", f"{header}.{_encoded({**token.claims, name: value})}.{signature}"
    for at in range(0, len(signature) - 2, 20):
        flipped = "B" if signature[at] == "A" else "A"
        yield (
            f"signature, character {at}",
            f"{header}.{claims}.{signature[:at]}{flipped}{signature[at + 1 :]}",
        )
    yield "two parts", f"{header}.{claims}"
    yield "four parts", f"{token.text}.{signature}"
    yield "five parts, as an encrypted one", f"{token.text}.{signature}.{signature}"
    yield "twice", f"{token.text} {token.text}"
    yield "no JSON", f"{_text(b'x')}.{claims}.{signature}"
    yield "claims are null", f"{header}.{_encoded(None)}.{signature}"
    yield "claims are a list", f"{header}.{_encoded([token.claims])}.{signature}"
    for what, deep in {"lists": b"[" * 4000, "objects": b'{"a":' * 1000}.items():
        yield f"a header of nested {what}", f"{_text(deep)}.{claims}.{signature}"
        yield f"claims of nested {what}", f"{header}.{_text(deep)}.{signature}"


def headers_without_a_token(token: Token) -> Iterator[tuple[str, dict[str, str]]]:
    """The token elsewhere than in the Authorization header, or under another scheme."""
    yield "no header", {}
    for scheme in ("", "Bearer", "Bearer ", "Bearer null", "Bearer undefined", "Bearer \xff"):
        yield f"only {scheme!r}", {"authorization": scheme}
    for scheme in ("Basic", "Digest", "Token", "Bearer Bearer"):
        yield f"as {scheme}", {"authorization": f"{scheme} {token.text}"}
    yield "as a cookie", {"cookie": f"Authorization={token.text}; token={token.text}"}
    yield "in another header", {"x-authorization": f"Bearer {token.text}", "x-amzn-oidc-data": token.text}


def reissued(token: str, issuer: str) -> str:
    """`token` with another issuer in its claims."""
    header, _, signature = token.split(".")
    return f"{header}.{_encoded({**Token(token).claims, 'iss': issuer})}.{signature}"


def _encoded(value: object) -> str:
    return _text(json.dumps(value).encode())


def _decoded(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_bytes(part))
    return found


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))
