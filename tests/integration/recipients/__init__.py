"""Recipients of campaigns: read from files, judged, reported on, and sent to again."""
