# SPDX-License-Identifier: Apache-2.0
# The shared library exports the public functions alone; tests, clgrpo-info and clgrpo-tune look at its insides and link the archive.
lib_LTLIBRARIES = lib/libclgrpo.la
noinst_LTLIBRARIES += lib/libclg.la
include_HEADERS = \
	lib/clgrpo.h \
	lib/clgrpo_attention.h \
	lib/clgrpo_layer.h \
	lib/clgrpo_linear.h \
	lib/clgrpo_optim.h \
	lib/clgrpo_policy.h \
	lib/clgrpo_profile.h

lib_libclg_la_SOURCES = \
	lib/attention.c \
	lib/attention.h \
	lib/attention_simt.c \
	lib/attention_simt.h \
	lib/cache.h \
	lib/cache_disk.c \
	lib/cache_folder.c \
	lib/cache_lock.c \
	lib/cast.c \
	lib/cast.h \
	lib/clock.c \
	lib/context.c \
	lib/device.c \
	lib/device.h \
	lib/gemm.c \
	lib/gemm.h \
	lib/gemm_cpu.c \
	lib/gemm_kernel.h \
	lib/gemm_pack.c \
	lib/gemm_pack.h \
	lib/gemm_simt.c \
	lib/hash.h \
	lib/internal.h \
	lib/launch.c \
	lib/launch.h \
	lib/linear_logprob.c \
	lib/linear_logprob.h \
	lib/op_adamw.c \
	lib/op_add.c \
	lib/op_advantage.c \
	lib/op_attention.c \
	lib/op_attention_backward.c \
	lib/op_attention_decode.c \
	lib/op_cast.c \
	lib/op_embedding.c \
	lib/op_gemm.c \
	lib/op_gemm_pack.c \
	lib/op_global_norm.c \
	lib/op_kv_append.c \
	lib/op_kv_copy.c \
	lib/op_linear_logprob.c \
	lib/op_linear_logprob_backward.c \
	lib/op_policy_loss.c \
	lib/op_rmsnorm.c \
	lib/op_rope.c \
	lib/op_sample.c \
	lib/op_swiglu.c \
	lib/prepare.c \
	lib/profile.c \
	lib/profile.h \
	lib/profile_read.c \
	lib/program.c \
	lib/rng.c \
	lib/rows.c \
	lib/rows.h \
	lib/simt_tile.c \
	lib/simt_tile.h \
	lib/status.c \
	lib/struct_size.c \
	lib/tensor.c \
	lib/tensor_copy.c \
	lib/tier.c \
	lib/tier.h \
	lib/tier_probe.c \
	lib/tune.c \
	lib/tune.h \
	lib/tune_check.c \
	lib/tune_device.c \
	lib/tune_file.c \
	lib/tune_params.c \
	lib/tune_params.h \
	lib/tune_rows.c \
	lib/tune_rows.h \
	lib/tune_sources.c \
	lib/tune_table.h \
	lib/views.c \
	lib/views.h
nodist_lib_libclg_la_SOURCES = kernels/sources.c
lib_libclg_la_CPPFLAGS = $(base_cppflags)
lib_libclg_la_CFLAGS = $(base_cflags) $(ZLIB_CFLAGS)
lib_libclg_la_LIBADD = $(OPENCL_LIBS) $(ZLIB_LIBS) -lm
lib_libclgrpo_la_SOURCES =
lib_libclgrpo_la_LIBADD = lib/libclg.la
# current:revision:age of the exported interface
lib_libclgrpo_la_LDFLAGS = $(base_ldflags) -version-info 0:0:0 -export-symbols-regex '^clgrpo_' -no-undefined
if HAVE_CLBLAST
lib_libclg_la_SOURCES += lib/gemm_clblast.c
lib_libclg_la_CFLAGS += $(CLBLAST_CFLAGS)
lib_libclg_la_LIBADD += $(CLBLAST_LIBS)
endif
