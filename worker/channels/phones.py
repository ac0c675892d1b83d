"""Phone numbers in the form the WhatsApp networks want: digits only, country code first."""

import re
from typing import Final

import phonenumbers

_MEXICAN_MOBILE: Final = re.compile(r"521\d{10}")
"""WhatsApp still writes Mexican mobiles with the 1 that the numbering plan gave up in 2019."""


def normalise(text: str) -> str | None:
    """Give a number's digits, or ``None`` when it cannot be anybody's.

    Everything but digits is dropped, and the rest must be a *possible* number with its country code, by the phone-number
    library's test: its length fits its country. Whether anybody has it is the provider's to say.
    """
    digits = "".join(str(int(character)) for character in text if character.isdecimal())
    if _MEXICAN_MOBILE.fullmatch(digits):
        return digits
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).lstrip("+")
