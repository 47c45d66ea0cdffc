# SPDX-License-Identifier: Apache-2.0
# Every kernel source is embedded into the library; kernels/units.tsv says which make up a unit.
EMBEDDED_UNITS = kernels/units.tsv
EMBEDDED_KERNELS = \
	kernels/adamw.cl \
	kernels/add.cl \
	kernels/advantage.cl \
	kernels/attention_ahead_cpu.clh \
	kernels/attention_backward_cpu.cl \
	kernels/attention_cache.clh \
	kernels/attention_chunk_cpu.clh \
	kernels/attention_cpu.cl \
	kernels/attention_decode_cpu.cl \
	kernels/attention_decode_simt.cl \
	kernels/attention_decode_tile_cpu.clh \
	kernels/attention_dkdv_cpu.cl \
	kernels/attention_dkdv_simt.cl \
	kernels/attention_dkdv_tile_cpu.clh \
	kernels/attention_dq_cpu.cl \
	kernels/attention_dq_simt.cl \
	kernels/attention_pack_cpu.clh \
	kernels/attention_prefix.clh \
	kernels/attention_shape_simt.clh \
	kernels/attention_simt.cl \
	kernels/attention_softmax_cpu.clh \
	kernels/attention_tile_cpu.clh \
	kernels/attention_tile_simt.clh \
	kernels/cast.cl \
	kernels/common.clh \
	kernels/embedding.cl \
	kernels/gemm_cpu.cl \
	kernels/gemm_empty.cl \
	kernels/gemm_pack_cpu.cl \
	kernels/gemm_pack_rows_cpu.clh \
	kernels/gemm_product_simt.clh \
	kernels/gemm_simt.cl \
	kernels/gemm_tile_cpu.clh \
	kernels/gemm_tile_simt.clh \
	kernels/global_norm.cl \
	kernels/kv_append.cl \
	kernels/kv_copy.cl \
	kernels/linear_logprob_cpu.cl \
	kernels/linear_logprob_dz_cpu.clh \
	kernels/linear_logprob_dz_simt.clh \
	kernels/linear_logprob_merge.clh \
	kernels/linear_logprob_shape_simt.clh \
	kernels/linear_logprob_simt.cl \
	kernels/lse.clh \
	kernels/policy_loss.cl \
	kernels/policy_rows.cl \
	kernels/policy_stats.clh \
	kernels/policy_token.clh \
	kernels/probe_gemm.cl \
	kernels/probe_rows.cl \
	kernels/rmsnorm.cl \
	kernels/rmsnorm_backward.cl \
	kernels/rope.cl \
	kernels/rows.clh \
	kernels/sample_cpu.cl \
	kernels/sample_cut_cpu.clh \
	kernels/sample_draw.clh \
	kernels/sample_row_cpu.clh \
	kernels/sample_simt.cl \
	kernels/storage.clh \
	kernels/swiglu.cl

# Tuned parameters, by family
EMBEDDED_ROWS = \
	kernels/tune/cpu.tsv \
	kernels/tune/simt.tsv

EXTRA_DIST += $(EMBEDDED_UNITS) $(EMBEDDED_KERNELS) $(EMBEDDED_ROWS) kernels/static.tsv
BUILT_SOURCES += kernels/sources.c
CLEANFILES += kernels/sources.c

kernels/sources.c: $(EMBEDDED_UNITS) $(EMBEDDED_KERNELS) $(EMBEDDED_ROWS) tools/embed.sh
	$(AM_V_GEN)$(MKDIR_P) kernels && \
	list=; for f in $(EMBEDDED_KERNELS) $(EMBEDDED_ROWS); do list="$$list $(srcdir)/$$f"; done; \
	sh $(srcdir)/tools/embed.sh $(srcdir)/$(EMBEDDED_UNITS) $$list >$@.tmp && mv $@.tmp $@
