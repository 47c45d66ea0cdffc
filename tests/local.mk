# SPDX-License-Identifier: Apache-2.0
# Suites of the library run once for each kernel family inside; those that use the device also run under Oclgrind with small sizes.
# Programs link the static library: some look at its insides.
tests_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/trainer -I$(top_srcdir)/tests/lib -I$(top_srcdir)/tests/trainer -I$(top_srcdir)/reference
tests_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS) $(SQLITE_CFLAGS) $(PCRE2_CFLAGS)
tests_libs = $(CHECK_LIBS) $(OPENCL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(ZLIB_LIBS) -lm

# ---- The library ----
lib_suites = \
	tests/lib/check_advantage \
	tests/lib/check_attention \
	tests/lib/check_attention_backward \
	tests/lib/check_attention_cache \
	tests/lib/check_attention_decode \
	tests/lib/check_attention_prefix \
	tests/lib/check_cache \
	tests/lib/check_candidates \
	tests/lib/check_core \
	tests/lib/check_gemm \
	tests/lib/check_gemm_storage \
	tests/lib/check_kv_copy \
	tests/lib/check_layer \
	tests/lib/check_linear_logprob \
	tests/lib/check_optim \
	tests/lib/check_policy_loss \
	tests/lib/check_rmsnorm \
	tests/lib/check_rng \
	tests/lib/check_sample \
	tests/lib/check_tensor \
	tests/lib/check_tune \
	tests/lib/check_tune_rows
# Not under Oclgrind: one stands between a program and the OpenCL library, as Oclgrind does; the other's wrong kernels race; CLBlast's
# kernels are not this library's.
host_suites = tests/lib/check_faults tests/lib/check_tier
if HAVE_CLBLAST
host_suites += tests/lib/check_gemm_clblast
endif

if HAVE_CHECK
check_LTLIBRARIES = tests/lib/libfixture.la tests/trainer/libsuite.la
tests_lib_libfixture_la_SOURCES = tests/lib/fixture.c tests/lib/fixture.h
tests_lib_libfixture_la_CPPFLAGS = $(tests_cppflags)
tests_lib_libfixture_la_CFLAGS = $(tests_cflags)
tests_trainer_libsuite_la_SOURCES = tests/trainer/suite.c tests/trainer/suite.h
tests_trainer_libsuite_la_CPPFLAGS = $(tests_cppflags)
tests_trainer_libsuite_la_CFLAGS = $(tests_cflags)
lib_test_ldadd = tests/lib/libfixture.la reference/libreference.la lib/libclgrpo.la $(tests_libs)

check_PROGRAMS += $(lib_suites) $(host_suites) $(trainer_suites) tests/system/mgrpo_fake tests/system/fake_files tests/lib/storage_error
endif

# Not a test: what storage in halves costs, a table (bench/results)
tests_lib_storage_error_SOURCES = tests/lib/storage_error.c
tests_lib_storage_error_CPPFLAGS = $(tests_cppflags)
tests_lib_storage_error_CFLAGS = $(tests_cflags)
tests_lib_storage_error_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_storage_error_LDADD = $(lib_test_ldadd)

tests_lib_check_advantage_SOURCES = tests/lib/check_advantage.c
tests_lib_check_attention_SOURCES = tests/lib/check_attention.c tests/lib/attention_case.c tests/lib/attention_case.h
tests_lib_check_attention_backward_SOURCES = tests/lib/check_attention_backward.c tests/lib/attention_gradients.c tests/lib/attention_gradients.h \
	tests/lib/attention_case.c
tests_lib_check_attention_cache_SOURCES = tests/lib/check_attention_cache.c tests/lib/attention_case.c
tests_lib_check_attention_decode_SOURCES = tests/lib/check_attention_decode.c tests/lib/attention_case.c
tests_lib_check_attention_prefix_SOURCES = tests/lib/check_attention_prefix.c tests/lib/attention_gradients.c tests/lib/attention_case.c
tests_lib_check_cache_SOURCES = tests/lib/check_cache.c
tests_lib_check_candidates_SOURCES = tests/lib/check_candidates.c tests/lib/candidate_case.c tests/lib/candidate_case.h tests/lib/candidate_rows.c \
	tests/lib/attention_gradients.c tests/lib/attention_case.c  tests/lib/gemm_case.c  \
	tests/lib/logprob_case.c
tests_lib_check_core_SOURCES = tests/lib/check_core.c
tests_lib_check_faults_SOURCES = tests/lib/check_faults.c tests/lib/fault_cl.c tests/lib/fault_cl.h tests/lib/op_bag.c tests/lib/op_cases.c tests/lib/op_cases.h
tests_lib_check_gemm_SOURCES = tests/lib/check_gemm.c tests/lib/gemm_case.c tests/lib/gemm_case.h
tests_lib_check_gemm_clblast_SOURCES = tests/lib/check_gemm_clblast.c tests/lib/gemm_case.c
tests_lib_check_gemm_storage_SOURCES = tests/lib/check_gemm_storage.c tests/lib/gemm_case.c tests/lib/gemm_case.h
tests_lib_check_kv_copy_SOURCES = tests/lib/check_kv_copy.c
tests_lib_check_layer_SOURCES = tests/lib/check_layer.c
tests_lib_check_linear_logprob_SOURCES = tests/lib/check_linear_logprob.c tests/lib/logprob_case.c tests/lib/logprob_case.h
tests_lib_check_optim_SOURCES = tests/lib/check_optim.c
tests_lib_check_policy_loss_SOURCES = tests/lib/check_policy_loss.c
tests_lib_check_rmsnorm_SOURCES = tests/lib/check_rmsnorm.c
tests_lib_check_rng_SOURCES = tests/lib/check_rng.c
tests_lib_check_sample_SOURCES = tests/lib/check_sample.c
tests_lib_check_tensor_SOURCES = tests/lib/check_tensor.c
tests_lib_check_tier_SOURCES = tests/lib/check_tier.c tests/lib/gemm_case.c tests/lib/gemm_case.h
tests_lib_check_tune_SOURCES = tests/lib/check_tune.c
tests_lib_check_tune_rows_SOURCES = tests/lib/check_tune_rows.c

tests_lib_check_advantage_CPPFLAGS = $(tests_cppflags)
tests_lib_check_advantage_CFLAGS = $(tests_cflags)
tests_lib_check_advantage_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_advantage_LDADD = $(lib_test_ldadd)
tests_lib_check_attention_CPPFLAGS = $(tests_cppflags)
tests_lib_check_attention_CFLAGS = $(tests_cflags)
tests_lib_check_attention_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_attention_LDADD = $(lib_test_ldadd)
tests_lib_check_attention_backward_CPPFLAGS = $(tests_cppflags)
tests_lib_check_attention_backward_CFLAGS = $(tests_cflags)
tests_lib_check_attention_backward_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_attention_backward_LDADD = $(lib_test_ldadd)
tests_lib_check_attention_cache_CPPFLAGS = $(tests_cppflags)
tests_lib_check_attention_cache_CFLAGS = $(tests_cflags)
tests_lib_check_attention_cache_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_attention_cache_LDADD = $(lib_test_ldadd)
tests_lib_check_attention_decode_CPPFLAGS = $(tests_cppflags)
tests_lib_check_attention_decode_CFLAGS = $(tests_cflags)
tests_lib_check_attention_decode_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_attention_decode_LDADD = $(lib_test_ldadd)
tests_lib_check_attention_prefix_CPPFLAGS = $(tests_cppflags)
tests_lib_check_attention_prefix_CFLAGS = $(tests_cflags)
tests_lib_check_attention_prefix_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_attention_prefix_LDADD = $(lib_test_ldadd)
tests_lib_check_cache_CPPFLAGS = $(tests_cppflags)
tests_lib_check_cache_CFLAGS = $(tests_cflags)
tests_lib_check_cache_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_cache_LDADD = $(lib_test_ldadd)
tests_lib_check_candidates_CPPFLAGS = $(tests_cppflags)
tests_lib_check_candidates_CFLAGS = $(tests_cflags)
tests_lib_check_candidates_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_candidates_LDADD = $(lib_test_ldadd)
tests_lib_check_core_CPPFLAGS = $(tests_cppflags)
tests_lib_check_core_CFLAGS = $(tests_cflags)
tests_lib_check_core_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_core_LDADD = $(lib_test_ldadd)
tests_lib_check_faults_CPPFLAGS = $(tests_cppflags)
tests_lib_check_faults_CFLAGS = $(tests_cflags)
tests_lib_check_faults_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_faults_LDADD = $(lib_test_ldadd) $(DL_LIBS)
tests_lib_check_gemm_CPPFLAGS = $(tests_cppflags)
tests_lib_check_gemm_CFLAGS = $(tests_cflags)
tests_lib_check_gemm_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_gemm_LDADD = $(lib_test_ldadd)
tests_lib_check_gemm_clblast_CPPFLAGS = $(tests_cppflags)
tests_lib_check_gemm_clblast_CFLAGS = $(tests_cflags)
tests_lib_check_gemm_clblast_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_gemm_clblast_LDADD = $(lib_test_ldadd)
tests_lib_check_gemm_storage_CPPFLAGS = $(tests_cppflags)
tests_lib_check_gemm_storage_CFLAGS = $(tests_cflags)
tests_lib_check_gemm_storage_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_gemm_storage_LDADD = $(lib_test_ldadd)
tests_lib_check_kv_copy_CPPFLAGS = $(tests_cppflags)
tests_lib_check_kv_copy_CFLAGS = $(tests_cflags)
tests_lib_check_kv_copy_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_kv_copy_LDADD = $(lib_test_ldadd)
tests_lib_check_layer_CPPFLAGS = $(tests_cppflags)
tests_lib_check_layer_CFLAGS = $(tests_cflags)
tests_lib_check_layer_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_layer_LDADD = $(lib_test_ldadd)
tests_lib_check_linear_logprob_CPPFLAGS = $(tests_cppflags)
tests_lib_check_linear_logprob_CFLAGS = $(tests_cflags)
tests_lib_check_linear_logprob_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_linear_logprob_LDADD = $(lib_test_ldadd)
tests_lib_check_optim_CPPFLAGS = $(tests_cppflags)
tests_lib_check_optim_CFLAGS = $(tests_cflags)
tests_lib_check_optim_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_optim_LDADD = $(lib_test_ldadd)
tests_lib_check_policy_loss_CPPFLAGS = $(tests_cppflags)
tests_lib_check_policy_loss_CFLAGS = $(tests_cflags)
tests_lib_check_policy_loss_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_policy_loss_LDADD = $(lib_test_ldadd)
tests_lib_check_rmsnorm_CPPFLAGS = $(tests_cppflags)
tests_lib_check_rmsnorm_CFLAGS = $(tests_cflags)
tests_lib_check_rmsnorm_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_rmsnorm_LDADD = $(lib_test_ldadd)
tests_lib_check_rng_CPPFLAGS = $(tests_cppflags)
tests_lib_check_rng_CFLAGS = $(tests_cflags)
tests_lib_check_rng_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_rng_LDADD = $(lib_test_ldadd)
tests_lib_check_sample_CPPFLAGS = $(tests_cppflags)
tests_lib_check_sample_CFLAGS = $(tests_cflags)
tests_lib_check_sample_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_sample_LDADD = $(lib_test_ldadd)
tests_lib_check_tensor_CPPFLAGS = $(tests_cppflags)
tests_lib_check_tensor_CFLAGS = $(tests_cflags)
tests_lib_check_tensor_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_tensor_LDADD = $(lib_test_ldadd)
tests_lib_check_tier_CPPFLAGS = $(tests_cppflags)
tests_lib_check_tier_CFLAGS = $(tests_cflags)
tests_lib_check_tier_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_tier_LDADD = $(lib_test_ldadd)
tests_lib_check_tune_CPPFLAGS = $(tests_cppflags)
tests_lib_check_tune_CFLAGS = $(tests_cflags)
tests_lib_check_tune_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_tune_LDADD = $(lib_test_ldadd)
tests_lib_check_tune_rows_CPPFLAGS = $(tests_cppflags)
tests_lib_check_tune_rows_CFLAGS = $(tests_cflags)
tests_lib_check_tune_rows_LDFLAGS = $(AM_LDFLAGS) -static
tests_lib_check_tune_rows_LDADD = $(lib_test_ldadd)

# ---- The trainer ----
trainer_suites = \
	tests/trainer/check_policy \
	tests/trainer/check_prefix \
	tests/trainer/check_agent \
	tests/trainer/check_align \
	tests/trainer/check_config \
	tests/trainer/check_corpus \
	tests/trainer/check_demos \
	tests/trainer/check_dialogue \
	tests/trainer/check_facts \
	tests/trainer/check_file \
	tests/trainer/check_interval \
	tests/trainer/check_metrics \
	tests/trainer/check_model_config \
	tests/trainer/check_objective \
	tests/trainer/check_report \
	tests/trainer/check_report_chart \
	tests/trainer/check_reward \
	tests/trainer/check_rollout \
	tests/trainer/check_rollout_log \
	tests/trainer/check_rollout_log_damage \
	tests/trainer/check_run_dir \
	tests/trainer/check_safetensors \
	tests/trainer/check_scorer \
	tests/trainer/check_sft \
	tests/trainer/check_store \
	tests/trainer/check_store_faults \
	tests/trainer/check_summary \
	tests/trainer/check_tokenizer \
	tests/trainer/check_tokenizer_load \
	tests/trainer/check_world \
	tests/trainer/check_world_demo

trainer_test_ldadd = tests/trainer/libsuite.la trainer/libmgrpo.la lib/libclgrpo.la $(tests_libs)

tests_trainer_check_policy_SOURCES = tests/trainer/check_policy.c tests/trainer/policy_case.c tests/trainer/policy_case.h
tests_trainer_check_policy_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_policy_CFLAGS = $(tests_cflags)
tests_trainer_check_policy_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_policy_LDADD = tests/lib/libfixture.la $(trainer_test_ldadd)
tests_trainer_check_prefix_SOURCES = tests/trainer/check_prefix.c tests/trainer/policy_case.c tests/trainer/policy_case.h
tests_trainer_check_prefix_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_prefix_CFLAGS = $(tests_cflags)
tests_trainer_check_prefix_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_prefix_LDADD = tests/lib/libfixture.la $(trainer_test_ldadd)
tests_trainer_check_agent_SOURCES = tests/trainer/check_agent.c tests/trainer/small_world.c tests/trainer/small_world.h
tests_trainer_check_agent_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_agent_CFLAGS = $(tests_cflags)
tests_trainer_check_agent_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_agent_LDADD = $(trainer_test_ldadd)
tests_trainer_check_corpus_SOURCES = tests/trainer/check_corpus.c
tests_trainer_check_corpus_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_corpus_CFLAGS = $(tests_cflags)
tests_trainer_check_corpus_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_corpus_LDADD = $(trainer_test_ldadd)
tests_trainer_check_demos_SOURCES = tests/trainer/check_demos.c tests/trainer/fake_tokenizer.c
tests_trainer_check_demos_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_demos_CFLAGS = $(tests_cflags)
tests_trainer_check_demos_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_demos_LDADD = $(trainer_test_ldadd)
tests_trainer_check_dialogue_SOURCES = tests/trainer/check_dialogue.c tests/trainer/fake_policy.c tests/trainer/fake_decode.c tests/trainer/fake_policy.h tests/trainer/fake_policy_internal.h tests/trainer/fake_tokenizer.c
tests_trainer_check_dialogue_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_dialogue_CFLAGS = $(tests_cflags)
tests_trainer_check_dialogue_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_dialogue_LDADD = $(trainer_test_ldadd)
tests_trainer_check_rollout_SOURCES = tests/trainer/check_rollout.c tests/trainer/fake_policy.c tests/trainer/fake_decode.c tests/trainer/fake_tokenizer.c tests/trainer/small_world.c
tests_trainer_check_rollout_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_rollout_CFLAGS = $(tests_cflags)
tests_trainer_check_rollout_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_rollout_LDADD = $(trainer_test_ldadd)
tests_trainer_check_scorer_SOURCES = tests/trainer/check_scorer.c
tests_trainer_check_scorer_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_scorer_CFLAGS = $(tests_cflags)
tests_trainer_check_scorer_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_scorer_LDADD = $(trainer_test_ldadd)
tests_trainer_check_sft_SOURCES = tests/trainer/check_sft.c tests/trainer/fake_tokenizer.c
tests_trainer_check_sft_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_sft_CFLAGS = $(tests_cflags)
tests_trainer_check_sft_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_sft_LDADD = $(trainer_test_ldadd)
tests_trainer_check_store_SOURCES = tests/trainer/check_store.c tests/trainer/store_case.c tests/trainer/store_case.h
tests_trainer_check_store_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_store_CFLAGS = $(tests_cflags)
tests_trainer_check_store_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_store_LDADD = $(trainer_test_ldadd)
tests_trainer_check_store_faults_SOURCES = tests/trainer/check_store_faults.c tests/trainer/store_case.c
tests_trainer_check_store_faults_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_store_faults_CFLAGS = $(tests_cflags)
tests_trainer_check_store_faults_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_store_faults_LDADD = $(trainer_test_ldadd)
tests_trainer_check_facts_SOURCES = tests/trainer/check_facts.c
tests_trainer_check_facts_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_facts_CFLAGS = $(tests_cflags)
tests_trainer_check_facts_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_facts_LDADD = $(trainer_test_ldadd)
tests_trainer_check_world_SOURCES = tests/trainer/check_world.c
tests_trainer_check_world_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_world_CFLAGS = $(tests_cflags)
tests_trainer_check_world_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_world_LDADD = $(trainer_test_ldadd)
tests_trainer_check_world_demo_SOURCES = tests/trainer/check_world_demo.c
tests_trainer_check_world_demo_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_world_demo_CFLAGS = $(tests_cflags)
tests_trainer_check_world_demo_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_world_demo_LDADD = $(trainer_test_ldadd)
tests_trainer_check_file_SOURCES = tests/trainer/check_file.c
tests_trainer_check_file_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_file_CFLAGS = $(tests_cflags)
tests_trainer_check_file_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_file_LDADD = $(trainer_test_ldadd)
tests_trainer_check_model_config_SOURCES = tests/trainer/check_model_config.c
tests_trainer_check_model_config_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_model_config_CFLAGS = $(tests_cflags)
tests_trainer_check_model_config_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_model_config_LDADD = $(trainer_test_ldadd)
tests_trainer_check_safetensors_SOURCES = tests/trainer/check_safetensors.c
tests_trainer_check_safetensors_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_safetensors_CFLAGS = $(tests_cflags)
tests_trainer_check_safetensors_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_safetensors_LDADD = $(trainer_test_ldadd)
tests_trainer_check_tokenizer_SOURCES = tests/trainer/check_tokenizer.c
tests_trainer_check_tokenizer_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_tokenizer_CFLAGS = $(tests_cflags)
tests_trainer_check_tokenizer_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_tokenizer_LDADD = $(trainer_test_ldadd)
tests_trainer_check_tokenizer_load_SOURCES = tests/trainer/check_tokenizer_load.c
tests_trainer_check_tokenizer_load_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_tokenizer_load_CFLAGS = $(tests_cflags)
tests_trainer_check_tokenizer_load_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_tokenizer_load_LDADD = $(trainer_test_ldadd)
tests_trainer_check_align_SOURCES = tests/trainer/check_align.c
tests_trainer_check_align_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_align_CFLAGS = $(tests_cflags)
tests_trainer_check_align_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_align_LDADD = tests/lib/libfixture.la $(trainer_test_ldadd)
tests_trainer_check_config_SOURCES = tests/trainer/check_config.c
tests_trainer_check_config_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_config_CFLAGS = $(tests_cflags)
tests_trainer_check_config_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_config_LDADD = $(trainer_test_ldadd)
tests_trainer_check_objective_SOURCES = tests/trainer/check_objective.c tests/trainer/policy_case.c tests/trainer/policy_case.h
tests_trainer_check_objective_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_objective_CFLAGS = $(tests_cflags)
tests_trainer_check_objective_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_objective_LDADD = tests/lib/libfixture.la $(trainer_test_ldadd)
tests_trainer_check_reward_SOURCES = tests/trainer/check_reward.c
tests_trainer_check_reward_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_reward_CFLAGS = $(tests_cflags)
tests_trainer_check_reward_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_reward_LDADD = $(trainer_test_ldadd)
tests_trainer_check_interval_SOURCES = tests/trainer/check_interval.c
tests_trainer_check_interval_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_interval_CFLAGS = $(tests_cflags)
tests_trainer_check_interval_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_interval_LDADD = $(trainer_test_ldadd)
tests_trainer_check_metrics_SOURCES = tests/trainer/check_metrics.c
tests_trainer_check_metrics_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_metrics_CFLAGS = $(tests_cflags)
tests_trainer_check_metrics_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_metrics_LDADD = $(trainer_test_ldadd)
tests_trainer_check_report_SOURCES = tests/trainer/check_report.c tests/trainer/fake_run.c tests/trainer/fake_run.h tests/trainer/fake_tokenizer.c tests/trainer/html_form.c tests/trainer/html_form.h
tests_trainer_check_report_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_report_CFLAGS = $(tests_cflags)
tests_trainer_check_report_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_report_LDADD = $(trainer_test_ldadd)
tests_trainer_check_report_chart_SOURCES = tests/trainer/check_report_chart.c tests/trainer/html_form.c
tests_trainer_check_report_chart_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_report_chart_CFLAGS = $(tests_cflags)
tests_trainer_check_report_chart_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_report_chart_LDADD = $(trainer_test_ldadd)
tests_trainer_check_rollout_log_SOURCES = tests/trainer/check_rollout_log.c tests/trainer/log_case.c tests/trainer/log_case.h
tests_trainer_check_rollout_log_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_rollout_log_CFLAGS = $(tests_cflags)
tests_trainer_check_rollout_log_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_rollout_log_LDADD = $(trainer_test_ldadd)
tests_trainer_check_rollout_log_damage_SOURCES = tests/trainer/check_rollout_log_damage.c tests/trainer/log_case.c
tests_trainer_check_rollout_log_damage_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_rollout_log_damage_CFLAGS = $(tests_cflags)
tests_trainer_check_rollout_log_damage_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_rollout_log_damage_LDADD = $(trainer_test_ldadd)
tests_trainer_check_run_dir_SOURCES = tests/trainer/check_run_dir.c
tests_trainer_check_run_dir_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_run_dir_CFLAGS = $(tests_cflags)
tests_trainer_check_run_dir_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_run_dir_LDADD = $(trainer_test_ldadd)
tests_trainer_check_summary_SOURCES = tests/trainer/check_summary.c
tests_trainer_check_summary_CPPFLAGS = $(tests_cppflags)
tests_trainer_check_summary_CFLAGS = $(tests_cflags)
tests_trainer_check_summary_LDFLAGS = $(AM_LDFLAGS) -static
tests_trainer_check_summary_LDADD = $(trainer_test_ldadd)

# mgrpo with a policy that is a function of its input alone: the whole system without a device, for the test of resuming.
tests_system_mgrpo_fake_SOURCES = trainer/cli/main.c tests/trainer/fake_advantage.c tests/trainer/fake_score.c tests/trainer/fake_policy.c tests/trainer/fake_decode.c tests/trainer/fake_tokenizer.c
tests_system_mgrpo_fake_CPPFLAGS = $(tests_cppflags)
tests_system_mgrpo_fake_CFLAGS = $(tests_cflags)
tests_system_mgrpo_fake_LDFLAGS = $(AM_LDFLAGS) -static
tests_system_mgrpo_fake_LDADD = trainer/libmgrpo.la $(tests_libs)
tests_system_fake_files_SOURCES = tests/system/fake_files.c tests/trainer/small_world.c tests/trainer/fake_tokenizer.c tests/trainer/fake_policy.c tests/trainer/fake_decode.c
tests_system_fake_files_CPPFLAGS = $(tests_cppflags)
tests_system_fake_files_CFLAGS = $(tests_cflags)
tests_system_fake_files_LDFLAGS = $(AM_LDFLAGS) -static
tests_system_fake_files_LDADD = $(trainer_test_ldadd)

# ---- Whole-system tests ----
test_scripts = \
	tests/bench/test_bench.sh \
	tests/bench/test_tune.sh \
	tests/lib/test_arguments.sh \
	tests/system/test_exports.sh \
	tests/system/test_format.sh \
	tests/system/test_inlined.sh \
	tests/system/test_install.sh \
	tests/system/test_kernels.sh \
	tests/system/test_manuals.sh \
	tests/system/test_oclgrind.sh \
	tests/system/test_profile.sh \
	tests/system/test_replay.sh \
	tests/system/test_resume.sh

EXTRA_DIST += $(test_scripts) \
	tests/fuzz/fuzz_config.c \
	tests/fuzz/fuzz_demos.c \
	tests/fuzz/fuzz_safetensors.c \
	tests/fuzz/fuzz_tokenizer.c \
	tests/fuzz/fuzz_tokenizer_text.c \
	tests/golden/gpt2.json \
	tests/golden/llama3.json \
	tests/golden/tokenizer.jsonl
if HAVE_CHECK
TESTS += $(lib_suites) $(host_suites) $(trainer_suites) $(test_scripts)
endif
TEST_EXTENSIONS = .sh
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
