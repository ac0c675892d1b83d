"""``make audit``: whether what is locked has known vulnerabilities, by ``pip-audit`` and the advisories of PyPI.

A known vulnerability fails it. That nobody could be asked is no fault of the code: it is said, on the last line, and counts as
passed, so that ``make check`` can be run on a machine without a network; unless ``AUDIT=required`` is given, as before a release.
What the service does not know counts as not asked: ``pip-audit`` itself takes that for a pass.
"""
