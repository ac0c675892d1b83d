from api import auth
from api.known import Known
from shared import ids


def test_what_was_read_before_a_revocation_is_not_kept() -> None:
    cache: Known[auth.Caller] = Known(10)
    known = auth.Caller(account_id=ids.new(), token_id=ids.new())
    before = cache.generation
    cache.clear()
    cache.put(b"hash", known, before)
    assert cache.get(b"hash") is None
    cache.put(b"hash", known, cache.generation)
    assert cache.get(b"hash") == known


def test_a_token_is_trusted_no_longer_than_it_lasts() -> None:
    cache: Known[auth.Caller] = Known(10)
    known = auth.Caller(account_id=ids.new(), token_id=ids.new())
    cache.put(b"hash", known, cache.generation, 0.0)
    assert cache.get(b"hash") is None
    cache.put(b"hash", known, cache.generation, 3600)
    assert cache.get(b"hash") == known
