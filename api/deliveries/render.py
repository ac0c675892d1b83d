"""From a delivery as it stands to its resource."""

from api.sends import render
from shared import ids
from shared.management.held import Held


def item(held: Held) -> render.JsonObject:
    """Give a held delivery, and the send it belongs to."""
    return {**render.delivery(held.delivery), "object": "delivery", "send": ids.encode(ids.SEND, held.send_id)}
