"""A whole fourth platform, as small as one can be: what docs/platforms.md shows and tests/test_fourth_platform.py runs.

The corner shop is made up: one JSON endpoint, `GET /feed`. In the project its parts would lie in `tap_commerce/platforms/cornershop/`
(here `platform/`), `sandbox/cornershop.py` (here `dialect.py`) and `tests/samples/cornershop/` (here `samples/`).
"""
