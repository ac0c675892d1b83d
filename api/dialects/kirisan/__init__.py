"""Kirisan: `POST /v1/send`, one recipient over several channels in tiers."""
