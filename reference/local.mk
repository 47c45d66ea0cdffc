# SPDX-License-Identifier: Apache-2.0
# The operations in double precision, term by term: what tests and clgrpo-bench compare with.
noinst_LTLIBRARIES += reference/libreference.la
reference_libreference_la_SOURCES = \
	reference/ref_advantage.c \
	reference/ref_advantage.h \
	reference/ref_attention.c \
	reference/ref_attention.h \
	reference/ref_gemm.c \
	reference/ref_gemm.h \
	reference/ref_layer.c \
	reference/ref_layer.h \
	reference/ref_linear_logprob.c \
	reference/ref_linear_logprob.h \
	reference/ref_policy_loss.c \
	reference/ref_policy_loss.h \
	reference/ref_sample.c \
	reference/ref_sample.h
