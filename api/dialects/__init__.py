"""The wire dialects: one folder each, and nothing else changes when one is added."""
