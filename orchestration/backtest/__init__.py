"""A backtest of a home: which days it looks at, what happened after the cut, and the report of how well the scores predicted it.

What the scores said on the cut comes from the street itself, which looks back (``orchestration/assets/backtest.py``); the figures are
worked out by ``transforms/backtest.py``.
"""
