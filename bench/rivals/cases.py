"""The loads of the published table, by name. `run.py --case NAME` plays one; flags make others."""

from rivals.engine import Load

CASES = {
    # 1,000 streams at a reading pace, after a warm-up wave.
    "pace": Load(streams=1000, tokens=50, ttft_ms=50, itl_ms=50, requests=4000),
    # 100,000 tokens a second, after a warm-up wave.
    "flood": Load(streams=1000, tokens=100, ttft_ms=50, itl_ms=10, requests=3000),
    # 1,000 requests at once and nothing before them.
    "cold": Load(streams=1000, tokens=100, ttft_ms=50, itl_ms=10, requests=1000, warm=False),
    "hundred": Load(streams=100, tokens=100, ttft_ms=50, itl_ms=10, requests=1000),
    # Four tokens in each event.
    "chunks": Load(streams=100, tokens=100, ttft_ms=50, itl_ms=10, tokens_per_chunk=4,
                   requests=1000),
    # The role event leaves with the headers, 50 ms before the first token.
    "early-role": Load(streams=100, tokens=100, ttft_ms=50, itl_ms=10, early_role=True,
                       requests=1000),
}
