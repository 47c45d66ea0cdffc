# SPDX-License-Identifier: Apache-2.0
# Suites of the library run once for each kernel family inside; those that use the device also run under Oclgrind with small sizes.
# Programs link the static library: some look at its insides.
tests_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/trainer -DTESTS_SRCDIR='"$(abs_top_srcdir)/tests"'
tests_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS) $(SQLITE_CFLAGS) $(PCRE2_CFLAGS)
tests_libs = $(CHECK_LIBS) $(OPENCL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(ZLIB_LIBS) -lm

# ---- The library ----
lib_suites = \
	tests/check_advantage \
	tests/check_attention \
	tests/check_attention_backward \
	tests/check_attention_cache \
	tests/check_attention_decode \
	tests/check_attention_prefix \
	tests/check_cache \
	tests/check_candidates \
	tests/check_core \
	tests/check_gemm \
	tests/check_gemm_storage \
	tests/check_kv_copy \
	tests/check_layer \
	tests/check_linear_logprob \
	tests/check_optim \
	tests/check_policy_loss \
	tests/check_rmsnorm \
	tests/check_rng \
	tests/check_sample \
	tests/check_tensor \
	tests/check_tune \
	tests/check_tune_rows
# Not under Oclgrind: one stands between a program and the OpenCL library, as Oclgrind does; the other's wrong kernels race; CLBlast's
# kernels are not this library's.
host_suites = tests/check_faults tests/check_tier
if HAVE_CLBLAST
host_suites += tests/check_gemm_clblast
endif

if HAVE_CHECK
check_LTLIBRARIES = tests/libfixture.la tests/libsuite.la
tests_libfixture_la_SOURCES = tests/fixture.c tests/fixture.h
tests_libfixture_la_CPPFLAGS = $(tests_cppflags)
tests_libfixture_la_CFLAGS = $(tests_cflags)
tests_libsuite_la_SOURCES = tests/suite.c tests/suite.h
tests_libsuite_la_CPPFLAGS = $(tests_cppflags)
tests_libsuite_la_CFLAGS = $(tests_cflags)
lib_test_ldadd = tests/libfixture.la lib/libclgrpo.la $(tests_libs)

check_PROGRAMS += $(lib_suites) $(host_suites) $(trainer_suites) tests/mgrpo_fake tests/fake_files tests/storage_error
endif

# Not a test: what storage in halves costs, a table (bench/results)
tests_storage_error_SOURCES = tests/storage_error.c
tests_storage_error_CPPFLAGS = $(tests_cppflags)
tests_storage_error_CFLAGS = $(tests_cflags)
tests_storage_error_LDFLAGS = $(AM_LDFLAGS) -static
tests_storage_error_LDADD = $(lib_test_ldadd)

tests_check_advantage_SOURCES = tests/check_advantage.c tests/ref_advantage.c tests/ref_advantage.h
tests_check_attention_SOURCES = tests/check_attention.c tests/attention_case.c tests/attention_case.h tests/ref_attention.c tests/ref_attention.h
tests_check_attention_backward_SOURCES = tests/check_attention_backward.c tests/attention_gradients.c tests/attention_gradients.h \
	tests/attention_case.c tests/ref_attention.c
tests_check_attention_cache_SOURCES = tests/check_attention_cache.c tests/attention_case.c tests/ref_attention.c
tests_check_attention_decode_SOURCES = tests/check_attention_decode.c tests/attention_case.c tests/ref_attention.c
tests_check_attention_prefix_SOURCES = tests/check_attention_prefix.c tests/attention_gradients.c tests/attention_case.c \
	tests/ref_attention.c
tests_check_cache_SOURCES = tests/check_cache.c
tests_check_candidates_SOURCES = tests/check_candidates.c tests/candidate_case.c tests/candidate_case.h tests/candidate_rows.c \
	tests/attention_gradients.c tests/attention_case.c tests/ref_attention.c tests/gemm_case.c tests/ref_gemm.c \
	tests/logprob_case.c tests/ref_linear_logprob.c tests/ref_layer.c
tests_check_core_SOURCES = tests/check_core.c
tests_check_faults_SOURCES = tests/check_faults.c tests/fault_cl.c tests/fault_cl.h tests/op_bag.c tests/op_cases.c tests/op_cases.h
tests_check_gemm_SOURCES = tests/check_gemm.c tests/gemm_case.c tests/gemm_case.h tests/ref_gemm.c tests/ref_gemm.h
tests_check_gemm_clblast_SOURCES = tests/check_gemm_clblast.c tests/gemm_case.c tests/ref_gemm.c
tests_check_gemm_storage_SOURCES = tests/check_gemm_storage.c tests/gemm_case.c tests/gemm_case.h tests/ref_gemm.c tests/ref_gemm.h
tests_check_kv_copy_SOURCES = tests/check_kv_copy.c
tests_check_layer_SOURCES = tests/check_layer.c tests/ref_layer.c tests/ref_layer.h
tests_check_linear_logprob_SOURCES = tests/check_linear_logprob.c tests/logprob_case.c tests/logprob_case.h \
	tests/ref_linear_logprob.c tests/ref_linear_logprob.h
tests_check_optim_SOURCES = tests/check_optim.c tests/ref_layer.c
tests_check_policy_loss_SOURCES = tests/check_policy_loss.c tests/ref_policy_loss.c tests/ref_policy_loss.h
tests_check_rmsnorm_SOURCES = tests/check_rmsnorm.c tests/ref_layer.c
tests_check_rng_SOURCES = tests/check_rng.c
tests_check_sample_SOURCES = tests/check_sample.c tests/ref_sample.c tests/ref_sample.h
tests_check_tensor_SOURCES = tests/check_tensor.c
tests_check_tier_SOURCES = tests/check_tier.c tests/gemm_case.c tests/gemm_case.h tests/ref_gemm.c tests/ref_gemm.h
tests_check_tune_SOURCES = tests/check_tune.c
tests_check_tune_rows_SOURCES = tests/check_tune_rows.c

tests_check_advantage_CPPFLAGS = $(tests_cppflags)
tests_check_advantage_CFLAGS = $(tests_cflags)
tests_check_advantage_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_advantage_LDADD = $(lib_test_ldadd)
tests_check_attention_CPPFLAGS = $(tests_cppflags)
tests_check_attention_CFLAGS = $(tests_cflags)
tests_check_attention_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_attention_LDADD = $(lib_test_ldadd)
tests_check_attention_backward_CPPFLAGS = $(tests_cppflags)
tests_check_attention_backward_CFLAGS = $(tests_cflags)
tests_check_attention_backward_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_attention_backward_LDADD = $(lib_test_ldadd)
tests_check_attention_cache_CPPFLAGS = $(tests_cppflags)
tests_check_attention_cache_CFLAGS = $(tests_cflags)
tests_check_attention_cache_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_attention_cache_LDADD = $(lib_test_ldadd)
tests_check_attention_decode_CPPFLAGS = $(tests_cppflags)
tests_check_attention_decode_CFLAGS = $(tests_cflags)
tests_check_attention_decode_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_attention_decode_LDADD = $(lib_test_ldadd)
tests_check_attention_prefix_CPPFLAGS = $(tests_cppflags)
tests_check_attention_prefix_CFLAGS = $(tests_cflags)
tests_check_attention_prefix_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_attention_prefix_LDADD = $(lib_test_ldadd)
tests_check_cache_CPPFLAGS = $(tests_cppflags)
tests_check_cache_CFLAGS = $(tests_cflags)
tests_check_cache_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_cache_LDADD = $(lib_test_ldadd)
tests_check_candidates_CPPFLAGS = $(tests_cppflags)
tests_check_candidates_CFLAGS = $(tests_cflags)
tests_check_candidates_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_candidates_LDADD = $(lib_test_ldadd)
tests_check_core_CPPFLAGS = $(tests_cppflags)
tests_check_core_CFLAGS = $(tests_cflags)
tests_check_core_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_core_LDADD = $(lib_test_ldadd)
tests_check_faults_CPPFLAGS = $(tests_cppflags)
tests_check_faults_CFLAGS = $(tests_cflags)
tests_check_faults_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_faults_LDADD = $(lib_test_ldadd) $(DL_LIBS)
tests_check_gemm_CPPFLAGS = $(tests_cppflags)
tests_check_gemm_CFLAGS = $(tests_cflags)
tests_check_gemm_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_gemm_LDADD = $(lib_test_ldadd)
tests_check_gemm_clblast_CPPFLAGS = $(tests_cppflags)
tests_check_gemm_clblast_CFLAGS = $(tests_cflags)
tests_check_gemm_clblast_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_gemm_clblast_LDADD = $(lib_test_ldadd)
tests_check_gemm_storage_CPPFLAGS = $(tests_cppflags)
tests_check_gemm_storage_CFLAGS = $(tests_cflags)
tests_check_gemm_storage_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_gemm_storage_LDADD = $(lib_test_ldadd)
tests_check_kv_copy_CPPFLAGS = $(tests_cppflags)
tests_check_kv_copy_CFLAGS = $(tests_cflags)
tests_check_kv_copy_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_kv_copy_LDADD = $(lib_test_ldadd)
tests_check_layer_CPPFLAGS = $(tests_cppflags)
tests_check_layer_CFLAGS = $(tests_cflags)
tests_check_layer_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_layer_LDADD = $(lib_test_ldadd)
tests_check_linear_logprob_CPPFLAGS = $(tests_cppflags)
tests_check_linear_logprob_CFLAGS = $(tests_cflags)
tests_check_linear_logprob_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_linear_logprob_LDADD = $(lib_test_ldadd)
tests_check_optim_CPPFLAGS = $(tests_cppflags)
tests_check_optim_CFLAGS = $(tests_cflags)
tests_check_optim_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_optim_LDADD = $(lib_test_ldadd)
tests_check_policy_loss_CPPFLAGS = $(tests_cppflags)
tests_check_policy_loss_CFLAGS = $(tests_cflags)
tests_check_policy_loss_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_policy_loss_LDADD = $(lib_test_ldadd)
tests_check_rmsnorm_CPPFLAGS = $(tests_cppflags)
tests_check_rmsnorm_CFLAGS = $(tests_cflags)
tests_check_rmsnorm_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_rmsnorm_LDADD = $(lib_test_ldadd)
tests_check_rng_CPPFLAGS = $(tests_cppflags)
tests_check_rng_CFLAGS = $(tests_cflags)
tests_check_rng_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_rng_LDADD = $(lib_test_ldadd)
tests_check_sample_CPPFLAGS = $(tests_cppflags)
tests_check_sample_CFLAGS = $(tests_cflags)
tests_check_sample_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_sample_LDADD = $(lib_test_ldadd)
tests_check_tensor_CPPFLAGS = $(tests_cppflags)
tests_check_tensor_CFLAGS = $(tests_cflags)
tests_check_tensor_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_tensor_LDADD = $(lib_test_ldadd)
tests_check_tier_CPPFLAGS = $(tests_cppflags)
tests_check_tier_CFLAGS = $(tests_cflags)
tests_check_tier_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_tier_LDADD = $(lib_test_ldadd)
tests_check_tune_CPPFLAGS = $(tests_cppflags)
tests_check_tune_CFLAGS = $(tests_cflags)
tests_check_tune_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_tune_LDADD = $(lib_test_ldadd)
tests_check_tune_rows_CPPFLAGS = $(tests_cppflags)
tests_check_tune_rows_CFLAGS = $(tests_cflags)
tests_check_tune_rows_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_tune_rows_LDADD = $(lib_test_ldadd)

# ---- The trainer ----
trainer_suites = \
	tests/check_policy \
	tests/check_prefix \
	tests/check_agent \
	tests/check_align \
	tests/check_config \
	tests/check_corpus \
	tests/check_demos \
	tests/check_dialogue \
	tests/check_facts \
	tests/check_file \
	tests/check_interval \
	tests/check_metrics \
	tests/check_model_config \
	tests/check_objective \
	tests/check_report \
	tests/check_report_chart \
	tests/check_reward \
	tests/check_rollout \
	tests/check_rollout_log \
	tests/check_rollout_log_damage \
	tests/check_run_dir \
	tests/check_safetensors \
	tests/check_scorer \
	tests/check_sft \
	tests/check_store \
	tests/check_store_faults \
	tests/check_summary \
	tests/check_tokenizer \
	tests/check_tokenizer_load \
	tests/check_world \
	tests/check_world_demo

trainer_test_ldadd = tests/libsuite.la trainer/libmgrpo.la lib/libclgrpo.la $(tests_libs)

tests_check_policy_SOURCES = tests/check_policy.c tests/policy_case.c tests/policy_case.h
tests_check_policy_CPPFLAGS = $(tests_cppflags)
tests_check_policy_CFLAGS = $(tests_cflags)
tests_check_policy_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_policy_LDADD = tests/libfixture.la $(trainer_test_ldadd)
tests_check_prefix_SOURCES = tests/check_prefix.c tests/policy_case.c tests/policy_case.h
tests_check_prefix_CPPFLAGS = $(tests_cppflags)
tests_check_prefix_CFLAGS = $(tests_cflags)
tests_check_prefix_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_prefix_LDADD = tests/libfixture.la $(trainer_test_ldadd)
tests_check_agent_SOURCES = tests/check_agent.c tests/small_world.c tests/small_world.h
tests_check_agent_CPPFLAGS = $(tests_cppflags)
tests_check_agent_CFLAGS = $(tests_cflags)
tests_check_agent_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_agent_LDADD = $(trainer_test_ldadd)
tests_check_corpus_SOURCES = tests/check_corpus.c
tests_check_corpus_CPPFLAGS = $(tests_cppflags)
tests_check_corpus_CFLAGS = $(tests_cflags)
tests_check_corpus_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_corpus_LDADD = $(trainer_test_ldadd)
tests_check_demos_SOURCES = tests/check_demos.c tests/fake_tokenizer.c
tests_check_demos_CPPFLAGS = $(tests_cppflags)
tests_check_demos_CFLAGS = $(tests_cflags)
tests_check_demos_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_demos_LDADD = $(trainer_test_ldadd)
tests_check_dialogue_SOURCES = tests/check_dialogue.c tests/fake_policy.c tests/fake_decode.c tests/fake_policy.h tests/fake_policy_internal.h tests/fake_tokenizer.c
tests_check_dialogue_CPPFLAGS = $(tests_cppflags)
tests_check_dialogue_CFLAGS = $(tests_cflags)
tests_check_dialogue_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_dialogue_LDADD = $(trainer_test_ldadd)
tests_check_rollout_SOURCES = tests/check_rollout.c tests/fake_policy.c tests/fake_decode.c tests/fake_tokenizer.c tests/small_world.c
tests_check_rollout_CPPFLAGS = $(tests_cppflags)
tests_check_rollout_CFLAGS = $(tests_cflags)
tests_check_rollout_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_rollout_LDADD = $(trainer_test_ldadd)
tests_check_scorer_SOURCES = tests/check_scorer.c
tests_check_scorer_CPPFLAGS = $(tests_cppflags)
tests_check_scorer_CFLAGS = $(tests_cflags)
tests_check_scorer_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_scorer_LDADD = $(trainer_test_ldadd)
tests_check_sft_SOURCES = tests/check_sft.c tests/fake_tokenizer.c
tests_check_sft_CPPFLAGS = $(tests_cppflags)
tests_check_sft_CFLAGS = $(tests_cflags)
tests_check_sft_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_sft_LDADD = $(trainer_test_ldadd)
tests_check_store_SOURCES = tests/check_store.c tests/store_case.c tests/store_case.h
tests_check_store_CPPFLAGS = $(tests_cppflags)
tests_check_store_CFLAGS = $(tests_cflags)
tests_check_store_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_store_LDADD = $(trainer_test_ldadd)
tests_check_store_faults_SOURCES = tests/check_store_faults.c tests/store_case.c
tests_check_store_faults_CPPFLAGS = $(tests_cppflags)
tests_check_store_faults_CFLAGS = $(tests_cflags)
tests_check_store_faults_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_store_faults_LDADD = $(trainer_test_ldadd)
tests_check_facts_SOURCES = tests/check_facts.c
tests_check_facts_CPPFLAGS = $(tests_cppflags)
tests_check_facts_CFLAGS = $(tests_cflags)
tests_check_facts_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_facts_LDADD = $(trainer_test_ldadd)
tests_check_world_SOURCES = tests/check_world.c
tests_check_world_CPPFLAGS = $(tests_cppflags)
tests_check_world_CFLAGS = $(tests_cflags)
tests_check_world_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_world_LDADD = $(trainer_test_ldadd)
tests_check_world_demo_SOURCES = tests/check_world_demo.c
tests_check_world_demo_CPPFLAGS = $(tests_cppflags)
tests_check_world_demo_CFLAGS = $(tests_cflags)
tests_check_world_demo_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_world_demo_LDADD = $(trainer_test_ldadd)
tests_check_file_SOURCES = tests/check_file.c
tests_check_file_CPPFLAGS = $(tests_cppflags)
tests_check_file_CFLAGS = $(tests_cflags)
tests_check_file_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_file_LDADD = $(trainer_test_ldadd)
tests_check_model_config_SOURCES = tests/check_model_config.c
tests_check_model_config_CPPFLAGS = $(tests_cppflags)
tests_check_model_config_CFLAGS = $(tests_cflags)
tests_check_model_config_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_model_config_LDADD = $(trainer_test_ldadd)
tests_check_safetensors_SOURCES = tests/check_safetensors.c
tests_check_safetensors_CPPFLAGS = $(tests_cppflags)
tests_check_safetensors_CFLAGS = $(tests_cflags)
tests_check_safetensors_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_safetensors_LDADD = $(trainer_test_ldadd)
tests_check_tokenizer_SOURCES = tests/check_tokenizer.c
tests_check_tokenizer_CPPFLAGS = $(tests_cppflags)
tests_check_tokenizer_CFLAGS = $(tests_cflags)
tests_check_tokenizer_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_tokenizer_LDADD = $(trainer_test_ldadd)
tests_check_tokenizer_load_SOURCES = tests/check_tokenizer_load.c
tests_check_tokenizer_load_CPPFLAGS = $(tests_cppflags)
tests_check_tokenizer_load_CFLAGS = $(tests_cflags)
tests_check_tokenizer_load_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_tokenizer_load_LDADD = $(trainer_test_ldadd)
tests_check_align_SOURCES = tests/check_align.c
tests_check_align_CPPFLAGS = $(tests_cppflags)
tests_check_align_CFLAGS = $(tests_cflags)
tests_check_align_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_align_LDADD = tests/libfixture.la $(trainer_test_ldadd)
tests_check_config_SOURCES = tests/check_config.c
tests_check_config_CPPFLAGS = $(tests_cppflags)
tests_check_config_CFLAGS = $(tests_cflags)
tests_check_config_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_config_LDADD = $(trainer_test_ldadd)
tests_check_objective_SOURCES = tests/check_objective.c tests/policy_case.c tests/policy_case.h
tests_check_objective_CPPFLAGS = $(tests_cppflags)
tests_check_objective_CFLAGS = $(tests_cflags)
tests_check_objective_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_objective_LDADD = tests/libfixture.la $(trainer_test_ldadd)
tests_check_reward_SOURCES = tests/check_reward.c
tests_check_reward_CPPFLAGS = $(tests_cppflags)
tests_check_reward_CFLAGS = $(tests_cflags)
tests_check_reward_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_reward_LDADD = $(trainer_test_ldadd)
tests_check_interval_SOURCES = tests/check_interval.c
tests_check_interval_CPPFLAGS = $(tests_cppflags)
tests_check_interval_CFLAGS = $(tests_cflags)
tests_check_interval_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_interval_LDADD = $(trainer_test_ldadd)
tests_check_metrics_SOURCES = tests/check_metrics.c
tests_check_metrics_CPPFLAGS = $(tests_cppflags)
tests_check_metrics_CFLAGS = $(tests_cflags)
tests_check_metrics_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_metrics_LDADD = $(trainer_test_ldadd)
tests_check_report_SOURCES = tests/check_report.c tests/fake_run.c tests/fake_run.h tests/fake_tokenizer.c tests/html_form.c tests/html_form.h
tests_check_report_CPPFLAGS = $(tests_cppflags)
tests_check_report_CFLAGS = $(tests_cflags)
tests_check_report_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_report_LDADD = $(trainer_test_ldadd)
tests_check_report_chart_SOURCES = tests/check_report_chart.c tests/html_form.c
tests_check_report_chart_CPPFLAGS = $(tests_cppflags)
tests_check_report_chart_CFLAGS = $(tests_cflags)
tests_check_report_chart_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_report_chart_LDADD = $(trainer_test_ldadd)
tests_check_rollout_log_SOURCES = tests/check_rollout_log.c tests/log_case.c tests/log_case.h
tests_check_rollout_log_CPPFLAGS = $(tests_cppflags)
tests_check_rollout_log_CFLAGS = $(tests_cflags)
tests_check_rollout_log_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_rollout_log_LDADD = $(trainer_test_ldadd)
tests_check_rollout_log_damage_SOURCES = tests/check_rollout_log_damage.c tests/log_case.c
tests_check_rollout_log_damage_CPPFLAGS = $(tests_cppflags)
tests_check_rollout_log_damage_CFLAGS = $(tests_cflags)
tests_check_rollout_log_damage_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_rollout_log_damage_LDADD = $(trainer_test_ldadd)
tests_check_run_dir_SOURCES = tests/check_run_dir.c
tests_check_run_dir_CPPFLAGS = $(tests_cppflags)
tests_check_run_dir_CFLAGS = $(tests_cflags)
tests_check_run_dir_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_run_dir_LDADD = $(trainer_test_ldadd)
tests_check_summary_SOURCES = tests/check_summary.c
tests_check_summary_CPPFLAGS = $(tests_cppflags)
tests_check_summary_CFLAGS = $(tests_cflags)
tests_check_summary_LDFLAGS = $(AM_LDFLAGS) -static
tests_check_summary_LDADD = $(trainer_test_ldadd)

# mgrpo with a policy that is a function of its input alone: the whole system without a device, for the test of resuming.
tests_mgrpo_fake_SOURCES = trainer/cli/main.c tests/fake_advantage.c tests/fake_score.c tests/fake_policy.c tests/fake_decode.c tests/fake_tokenizer.c
tests_mgrpo_fake_CPPFLAGS = $(tests_cppflags)
tests_mgrpo_fake_CFLAGS = $(tests_cflags)
tests_mgrpo_fake_LDFLAGS = $(AM_LDFLAGS) -static
tests_mgrpo_fake_LDADD = trainer/libmgrpo.la $(tests_libs)
tests_fake_files_SOURCES = tests/fake_files.c tests/small_world.c tests/fake_tokenizer.c tests/fake_policy.c tests/fake_decode.c
tests_fake_files_CPPFLAGS = $(tests_cppflags)
tests_fake_files_CFLAGS = $(tests_cflags)
tests_fake_files_LDFLAGS = $(AM_LDFLAGS) -static
tests_fake_files_LDADD = $(trainer_test_ldadd)

# ---- Whole-system tests ----
test_scripts = \
	tests/test_bench.sh \
	tests/test_exports.sh \
	tests/test_format.sh \
	tests/test_inlined.sh \
	tests/test_install.sh \
	tests/test_kernels.sh \
	tests/test_manuals.sh \
	tests/test_oclgrind.sh \
	tests/test_profile.sh \
	tests/test_replay.sh \
	tests/test_resume.sh \
	tests/test_tune.sh

EXTRA_DIST += $(test_scripts) \
	tests/fuzz_config.c \
	tests/fuzz_demos.c \
	tests/fuzz_safetensors.c \
	tests/fuzz_tokenizer.c \
	tests/fuzz_tokenizer_text.c \
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
	MANDOC='$(MANDOC)'; export MANDOC; \
	CLANG_FORMAT='$(CLANG_FORMAT)'; export CLANG_FORMAT; \
	OCLGRIND='$(OCLGRIND)'; export OCLGRIND; \
	CK_DEFAULT_TIMEOUT=120; export CK_DEFAULT_TIMEOUT; \
	SUITES='$(lib_suites)'; export SUITES; \
	MGRPO_FACTS='$(abs_top_srcdir)/data/atlas.facts.gz'; export MGRPO_FACTS; \
	MGRPO_FAKE='$(abs_top_builddir)/tests/mgrpo_fake'; export MGRPO_FAKE; \
	FAKE_FILES='$(abs_top_builddir)/tests/fake_files'; export FAKE_FILES;
