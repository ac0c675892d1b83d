"""What is served, told by machines and to people: ``/openapi.json`` and ``/docs``, both from the rooms' own operations."""
