"""Email addresses in the one form antar keeps: domain in lower-case A-labels, local part as written."""

import email_validator

_PRIVATE = {"local", "localhost", "test"}
"""Special-use domains that a private mail server may serve all the same."""

email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = [name for name in email_validator.SPECIAL_USE_DOMAIN_NAMES if name not in _PRIVATE]


def normalise(address: str) -> str | None:
    """Give the address its canonical form, or ``None`` when no mail could ever reach it. No lookup is made.

    Only a domain without a dot may be a plain host name; one with a dot must end as public domains do, not in a number.
    """
    address = address.strip()
    dotted = "." in address.rpartition("@")[2]
    try:
        valid = email_validator.validate_email(address, check_deliverability=False, globally_deliverable=dotted)
    except email_validator.EmailNotValidError:
        return None
    return f"{valid.local_part}@{valid.ascii_domain}"


def domain(address: str) -> str:
    """Give the domain of a normalised address."""
    return address.rpartition("@")[2]
