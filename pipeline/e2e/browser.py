"""A browser as far as the hosted UI needs one: it fills in forms, keeps cookies, follows redirects."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from stage_client.answers import Answer, send


class _Forms(HTMLParser):
    """The first form with fields of a page: where it goes, and what it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = said.get("action") or ""
        elif tag == "input" and self.action is not None and (name := said.get("name")):
            self.fields.setdefault(name, said.get("value") or "")


@dataclass
class Browser:
    """Visits pages; `place` is where it is, `page` what it shows there. It stops before `home`."""

    home: str
    place: str = ""
    page: str = ""
    _cookies: dict[str, str] = field(default_factory=dict)

    @property
    def is_home(self) -> bool:
        """Whether it was sent back to the application."""
        return self.place.startswith(self.home)

    def visit(self, url: str) -> Answer:
        """Go there."""
        return self._go("GET", url, None)

    def submit(self, **filled: str) -> Answer:
        """Fill the form of the page in and send it; what is filled in must have a field."""
        forms = _Forms()
        forms.feed(self.page)
        assert forms.action is not None, f"no form at {self.place}: {self.page}"
        assert filled.keys() <= forms.fields.keys(), f"the form at {self.place} has {sorted(forms.fields)}"
        return self._go("POST", urljoin(self.place, forms.action), urlencode(forms.fields | filled).encode())

    def _go(self, method: str, url: str, body: bytes | None) -> Answer:
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
        answer = send(method, url, body, headers)
        cookies = SimpleCookie(answer.headers.get("set-cookie", ""))
        self._cookies |= {name: cookie.value for name, cookie in cookies.items()}
        self.place, self.page = url, answer.text
        if answer.status in {302, 303}:
            self.place = urljoin(url, answer.headers["location"])
            if not self.is_home and urlsplit(self.place).netloc == urlsplit(url).netloc:
                return self._go("GET", self.place, None)
        return answer
