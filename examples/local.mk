# SPDX-License-Identifier: Apache-2.0
# The tool of the manual is installed beside the configurations; the examples of the library are for reading.
EXTRA_DIST += examples/advantage.c examples/advantage.py examples/results/three-agents.json
nobase_dist_pkgdata_DATA += examples/calc.json
nobase_dist_pkgdata_SCRIPTS = examples/calc.py
