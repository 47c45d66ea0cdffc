# SPDX-License-Identifier: Apache-2.0
# Facts of the world, the tokenizer and the warm-start models; installed with mgrpo.
nobase_dist_pkgdata_DATA = \
	data/atlas.facts.gz \
	data/tokenizer.json \
	data/warm/calc/config.json \
	data/warm/calc/model.safetensors \
	data/warm/main/config.json \
	data/warm/main/model.safetensors \
	data/warm/planner/config.json \
	data/warm/planner/model.safetensors \
	data/warm/search/config.json \
	data/warm/search/model.safetensors \
	examples/quickstart.conf \
	examples/three-agents.conf
