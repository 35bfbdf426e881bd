"""Puts the rules into effect inside MiniStack.

A worker process says with each AWS call which process it is, so that a crash kills the one that made the
call, by SIGKILL: before the call is executed, or after that and before it has the answer.

AWS shows a message whose invocation failed again when its visibility timeout has passed, minutes later. What
a rule concerns comes again at once, and so does what is sent with a delay: nothing else about it changes.
"""

from __future__ import annotations

import contextvars
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

import ministack.app as server
from ministack.core import iam_actions, lambda_runtime
from ministack.core.router import detect_service
from ministack.services import dynamodb, lambda_svc, sqs

from localcloud.faults.refusals import too_busy
from localcloud.faults.rules import NoRule, Rule, Rules, shuffled

TOUCHES = (
    "ministack.app:_dispatch_service_request",
    "ministack.app:_handle_post_body_shortcuts",
    "ministack.app:_routing_params",
    "ministack.core.iam_actions:extract_iam_action",
    "ministack.core.lambda_runtime:_PYTHON_WORKER_SCRIPT",
    "ministack.core.lambda_runtime:Worker.invoke",
    "ministack.services.dynamodb:stream_end_position",
    "ministack.services.dynamodb:stream_records_since",
    "ministack.services.lambda_svc:_dynamodb_stream_positions",
    "ministack.services.lambda_svc:_esm_backoff_until",
    "ministack.services.lambda_svc:_execute_function",
    "ministack.services.lambda_svc:_iter_all_esms",
    "ministack.services.lambda_svc:_run_sqs_batch",
    "ministack.services.sqs:_queues",
    "ministack.services.sqs:_queues_lock",
    "ministack.services.sqs:_receive_messages_for_esm",
)

PATH = "/_wotr/faults"
PROCESS_HEADER = "x-localcloud-process"
_INSTALL = '    botocore.handlers.BUILTIN_HANDLERS.append(("before-call", _ms_add_invoke_depth))\n'
_SAY_PROCESS = f"""    def _say_process(params, **kwargs):
        params["headers"]["{PROCESS_HEADER}"] = str(os.getpid())

    botocore.handlers.BUILTIN_HANDLERS.append(("before-call", _say_process))
"""
# What a message waits at least before it comes again: a failure that lasts must not spin.
_SOON_SECONDS = 0.3

_delivering: ContextVar[bool] = ContextVar("localcloud_delivering", default=False)


def apply() -> None:
    """Take the calls and deliveries through the rules, and serve the control path."""
    if lambda_runtime._PYTHON_WORKER_SCRIPT.count(_INSTALL) != 1:
        raise SystemExit(
            "MiniStack's Python worker prepares botocore in a way that localcloud.faults does not know"
        )
    lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(
        _INSTALL, _INSTALL + _SAY_PROCESS
    )
    rules = Rules()
    work = _Work()
    _watch_workers(work)
    _inject_into_calls(rules, work)
    _inject_into_deliveries(rules)
    _bring_back_soon(rules)
    _serve(rules, work)


class _Work:
    """What each worker process is at work on."""

    def __init__(self) -> None:
        self._events: dict[int, tuple[Any, str]] = {}

    def begin(self, worker: Any, event: Any) -> None:
        self._events[id(worker)] = worker, json.dumps(event)

    def end(self, worker: Any) -> None:
        self._events.pop(id(worker), None)

    def of_process(self, process: int) -> tuple[str, str] | None:
        """Function and event of the worker with that process id."""
        for worker, text in list(self._events.values()):
            if worker._proc is not None and worker._proc.pid == process:
                return worker.func_name, text
        return None

    def on(self, rule: Rule) -> int:
        """How many invocations are at work on what ``rule`` concerns."""
        return sum(rule.concerns(worker.func_name, text) for worker, text in list(self._events.values()))


def _watch_workers(work: _Work) -> None:
    invoke = lambda_runtime.Worker.invoke

    def watched(worker: Any, event: Any, *arguments: Any, **options: Any) -> Any:
        work.begin(worker, event)
        try:
            return invoke(worker, event, *arguments, **options)
        finally:
            work.end(worker)

    lambda_runtime.Worker.invoke = watched


def _inject_into_calls(rules: Rules, work: _Work) -> None:
    dispatch = server._dispatch_service_request

    async def dispatched(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], *rest: str
    ) -> Any:
        said = headers.get(PROCESS_HEADER) if rules else None
        process = int(said) if said and said.isdigit() else 0
        at_work = work.of_process(process)
        if at_work is None:
            return await dispatch(method, path, headers, body, query, *rest)
        parameters = server._routing_params(method, path, headers, body, query)
        service = detect_service(method, path, headers, parameters)
        call = iam_actions.extract_iam_action(service, method, path, headers, body, parameters) or ""
        rule = rules.struck(*at_work, process, call)
        if rule is None:
            return await dispatch(method, path, headers, body, query, *rest)
        if rule.kind == "throttle":
            return too_busy(call, body)
        if rule.kind == "crash_after":
            await dispatch(method, path, headers, body, query, *rest)
        os.kill(process, signal.SIGKILL)
        return 500, {}, b""  # nobody is there to read it

    server._dispatch_service_request = dispatched


def _inject_into_deliveries(rules: Rules) -> None:
    execute = lambda_svc._execute_function

    def delivered(function: dict[str, Any], event: Any) -> Any:
        # It calls itself once more where it finds itself in another account's scope.
        if not rules or _delivering.get() or not isinstance(event, dict):
            return execute(function, event)
        token = _delivering.set(True)
        try:
            return _deliver(execute, function, event, rules)
        finally:
            _delivering.reset(token)

    lambda_svc._execute_function = delivered


def _deliver(execute: Any, function: dict[str, Any], event: dict[str, Any], rules: Rules) -> Any:
    """Call the function as often and with its records in the order that the rules say."""
    again = False
    for rule in rules.concerning(_name(function), json.dumps(event)):
        records = event.get("Records", [])
        if rule.kind == "shuffle" and records:
            mixed = shuffled(records, random.Random(rule.seed))  # noqa: S311 - guards nothing
            rule.injected += sum(one is not other for one, other in zip(records, mixed, strict=True))
            event = {**event, "Records": mixed}
        # Not what came twice before: a message that a function sends itself once more would multiply.
        if rule.kind == "again" and rule.repeats(records or [event]):
            again = True
    if not again:
        return execute(function, event)
    if any("dynamodb" in record for record in event.get("Records", [])):
        # One batch of a shard after the other: a reader whose success was lost begins again where it was.
        first = execute(function, event)
        return first if first.get("error") else execute(function, event)
    return _at_once(execute, function, event)


def _at_once(execute: Any, function: dict[str, Any], event: dict[str, Any]) -> Any:
    """Deliver the same twice at the same time, as a queue may; failed is what failed in either."""
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(contextvars.copy_context().run, execute, function, event) for _ in range(2)]
    answers = [call.result() for call in calls]
    failed = next((answer for answer in answers if answer.get("error")), None)
    bodies = [answer.get("body") for answer in answers]
    if failed is not None or not all(isinstance(body, dict) for body in bodies):
        return failed or answers[0]
    failures = [failure for body in bodies for failure in body.get("batchItemFailures") or []]
    return {**answers[0], "body": {**bodies[0], "batchItemFailures": failures}}


def _bring_back_soon(rules: Rules) -> None:
    run = lambda_svc._run_sqs_batch
    receive = sqs._receive_messages_for_esm

    def run_and_bring_back(
        mapping: dict[str, Any], function: Any, event: Any, batch: list[dict[str, Any]], url: str, *rest: Any
    ) -> None:
        run(mapping, function, event, batch, url, *rest)
        if any(rules.concerning(_name(function), json.dumps(event))):
            _show_again(url, {message["id"] for message in batch})
            lambda_svc._esm_backoff_until.pop(mapping["UUID"], None)

    def receive_without_delay(url: str, most: int) -> Any:
        if rules:
            _end_delays(url, rules)
        return receive(url, most)

    lambda_svc._run_sqs_batch = run_and_bring_back
    sqs._receive_messages_for_esm = receive_without_delay


def _show_again(url: str, ids: set[str]) -> None:
    with sqs._queues_lock:
        for message in sqs._queues.get(url, {}).get("messages", []):
            if message["id"] in ids:
                message["visible_at"] = min(message["visible_at"], time.time() + _SOON_SECONDS)


def _end_delays(url: str, rules: Rules) -> None:
    with sqs._queues_lock:
        for message in sqs._queues.get(url, {}).get("messages", []):
            delayed = not message.get("receive_count") and message.get("visible_at", 0) > time.time()
            if delayed and rules.mentioned_in(message.get("body", "")):
                soon = message.get("sent_at", time.time()) + _SOON_SECONDS
                message["visible_at"] = min(message["visible_at"], soon)


def _serve(rules: Rules, work: _Work) -> None:
    shortcuts = server._handle_post_body_shortcuts

    async def controlled(method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        if path != PATH and not path.startswith(f"{PATH}/"):
            return await shortcuts(method, path, headers, body, *rest)
        status, answer = _control(method, path[len(PATH) + 1 :], body, rules, work)
        return status, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    server._handle_post_body_shortcuts = controlled


def _control(method: str, name: str, body: bytes, rules: Rules, work: _Work) -> tuple[int, dict[str, Any]]:
    if method == "POST" and not name:
        try:
            return 201, {"id": rules.add(json.loads(body))}
        except (NoRule, ValueError, AttributeError) as error:
            return 400, {"message": f"no rule: {error}"}
    rule = rules.get(name)
    if rule is None:
        return 404, {"message": f"no rule is called {name}"}
    if method not in ("GET", "DELETE"):
        return 405, {"message": "a rule is looked at with GET and taken back with DELETE"}
    if method == "DELETE":
        rules.remove(name)
    at_work = work.on(rule)
    backlog = sum(rule.concerns(rule.function, text) for text in _waiting(rule))
    return 200, {"injected": rule.injected, "seen": rule.seen, "backlog": backlog, "atWork": at_work}


def _waiting(rule: Rule) -> Iterator[str]:
    """What the function's event sources have not finished: messages in queues, records of streams."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        source = mapping.get("EventSourceArn", "")
        if mapping["FunctionName"].rpartition(":function:")[2].partition(":")[0] != rule.function:
            continue
        if ":sqs:" in source:
            for queue in list(sqs._queues._data.values()):
                if queue["attributes"].get("QueueArn") == source:
                    yield from (str(message.get("body")) for message in list(queue["messages"]))
        elif ":dynamodb:" in source:
            table = source.partition(":table/")[2].partition("/")[0]
            position = lambda_svc._dynamodb_stream_positions.get_scoped(account, region, mapping["UUID"], 0)
            records = dynamodb.stream_records_since(
                table, position, 100_000, account_id=account, region=region
            )
            yield from (json.dumps(record["dynamodb"]["Keys"]) for record in records)


def _name(function: dict[str, Any]) -> str:
    return str((function.get("config") or function).get("FunctionName"))
