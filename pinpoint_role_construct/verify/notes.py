"""What there is to know of a role that is no finding: it does not make the role wrong."""

from __future__ import annotations

from datetime import date

from ..services import SendingService, known_services
from .assumers import assumers
from .deployed import DeployedRole
from .expectation import Expectation
from .trust_statements import services_of
from .wording import listed


def notes(role: DeployedRole, expected: Expectation) -> list[str]:
    """Return what to know of a role beside the findings.

    Args:
        role: The role.
        expected: What it should be.
    """
    service = expected.policy.service
    services = services_of(role) if service is None else [service]
    said = [ended_support(service, role.last_used) for service in services if service.end_of_support]
    who = list(dict.fromkeys(assumer.name for assumer in assumers(role)))
    if expected.unknown_service and who:
        said.append(
            f"The role trusts no service that this command knows ({', '.join(known_services())}). Its permissions were "
            f"compared all the same; whether {listed(who)} should assume it is for you to judge."
        )
    return said


def ended_support(service: SendingService, last_used: date | None) -> str:
    """Return that AWS ended support for a service, and what to do with its role."""
    used = f"It was last used on {last_used}" if last_used else "IAM has recorded no use of it in the last 400 days"
    return (
        f"AWS ended support for {service.principal} on {service.end_of_support}: make sure that nothing uses the role "
        f"any more, then delete it. {used}."
    )
