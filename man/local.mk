# SPDX-License-Identifier: Apache-2.0
dist_man_MANS = \
	man/clgrpo_gemm.3 \
	man/mgrpo-agent.1 \
	man/mgrpo-ask.1 \
	man/mgrpo-corpus.5 \
	man/mgrpo-demos.5 \
	man/mgrpo-questions.5 \
	man/mgrpo-store.5 \
	man/mgrpo-train.1 \
	man/mgrpo-world.1 \
	man/mgrpo.1
