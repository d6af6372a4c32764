"""What Schemathesis cannot know: what must stay, and where an answer differs from what the specification alone tells."""

import itertools
import os
import re

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse

# What the rest of a run stands on: `operation=id`, never to be deleted.
KEPT = dict(pair.split("=") for pair in os.environ["GARDIEN_KEPT"].split())

# Rules that the specification cannot say or leaves out, by what a 422 complains of (`field: message`).
RULES = [
    re.compile(rule)
    for rule in (
        # What is named must be there.
        r"(monitors|status_pages)\.\d+: The selected .* is invalid\.",
        r"integration_id: The selected .* is invalid\.",
        r"(components\.\d+\.)+componentable_id: The selected .* is invalid\.",
        r"members\.\d+: .* must be at least 1\.",
        # Times have an order.
        r"from: .* must be a date before to\.",
        r"ends_at: .* must be a date after starts at\.",
        r"recovery_at: .* must be a date after or equal to incident at\.",
        # An address is taken once, a thing ends once.
        r"subdomain: .* has already been taken\.",
        r"status: The incident has already recovered\.",
        r"state: A maintenance window that is .* cannot be (cancelled|completed)\.",
        # Said in words: a web address, status codes, a port, a color, an address or range of them.
        r"(request\.(url|port)|success_assertions\.\d+\.value"
        r"|website_url|access_ips\.\d+|theme\.(light|dark)\.\w+): .* format is invalid\.",
        # More regions than there are can never fail.
        r"region_threshold: .* must not be greater than the number of regions\.",
        # Another field decides on the shape: the protocol, the event, the app of the integration.
        r"request\.(method|url|host|port|connection): .* is (required|invalid)\.",
        r"event_settings\.(type|days_before_expiry): .*",
        r"integration_settings\.(priority|schema|retry|expire): .*",
        # JSON brings no file.
        r"(logo|favicon)_(light|dark): .* must be an image\.",
        # One of the headers must name a project, and both the same.
        r"X-Phare-Project-(Id|Slug): .*",
    )
]

SUBDOMAINS = set()
NUMBERS = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    kept = KEPT.get(case.operation.definition.raw["operationId"])
    for name, value in (case.path_parameters or {}).items():
        if kept is not None and re.fullmatch(f"0*{kept}", str(value)):
            case.path_parameters[name] = 0
    # The same page comes many times, and its address is taken once.
    body = case.body
    if case.meta.generation.mode.is_positive and isinstance(body, dict) and "subdomain" in body:
        if body["subdomain"] in SUBDOMAINS and case.media_type == "application/json":
            kwargs["json"] = {**body, "subdomain": f"page-{next(NUMBERS)}"}
        SUBDOMAINS.add(body["subdomain"])


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Whether a failure is one."""
    if isinstance(failure, UnsupportedMethodResponse):
        # An operation is a method and a path: to the gateway a wrong method is as unknown as a wrong path.
        return response.status_code != 404
    if isinstance(failure, RejectedPositiveData) and response.status_code == 422:
        # The flat form says little of its fields. They are held against what JSON may bring.
        if case.media_type == "multipart/form-data":
            return False
        complaints = response.json()["errors"].items()
        return not all(
            is_a_rule(field, message) or is_trimmed(field, case.body)
            for field, messages in complaints
            for message in messages
        )
    return True


def is_a_rule(field, message):
    return any(rule.fullmatch(f"{field}: {message}") for rule in RULES)


def is_trimmed(field, body):
    """Whether the text that was sent is another one, or none, without the space around it: the API trims."""
    for name in field.split("."):
        try:
            body = body[int(name) if isinstance(body, list) else name]
        except (IndexError, KeyError, TypeError, ValueError):
            return False
    return isinstance(body, str) and (body == "" or body != body.strip())
