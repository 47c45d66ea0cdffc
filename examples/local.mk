# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += examples/advantage.c examples/advantage.py examples/calc.json examples/calc.py
