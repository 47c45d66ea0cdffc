# SPDX-License-Identifier: Apache-2.0
# A suite is one line of a list below: its source has its name, and the flags and libraries of this makefile's defaults, AM_CPPFLAGS and its
# kin and LDADD, are those of the tests. Of the libraries only what a suite uses is linked, statically: some suites look at the insides.
AM_CPPFLAGS = $(base_cppflags) -I$(top_srcdir)/trainer -I$(top_srcdir)/reference -I$(top_srcdir)/tests/lib -I$(top_srcdir)/tests/trainer
AM_CFLAGS = $(base_cflags) $(CHECK_CFLAGS) $(JANSSON_CFLAGS) $(SQLITE_CFLAGS) $(PCRE2_CFLAGS)
AM_LDFLAGS = $(base_ldflags) -static
LDADD = tests/trainer/libcases.la tests/lib/libcases.la reference/libreference.la trainer/libmgrpo.la lib/libclgrpo.la $(tests_libs)
tests_libs = $(CHECK_LIBS) $(OPENCL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(ZLIB_LIBS) $(DL_LIBS) -lm

# ---- The library: each suite runs once for each kernel family inside, and with small sizes under Oclgrind ----
lib_suites = \
	tests/lib/check_advantage \
	tests/lib/check_attention \
	tests/lib/check_attention_backward \
	tests/lib/check_attention_cache \
	tests/lib/check_attention_decode \
	tests/lib/check_attention_prefix \
	tests/lib/check_cache \
	tests/lib/check_cache_folder \
	tests/lib/check_candidates \
	tests/lib/check_contract \
	tests/lib/check_core \
	tests/lib/check_gemm \
	tests/lib/check_gemm_storage \
	tests/lib/check_halves \
	tests/lib/check_indices \
	tests/lib/check_kv_copy \
	tests/lib/check_layer \
	tests/lib/check_linear_logprob \
	tests/lib/check_nan \
	tests/lib/check_optim \
	tests/lib/check_policy_loss \
	tests/lib/check_policy_rows \
	tests/lib/check_prepare \
	tests/lib/check_profile \
	tests/lib/check_profile_life \
	tests/lib/check_refusals \
	tests/lib/check_rmsnorm \
	tests/lib/check_rng \
	tests/lib/check_sample \
	tests/lib/check_sample_weightless \
	tests/lib/check_tensor \
	tests/lib/check_tune \
	tests/lib/check_tune_rows

# Not under Oclgrind: two stand between a program and the OpenCL library, as Oclgrind does; the tiers' wrong kernels race; CLBlast's
# kernels are not this library's.
host_suites = tests/lib/check_faults tests/lib/check_small_device tests/lib/check_tier
if HAVE_CLBLAST
host_suites += tests/lib/check_gemm_clblast
endif
tests_lib_check_faults_SOURCES = tests/lib/check_faults.c tests/lib/fault_cl.c tests/lib/fault_cl.h tests/lib/next_cl.h

# ---- The trainer ----
trainer_suites = \
	tests/trainer/check_agent \
	tests/trainer/check_align \
	tests/trainer/check_config \
	tests/trainer/check_config_agents \
	tests/trainer/check_config_tools \
	tests/trainer/check_control_tokens \
	tests/trainer/check_corpus \
	tests/trainer/check_demos \
	tests/trainer/check_dialogue \
	tests/trainer/check_doing \
	tests/trainer/check_facts \
	tests/trainer/check_file \
	tests/trainer/check_interval \
	tests/trainer/check_judge \
	tests/trainer/check_keep_rollouts \
	tests/trainer/check_lines \
	tests/trainer/check_metrics \
	tests/trainer/check_model_config \
	tests/trainer/check_objective \
	tests/trainer/check_objective_gradient \
	tests/trainer/check_passes \
	tests/trainer/check_options \
	tests/trainer/check_policy \
	tests/trainer/check_policy_state \
	tests/trainer/check_policy_step \
	tests/trainer/check_prefix \
	tests/trainer/check_process \
	tests/trainer/check_process_root \
	tests/trainer/check_report \
	tests/trainer/check_report_chart \
	tests/trainer/check_reward \
	tests/trainer/check_rollout \
	tests/trainer/check_rollout_limits \
	tests/trainer/check_rollout_log \
	tests/trainer/check_rollout_log_damage \
	tests/trainer/check_rollout_tools \
	tests/trainer/check_run_dir \
	tests/trainer/check_run_path \
	tests/trainer/check_safetensors \
	tests/trainer/check_scorer \
	tests/trainer/check_sft \
	tests/trainer/check_store \
	tests/trainer/check_store_faults \
	tests/trainer/check_store_outage \
	tests/trainer/check_store_redis \
	tests/trainer/check_store_steps \
	tests/trainer/check_summary \
	tests/trainer/check_supervise \
	tests/trainer/check_text \
	tests/trainer/check_tokenizer \
	tests/trainer/check_tokenizer_load \
	tests/trainer/check_tool_exec \
	tests/trainer/check_tool_log \
	tests/trainer/check_tools \
	tests/trainer/check_unbiased \
	tests/trainer/check_weights \
	tests/trainer/check_world \
	tests/trainer/check_world_demo

# Fakes are functions of the trainer by their names, so they are linked as objects, before the library that has them, too.
fake_policy = tests/trainer/fake_policy.c tests/trainer/fake_decode.c tests/trainer/fake_policy.h tests/trainer/fake_policy_internal.h
fake_tokenizer = tests/trainer/fake_tokenizer.c
program_case = tests/trainer/program_case.c tests/trainer/program_case.h $(fake_policy) $(fake_tokenizer)
tests_trainer_check_control_tokens_SOURCES = tests/trainer/check_control_tokens.c $(fake_policy) $(fake_tokenizer)
tests_trainer_check_demos_SOURCES = tests/trainer/check_demos.c $(fake_tokenizer)
tests_trainer_check_dialogue_SOURCES = tests/trainer/check_dialogue.c $(fake_policy) $(fake_tokenizer)
tests_trainer_check_lines_SOURCES = tests/trainer/check_lines.c $(fake_tokenizer)
tests_trainer_check_report_SOURCES = tests/trainer/check_report.c $(fake_tokenizer)
tests_trainer_check_rollout_SOURCES = tests/trainer/check_rollout.c $(fake_policy) $(fake_tokenizer)
tests_trainer_check_rollout_limits_SOURCES = tests/trainer/check_rollout_limits.c $(fake_policy) $(fake_tokenizer)
tests_trainer_check_rollout_tools_SOURCES = tests/trainer/check_rollout_tools.c $(program_case)
tests_trainer_check_tool_log_SOURCES = tests/trainer/check_tool_log.c $(program_case)
tests_trainer_check_sft_SOURCES = tests/trainer/check_sft.c $(fake_tokenizer)

# ---- What suites share ----
if HAVE_CHECK
check_LTLIBRARIES = tests/lib/libcases.la tests/trainer/libcases.la
check_PROGRAMS += $(lib_suites) $(host_suites) $(trainer_suites) $(test_programs)
TESTS += $(lib_suites) $(host_suites) $(trainer_suites) $(test_scripts)
else
check-local:
	@echo 'make check: configure did not find the check library, which the tests are written with' >&2; exit 1
endif
tests_lib_libcases_la_SOURCES = \
	tests/lib/attention_case.c \
	tests/lib/attention_case.h \
	tests/lib/attention_gradients.c \
	tests/lib/attention_gradients.h \
	tests/lib/cache_case.c \
	tests/lib/cache_case.h \
	tests/lib/candidate_case.c \
	tests/lib/candidate_case.h \
	tests/lib/candidate_rows.c \
	tests/lib/fixture.c \
	tests/lib/fixture.h \
	tests/lib/gemm_case.c \
	tests/lib/gemm_case.h \
	tests/lib/guarded_tensor.c \
	tests/lib/logprob_case.c \
	tests/lib/logprob_case.h \
	tests/lib/op_bag.c \
	tests/lib/op_cases.c \
	tests/lib/op_cases.h \
	tests/lib/policy_loss_case.c \
	tests/lib/policy_loss_case.h \
	tests/lib/profile_case.c \
	tests/lib/profile_case.h \
	tests/lib/sample_case.c \
	tests/lib/sample_case.h \
	tests/lib/stored.c \
	tests/lib/stored.h
tests_trainer_libcases_la_SOURCES = \
	tests/trainer/config_case.c \
	tests/trainer/config_case.h \
	tests/trainer/demo_case.c \
	tests/trainer/demo_case.h \
	tests/trainer/fake_run.c \
	tests/trainer/fake_run.h \
	tests/trainer/html_form.c \
	tests/trainer/html_form.h \
	tests/trainer/log_case.c \
	tests/trainer/log_case.h \
	tests/trainer/policy_case.c \
	tests/trainer/policy_case.h \
	tests/trainer/process_case.c \
	tests/trainer/process_case.h \
	tests/trainer/redis_case.c \
	tests/trainer/redis_case.h \
	tests/trainer/scratch.c \
	tests/trainer/scratch.h \
	tests/trainer/small_model.c \
	tests/trainer/small_model.h \
	tests/trainer/small_world.c \
	tests/trainer/small_world.h \
	tests/trainer/store_case.c \
	tests/trainer/store_case.h \
	tests/trainer/store_queue_cases.c \
	tests/trainer/store_run_cases.c \
	tests/trainer/suite.c \
	tests/trainer/suite.h

# ---- Whole systems ----
# Two programs that scripts run: mgrpo with a policy that is a function of its input alone, without a device, and what writes its files. One
# that is no test: what storage in halves costs, a table (bench/results).
test_programs = tests/system/mgrpo_fake tests/system/fake_files tests/lib/storage_error tests/lib/edge_values
tests_system_mgrpo_fake_SOURCES = trainer/cli/main.c tests/trainer/fake_advantage.c tests/trainer/fake_score.c $(fake_policy) $(fake_tokenizer)
tests_system_mgrpo_fake_LDADD = trainer/libmgrpo.la $(tests_libs)
tests_system_fake_files_SOURCES = tests/system/fake_files.c $(fake_policy) $(fake_tokenizer)

test_scripts = \
	tests/bench/test_bench.sh \
	tests/bench/test_cold_caches.sh \
	tests/bench/test_tune.sh \
	tests/lib/test_abi.sh \
	tests/lib/test_arguments.sh \
	tests/lib/test_client.sh \
	tests/lib/test_operations.sh \
	tests/system/test_arrows.sh \
	tests/system/test_best.sh \
	tests/system/test_changed_inputs.sh \
	tests/system/test_circles.sh \
	tests/system/test_diffs.sh \
	tests/system/test_examples.sh \
	tests/system/test_exports.sh \
	tests/system/test_extend.sh \
	tests/system/test_format.sh \
	tests/system/test_inlined.sh \
	tests/system/test_install.sh \
	tests/system/test_kernels.sh \
	tests/system/test_manuals.sh \
	tests/system/test_map.sh \
	tests/system/test_names.sh \
	tests/system/test_oclgrind.sh \
	tests/system/test_profile.sh \
	tests/system/test_step_profile.sh \
	tests/system/test_inputs.sh \
	tests/system/test_judge.sh \
	tests/system/test_nothing_learnt.sh \
	tests/system/test_outputs.sh \
	tests/system/test_replay.sh \
	tests/system/test_resume.sh \
	tests/system/test_show.sh \
	tests/system/test_stages.sh \
	tests/system/test_stores.sh \
	tests/system/test_supervision.sh \
	tests/system/test_surroundings.sh \
	tests/system/test_three_agents.sh \
	tests/system/test_tool.sh \
	tests/system/test_tool_failures.sh

# Readers of foreign files, under libFuzzer (scripts/fuzz)
fuzz_programs = \
	tests/fuzz/fuzz_answer \
	tests/fuzz/fuzz_bench \
	tests/fuzz/fuzz_config \
	tests/fuzz/fuzz_corpus \
	tests/fuzz/fuzz_demos \
	tests/fuzz/fuzz_facts \
	tests/fuzz/fuzz_kernel_cache \
	tests/fuzz/fuzz_metrics \
	tests/fuzz/fuzz_model_config \
	tests/fuzz/fuzz_questions \
	tests/fuzz/fuzz_redis \
	tests/fuzz/fuzz_rollout_log \
	tests/fuzz/fuzz_run_record \
	tests/fuzz/fuzz_safetensors \
	tests/fuzz/fuzz_sqlite \
	tests/fuzz/fuzz_state \
	tests/fuzz/fuzz_store_row \
	tests/fuzz/fuzz_tokenizer \
	tests/fuzz/fuzz_tokenizer_text \
	tests/fuzz/fuzz_tool \
	tests/fuzz/fuzz_tool_log \
	tests/fuzz/fuzz_tool_output \
	tests/fuzz/fuzz_tuning \
	tests/fuzz/fuzz_verdict \
	tests/fuzz/fuzz_weights
EXTRA_PROGRAMS = $(fuzz_programs)
tests_fuzz_fuzz_bench_SOURCES = tests/fuzz/fuzz_bench.c bench/output/compare.c bench/output/results.c bench/measure/row.c
tests_fuzz_fuzz_bench_CPPFLAGS = $(bench_cppflags)

# Suites that the sanitizers watch (scripts/check-sanitize): the trainer's, and those of the library that read files. The second list is left
# out of them: programs run there within bounds of memory and time, which the sanitizers' shadow memory takes.
sanitized_suites = $(trainer_suites) tests/lib/check_cache tests/lib/check_cache_folder tests/lib/check_tune tests/lib/check_tune_rows
unsanitized_suites = tests/trainer/check_process tests/trainer/check_process_root
.PHONY: sanitized-suites
sanitized-suites:
	@echo "all='$(sanitized_suites)' out='$(unsanitized_suites)'"

EXTRA_DIST += $(test_scripts) \
	tests/fuzz/memory_file.h \
	tests/fuzz/seeds \
	tests/system/check_hosts.sh \
	tests/lib/client.c \
	tests/lib/libclgrpo.abi \
	tests/system/redis_case.sh \
	tests/system/resume.sh \
	tests/system/run_case.sh \
	tests/golden/gpt2.json \
	tests/golden/llama3.json \
	tests/golden/normal.jsonl \
	tests/golden/tokenizer.jsonl \
	tests/trainer/answers.tsv
TEST_EXTENSIONS = .sh

# A minute of tests: of the library, of the trainer, and of what is installed and distributed.
quick_tests = \
	tests/lib/check_advantage \
	tests/lib/check_core \
	tests/lib/check_rng \
	tests/lib/check_tensor \
	tests/lib/test_operations.sh \
	tests/trainer/check_config \
	tests/trainer/check_dialogue \
	tests/trainer/check_facts \
	tests/trainer/check_report \
	tests/trainer/check_tokenizer \
	tests/trainer/check_world \
	tests/system/test_arrows.sh \
	tests/system/test_circles.sh \
	tests/system/test_diffs.sh \
	tests/system/test_exports.sh \
	tests/system/test_format.sh \
	tests/system/test_install.sh \
	tests/system/test_kernels.sh \
	tests/system/test_manuals.sh \
	tests/system/test_names.sh \
	tests/system/test_replay.sh
.PHONY: check-quick
check-quick:
	$(MAKE) check TESTS='$(quick_tests)'

# Three hosts in network namespaces: minutes, and for root alone, so that make check leaves it out. Status 77: skipped.
.PHONY: check-hosts
check-hosts: tests/system/mgrpo_fake tests/system/fake_files
	@$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/system/check_hosts.sh || test $$? -eq 77

.PHONY: record-abi
record-abi: lib/libclgrpo.la
	@$(AM_TESTS_ENVIRONMENT) $(SHELL) $(srcdir)/tests/lib/test_abi.sh --record

AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)'; export srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir; \
	prefix='$(prefix)'; export prefix; \
	CC='$(CC)'; export CC; \
	OPENCL_CFLAGS='$(OPENCL_CFLAGS)'; export OPENCL_CFLAGS; \
	MANDOC='$(MANDOC)'; export MANDOC; \
	CLANG_FORMAT='$(CLANG_FORMAT)'; export CLANG_FORMAT; \
	OCLGRIND='$(OCLGRIND)'; export OCLGRIND; \
	CK_DEFAULT_TIMEOUT=120; export CK_DEFAULT_TIMEOUT; \
	SUITES='$(lib_suites)'; export SUITES; \
	MGRPO_FACTS='$(abs_top_srcdir)/data/atlas.facts.gz'; export MGRPO_FACTS; \
	MGRPO_FAKE='$(abs_top_builddir)/tests/system/mgrpo_fake'; export MGRPO_FAKE; \
	FAKE_FILES='$(abs_top_builddir)/tests/system/fake_files'; export FAKE_FILES;
