"""Forgetting on purpose, as a plan: what may go, what must stay and until when. The engine does what is planned.

`schedule` holds a request against the office's periods and legal holds; `plan` says what exactly is destroyed.
"""
