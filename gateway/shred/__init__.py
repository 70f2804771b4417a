"""Forgetting on purpose, as a plan: what may go, what must stay and until when. The engine does what is planned.

`schedule` holds what is asked against the office's periods and legal holds; `fate` says what becomes of each part of a
leg on a day; `plan` says what exactly is destroyed.
"""
