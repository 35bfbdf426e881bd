"""Which services have a container image, and where its address goes."""

from __future__ import annotations

import zipfile

import pytest

from deploy import images, packages, templates
from deploy.errors import DeployError
from deploy.packages import HOST
from deploy.templates import Template
from tests.toy import Toy

DOCKERFILE = 'FROM python:3.13-slim\nCOPY task/ /var/task/\nENTRYPOINT ["python", "-m", "wotr_hello"]\n'


def hello(toy: Toy) -> Template:
    (found,) = (each for each in templates.discover(toy.root) if each.stack == "hello")
    return found


def with_image(toy: Toy) -> Template:
    """The toy's service with a Dockerfile, nothing beside its package, and a parameter for the address."""
    toy.write("services/hello/Dockerfile", DOCKERFILE)
    toy.write("services/hello/image.lock", "# nothing\n")
    path = toy.root / "services" / "hello" / "template.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Parameters:\n", "Parameters:\n  GreetImage: { Type: String }\n", 1))
    return hello(toy)


def test_a_service_without_a_dockerfile_has_none(toy: Toy) -> None:
    assert images.parameter(hello(toy)) is None


def test_a_service_with_one_takes_the_address_by_the_parameter_that_is_called_so(toy: Toy) -> None:
    assert images.parameter(with_image(toy)) == "GreetImage"


def test_a_dockerfile_without_such_a_parameter_is_refused(toy: Toy) -> None:
    toy.write("services/hello/Dockerfile", DOCKERFILE)
    with pytest.raises(DeployError, match="needs one parameter whose name ends in Image"):
        images.parameter(hello(toy))


def test_its_context_is_the_dockerfile_and_the_package_and_unpacks_the_same(toy: Toy) -> None:
    template = with_image(toy)
    package = packages.build([template], HOST, toy.root)["hello"]
    image = images.build(template, package, HOST, toy.root)
    with zipfile.ZipFile(package.path) as zipped:
        task = {f"task/{name}" for name in zipped.namelist()}
    with zipfile.ZipFile(image.path) as zipped:
        assert set(zipped.namelist()) == {"Dockerfile", *task}

    folder = images.unpack(image)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.relative_to(folder).as_posix() for path in files} == {"Dockerfile", *task}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o644}
    assert len({path.stat().st_mtime for path in folder.rglob("*")}) == 1


def test_another_dockerfile_or_package_is_another_image_and_the_same_one_is_not_built_again(toy: Toy) -> None:
    template = with_image(toy)

    def content() -> str:
        package = packages.build([template], HOST, toy.root)["hello"]
        return images.build(template, package, HOST, toy.root).content

    first = content()
    made = (toy.root / "dist" / "images" / HOST.folder / "hello.zip").stat().st_mtime_ns
    assert content() == first
    assert (toy.root / "dist" / "images" / HOST.folder / "hello.zip").stat().st_mtime_ns == made
    toy.write("services/hello/Dockerfile", DOCKERFILE + "USER 1000\n")
    second = content()
    toy.write("services/hello/src/wotr_hello/more.py", "X = 1\n")
    assert len({first, second, content()}) == 3
