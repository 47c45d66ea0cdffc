# SPDX-License-Identifier: Apache-2.0
bin_PROGRAMS += clgrpo-bench clgrpo-info

clgrpo_bench_SOURCES = \
	bench/bench.h \
	bench/clblast.c \
	bench/data.c \
	bench/machine.c \
	bench/main.c \
	bench/openblas.c \
	bench/report.c \
	bench/rows_attention.c \
	bench/rows_gemm.c \
	bench/rows_head.c \
	bench/rows_small.c \
	bench/timer.c
clgrpo_bench_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(CLBLAST_CFLAGS)
clgrpo_bench_LDADD = lib/libclgrpo.la $(OPENCL_LIBS) $(JANSSON_LIBS) $(CLBLAST_LIBS) $(DL_LIBS) -lm

EXTRA_DIST += bench/peers/torch_train.py

clgrpo_info_SOURCES = bench/info.c
clgrpo_info_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
clgrpo_info_LDADD = lib/libclgrpo.la $(OPENCL_LIBS) $(JANSSON_LIBS)

EXTRA_DIST += bench/results/README.md bench/results/pocl-3.1-zen3-2cores.json bench/results/pocl-3.1-zen3-2cores.svg \
	bench/results/pocl-3.1-zen3-2cores.tsv
