"""Counts and times for Prometheus, under /metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from time import perf_counter

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from scimweave.provisioning.engine import Engine
from scimweave.provisioning.lifecycle.journal import Event
from scimweave.provisioning.sight import Tally

Handler = Callable[[web.BaseRequest], Awaitable[web.Response]]

# Set by the endpoint once it knows: the integration, and the first segment behind its path.
ADDRESSED = web.RequestKey("addressed", tuple)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
RESOURCES = frozenset(
    {"Users", "Groups", "Bulk", "Me", ".search", "Schemas", "ResourceTypes"}
    | {"ServiceProviderConfig", "ServiceProviderConfigs"}
)
OTHER = "other"


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "scim_requests",
            "Requests answered.",
            ["integration", "method", "resource", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "scim_request_seconds",
            "How long requests took.",
            ["integration", "method"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._operations = Counter(
            "scim_operations",
            "Operations on accounts of the target.",
            ["integration", "operation", "outcome"],
            registry=self.registry,
        )
        # To find the children of a metric by their labels costs more than to count.
        self._children: dict[tuple[str, str, str, int], tuple[Counter, Histogram]] = {}
        self._outcomes: dict[tuple[str, str, str], Counter] = {}

    def watch(self, engine: Engine) -> None:
        """Show what the integrations of ``engine`` count themselves."""
        self.registry.register(_Integrations(engine))

    def operation(self, event: Event) -> None:
        """Count a closed operation; a listener of the engine."""
        key = (event.integration, event.operation, event.outcome)
        child = self._outcomes.get(key)
        if child is None:
            child = self._outcomes[key] = self._operations.labels(*key)
        child.inc()

    def measured(self, handler: Handler) -> Handler:
        """Count and time what ``handler`` answers."""

        async def handle(request: web.BaseRequest) -> web.Response:
            started = perf_counter()
            response = await handler(request)
            self._answered(request, response.status, perf_counter() - started)
            return response

        return handle

    async def expose(self, request: web.BaseRequest) -> web.Response:
        """Answer a scrape."""
        return web.Response(
            body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE}
        )

    def _answered(self, request: web.BaseRequest, status: int, seconds: float) -> None:
        integration, resource = request.get(ADDRESSED, ("", ""))
        key = (integration, request.method, resource, status)
        children = self._children.get(key)
        if children is None:
            children = self._found(key)
        children[0].inc()
        children[1].observe(seconds)

    def _found(self, key: tuple[str, str, str, int]) -> tuple[Counter, Histogram]:
        """Return the children for a request; what comes from outside adds no labels."""
        integration, method, resource, status = key
        known_method = method if method in METHODS else OTHER
        known_resource = resource if resource in RESOURCES else OTHER
        children = (
            self._requests.labels(integration, known_method, known_resource, str(status)),
            self._seconds.labels(integration, known_method),
        )
        if (known_method, known_resource) == (method, resource):
            self._children[key] = children
        return children


class _Integrations:
    """What integrations count, read when asked for."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def collect(self) -> Iterator[Metric]:
        """Return the metrics of all integrations."""
        quirks = CounterMetricFamily(
            "scim_quirk",
            "Requests with something against the RFCs that was taken all the same.",
            labels=["integration", "quirk"],
        )
        unmapped = CounterMetricFamily(
            "scim_unmapped",
            "Attributes that were sent and nothing maps.",
            labels=["integration", "attribute"],
        )
        open_intents = GaugeMetricFamily(
            "scim_open_intents", "Operations without an outcome.", labels=["integration"]
        )
        held = GaugeMetricFamily(
            "scim_held", "Leavers that the guard holds.", labels=["integration"]
        )
        for name, integration in list(self._engine.integrations.items()):
            _add(quirks, name, integration.sight.quirks)
            _add(unmapped, name, integration.sight.unmapped)
            open_intents.add_metric([name], integration.open_intents)
            held.add_metric([name], integration.held)
        yield from (quirks, unmapped, open_intents, held)


def _add(family: CounterMetricFamily, integration: str, tally: Tally) -> None:
    for name, count in tally:
        family.add_metric([integration, name], count)
