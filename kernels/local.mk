# SPDX-License-Identifier: Apache-2.0
# Every kernel source is embedded into the library; kernels/units.tsv says which make up a unit.
EMBEDDED_UNITS = kernels/units.tsv
EMBEDDED_KERNELS = \
	kernels/adamw.cl \
	kernels/add.cl \
	kernels/advantage.cl \
	kernels/attention_ahead.cl \
	kernels/attention_backward_cpu.cl \
	kernels/attention_cache.cl \
	kernels/attention_cpu.cl \
	kernels/attention_decode_cpu.cl \
	kernels/attention_decode_simt.cl \
	kernels/attention_decode_tile.cl \
	kernels/attention_dkdv_cpu.cl \
	kernels/attention_dkdv_simt.cl \
	kernels/attention_dkdv_tile.cl \
	kernels/attention_dq_cpu.cl \
	kernels/attention_dq_simt.cl \
	kernels/attention_pack.cl \
	kernels/attention_prefix.cl \
	kernels/attention_simt.cl \
	kernels/attention_simt_shape.cl \
	kernels/attention_simt_tile.cl \
	kernels/attention_softmax.cl \
	kernels/attention_tile.cl \
	kernels/cast.cl \
	kernels/common.cl \
	kernels/embedding.cl \
	kernels/gemm_cpu.cl \
	kernels/gemm_empty.cl \
	kernels/gemm_pack.cl \
	kernels/gemm_pack_rows.cl \
	kernels/gemm_simt.cl \
	kernels/gemm_simt_product.cl \
	kernels/gemm_simt_tile.cl \
	kernels/gemm_tile.cl \
	kernels/global_norm.cl \
	kernels/kv_append.cl \
	kernels/kv_copy.cl \
	kernels/linear_logprob_cpu.cl \
	kernels/linear_logprob_dz_cpu.cl \
	kernels/linear_logprob_dz_simt.cl \
	kernels/linear_logprob_merge.cl \
	kernels/linear_logprob_simt.cl \
	kernels/linear_logprob_simt_shape.cl \
	kernels/lse.cl \
	kernels/policy_loss.cl \
	kernels/probe_gemm.cl kernels/probe_rows.cl \
	kernels/rmsnorm.cl \
	kernels/rmsnorm_backward.cl \
	kernels/rope.cl \
	kernels/rows.cl \
	kernels/sample_cpu.cl \
	kernels/sample_cut_cpu.cl \
	kernels/sample_draw.cl \
	kernels/sample_row_cpu.cl \
	kernels/sample_simt.cl \
	kernels/storage.cl \
	kernels/swiglu.cl

# Tuned parameters, by family
EMBEDDED_ROWS = \
	kernels/tune/cpu.tsv \
	kernels/tune/simt.tsv

EXTRA_DIST += $(EMBEDDED_UNITS) $(EMBEDDED_KERNELS) $(EMBEDDED_ROWS)
BUILT_SOURCES += kernels/sources.c
CLEANFILES += kernels/sources.c

kernels/sources.c: $(EMBEDDED_UNITS) $(EMBEDDED_KERNELS) $(EMBEDDED_ROWS) tools/embed.sh
	$(AM_V_GEN)$(MKDIR_P) kernels && \
	list=; for f in $(EMBEDDED_KERNELS) $(EMBEDDED_ROWS); do list="$$list $(srcdir)/$$f"; done; \
	sh $(srcdir)/tools/embed.sh $(srcdir)/$(EMBEDDED_UNITS) $$list >$@.tmp && mv $@.tmp $@
