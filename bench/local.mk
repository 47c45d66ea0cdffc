# SPDX-License-Identifier: Apache-2.0
bin_PROGRAMS += clgrpo-bench clgrpo-info clgrpo-tune

# A file is included as "room/file.h"; what is generated lies in the build folder's rooms.
bench_cppflags = $(base_cppflags) -I$(top_srcdir)/bench -I$(top_builddir)/bench

clgrpo_bench_SOURCES = \
	bench/arguments.c \
	bench/arguments.h \
	bench/main.c \
	bench/machine/machine.c \
	bench/machine/machine.h \
	bench/machine/machine_host.c \
	bench/machine/machine_internal.h \
	bench/machine/machine_limits.c \
	bench/machine/machine_probe.c \
	bench/machine/machine_program.c \
	bench/machine/machine_rates.c \
	bench/machine/machine_units.c \
	bench/measure/bench.h \
	bench/measure/data.c \
	bench/measure/failure.c \
	bench/measure/family.c \
	bench/measure/family.h \
	bench/measure/kernels.c \
	bench/measure/launches.c \
	bench/measure/limit.c \
	bench/measure/median.c \
	bench/measure/median.h \
	bench/measure/now.c \
	bench/measure/now.h \
	bench/measure/print.c \
	bench/measure/program.c \
	bench/measure/program.h \
	bench/measure/row.c \
	bench/measure/row.h \
	bench/measure/select.c \
	bench/measure/timer.c \
	bench/measure/turn.c \
	bench/output/compare.c \
	bench/output/html.c \
	bench/output/html.h \
	bench/output/html_bars.c \
	bench/output/html_roofline.c \
	bench/output/html_scaling.c \
	bench/output/html_text.c \
	bench/output/json.c \
	bench/output/output.c \
	bench/output/output.h \
	bench/output/results.c \
	bench/output/svg.c \
	bench/output/tsv.c \
	bench/output/whole_file.c \
	bench/output/whole_file.h \
	bench/peers/clblast.c \
	bench/peers/naive.c \
	bench/peers/openblas.c \
	bench/peers/peers.h \
	bench/rows/layer.c \
	bench/rows/layer.h \
	bench/rows/plan.c \
	bench/rows/plan.h \
	bench/rows/quality.c \
	bench/rows/quality.h \
	bench/rows/quality_batch.c \
	bench/rows/quality_error.c \
	bench/rows/quality_gap.c \
	bench/rows/quality_repeat.c \
	bench/rows/row_groups.h \
	bench/rows/rows_attention.c \
	bench/rows/rows_decode.c \
	bench/rows/rows_gemm.c \
	bench/rows/rows_head.c \
	bench/rows/rows_layer.c \
	bench/rows/rows_policy.c \
	bench/rows/rows_program.c \
	bench/rows/rows_small.c \
	bench/rows/rows_step.c \
	bench/rows/small_row.c \
	bench/rows/small_row.h \
	bench/rows/step.c \
	bench/rows/step.h \
	bench/rows/touch.c \
	bench/rows/touch.h
nodist_clgrpo_bench_SOURCES = bench/output/kernel_hash.h bench/machine/machine_lines.h bench/peers/naive_lines.h
clgrpo_bench_CPPFLAGS = $(bench_cppflags)
clgrpo_bench_CFLAGS = $(base_cflags) $(JANSSON_CFLAGS) $(CLBLAST_CFLAGS)
clgrpo_bench_LDFLAGS = $(base_ldflags)
clgrpo_bench_LDADD = reference/libreference.la names/libnames.la lib/libclgrpo.la $(OPENCL_LIBS) $(JANSSON_LIBS) $(CLBLAST_LIBS) $(DL_LIBS) -lm


# Which kernels a result was made with.
BUILT_SOURCES += bench/output/kernel_hash.h
CLEANFILES += bench/output/kernel_hash.h
bench/output/clgrpo_bench-json.$(OBJEXT): bench/output/kernel_hash.h
bench/output/kernel_hash.h: kernels/sources.c
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	hash=`(sha256sum || shasum -a 256 || cksum) 2>/dev/null <kernels/sources.c | cut -c1-16 | cut -d' ' -f1` && \
	echo "#define BENCH_KERNEL_HASH \"$$hash\"" >$@.tmp && mv $@.tmp $@

# Kernels of the ceilings and of a peer, a string for each line.
EXTRA_DIST += bench/machine/machine.cl bench/peers/naive.cl
BUILT_SOURCES += bench/machine/machine_lines.h bench/peers/naive_lines.h
CLEANFILES += bench/machine/machine_lines.h bench/peers/naive_lines.h
bench/machine/clgrpo_bench-machine_program.$(OBJEXT): bench/machine/machine_lines.h
bench/peers/clgrpo_bench-naive.$(OBJEXT): bench/peers/naive_lines.h
bench/machine/machine_lines.h: bench/machine/machine.cl
bench/peers/naive_lines.h: bench/peers/naive.cl
bench/machine/machine_lines.h bench/peers/naive_lines.h:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && name=`basename $@ .h` && source=`echo $@ | sed 's/_lines\.h$$/.cl/'` && \
	{ echo "static const char *const $$name[] = {" && \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n",/' $(srcdir)/$$source && echo '};'; } >$@.tmp && \
	mv $@.tmp $@

EXTRA_DIST += bench/peers/peer_rows.py bench/peers/tinygrad_rows.py bench/peers/torch_rows.py bench/peers/torch_train.py

clgrpo_info_SOURCES = \
	bench/info/info.c \
	bench/info/info.h \
	bench/info/info_tuning.c \
	bench/measure/family.c \
	bench/measure/family.h \
	bench/measure/program.c \
	bench/measure/program.h
clgrpo_info_CPPFLAGS = $(bench_cppflags)
clgrpo_info_CFLAGS = $(base_cflags) $(JANSSON_CFLAGS)
clgrpo_info_LDFLAGS = $(base_ldflags)
clgrpo_info_LDADD = names/libnames.la lib/libclg.la $(JANSSON_LIBS)

clgrpo_tune_SOURCES = \
	bench/measure/family.c \
	bench/measure/family.h \
	bench/measure/median.c \
	bench/measure/median.h \
	bench/measure/now.c \
	bench/measure/now.h \
	bench/measure/program.c \
	bench/measure/program.h \
	bench/output/whole_file.c \
	bench/output/whole_file.h \
	bench/tune/tune_attention.c \
	bench/tune/tune_case.c \
	bench/tune/tune_case.h \
	bench/tune/tune_cases.c \
	bench/tune/tune_main.c \
	bench/tune/tune_output.c \
	bench/tune/tune_rounds.c \
	bench/tune/tune_search.c \
	bench/tune/tune_search.h \
	bench/tune/tune_store.c \
	bench/tune/tune_trial.c \
	bench/tune/tuner.h
clgrpo_tune_CPPFLAGS = $(bench_cppflags)
clgrpo_tune_CFLAGS = $(base_cflags) $(JANSSON_CFLAGS)
clgrpo_tune_LDFLAGS = $(base_ldflags)
clgrpo_tune_LDADD = names/libnames.la lib/libclg.la $(JANSSON_LIBS)

# Everything that is measured and kept.
EXTRA_DIST += bench/results
