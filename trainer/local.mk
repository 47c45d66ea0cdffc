# SPDX-License-Identifier: Apache-2.0
# All of mgrpo but its main() is a convenience library, which the tests link too.
noinst_LTLIBRARIES += trainer/libmgrpo.la
bin_PROGRAMS += mgrpo

mgrpo_cppflags = $(base_cppflags) -I$(top_srcdir)/trainer -DMG_DATADIR='"$(pkgdatadir)/data"'
mgrpo_cflags = $(base_cflags) $(JANSSON_CFLAGS) $(SQLITE_CFLAGS) $(PCRE2_CFLAGS) $(CONFUSE_CFLAGS) $(UV_CFLAGS) $(ZLIB_CFLAGS)

trainer_libmgrpo_la_SOURCES = \
	trainer/agent/agent.c \
	trainer/agent/agent.h \
	trainer/agent/agent_internal.h \
	trainer/agent/agent_learn.c \
	trainer/agent/agent_main.c \
	trainer/agent/agent_record.c \
	trainer/agent/agent_search.c \
	trainer/agent/agent_state.c \
	trainer/agent/state_file.c \
	trainer/agent/state_file.h \
	trainer/agent/supervise.c \
	trainer/agent/supervise.h \
	trainer/base/clock.c \
	trainer/base/clock.h \
	trainer/base/file.c \
	trainer/base/file.h \
	trainer/base/hash.c \
	trainer/base/hash.h \
	trainer/base/interval.c \
	trainer/base/interval.h \
	trainer/base/keeper.c \
	trainer/base/keeper.h \
	trainer/base/process.c \
	trainer/base/process.h \
	trainer/base/process_internal.h \
	trainer/base/process_program.c \
	trainer/base/rng.c \
	trainer/base/rng.h \
	trainer/base/status.c \
	trainer/base/status.h \
	trainer/base/stop.c \
	trainer/base/stop.h \
	trainer/base/utf8.c \
	trainer/base/utf8.h \
	trainer/cli/asking_options.c \
	trainer/cli/asking_options.h \
	trainer/cli/cmd.h \
	trainer/cli/cmd_agent.c \
	trainer/cli/cmd_ask.c \
	trainer/cli/cmd_eval.c \
	trainer/cli/cmd_replay.c \
	trainer/cli/cmd_report.c \
	trainer/cli/cmd_sft.c \
	trainer/cli/cmd_train.c \
	trainer/cli/cmd_world.c \
	trainer/cli/options.c \
	trainer/cli/profile.c \
	trainer/cli/profile.h \
	trainer/dialogue/format.c \
	trainer/dialogue/format.h \
	trainer/dialogue/format_member.h \
	trainer/dialogue/roles.c \
	trainer/dialogue/roles.h \
	trainer/dialogue/roles_format.c \
	trainer/dialogue/rollout_log.c \
	trainer/dialogue/rollout_log.h \
	trainer/dialogue/trajectory.c \
	trainer/dialogue/trajectory.h \
	trainer/eval/asking.c \
	trainer/eval/asking.h \
	trainer/eval/play.c \
	trainer/eval/play.h \
	trainer/learn/advantage.c \
	trainer/learn/advantage.h \
	trainer/learn/align.c \
	trainer/learn/align.h \
	trainer/learn/demo_file.c \
	trainer/learn/demo_file.h \
	trainer/learn/learn.c \
	trainer/learn/learn.h \
	trainer/learn/reward.c \
	trainer/learn/reward.h \
	trainer/learn/sft.c \
	trainer/learn/sft.h \
	trainer/model/half.c \
	trainer/model/model_config.c \
	trainer/model/model_config.h \
	trainer/model/params.c \
	trainer/model/params.h \
	trainer/model/safetensors.c \
	trainer/model/safetensors.h \
	trainer/model/safetensors_write.c \
	trainer/policy/backward.c \
	trainer/policy/batch.c \
	trainer/policy/batch.h \
	trainer/policy/decode.c \
	trainer/policy/forward.c \
	trainer/policy/gradient.c \
	trainer/policy/policy.c \
	trainer/policy/policy.h \
	trainer/policy/policy_buffers.c \
	trainer/policy/policy_files.c \
	trainer/policy/policy_files.h \
	trainer/policy/policy_internal.h \
	trainer/policy/policy_ops.c \
	trainer/policy/policy_state.c \
	trainer/policy/prefix.c \
	trainer/policy/prefix.h \
	trainer/policy/score.c \
	trainer/question/judge.c \
	trainer/question/judge.h \
	trainer/question/question_draw.c \
	trainer/question/question_file.c \
	trainer/question/question_file.h \
	trainer/question/scorer.c \
	trainer/question/scorer.h \
	trainer/question/verdict.h \
	trainer/report/progress.c \
	trainer/report/progress.h \
	trainer/report/report.c \
	trainer/report/report.h \
	trainer/report/report_chart.c \
	trainer/report/report_dialogue.c \
	trainer/report/report_text.c \
	trainer/report/summary.c \
	trainer/report/summary.h \
	trainer/report/tell.c \
	trainer/report/tell.h \
	trainer/rollout/pending.c \
	trainer/rollout/pending.h \
	trainer/rollout/rollout.c \
	trainer/rollout/rollout.h \
	trainer/rollout/rollout_cache.c \
	trainer/rollout/rollout_config.c \
	trainer/rollout/rollout_config.h \
	trainer/rollout/rollout_internal.h \
	trainer/rollout/rollout_rules.c \
	trainer/run/config.c \
	trainer/run/config.h \
	trainer/run/config_keys.c \
	trainer/run/config_keys.h \
	trainer/run/config_plan.c \
	trainer/run/key.c \
	trainer/run/key.h \
	trainer/run/metrics.c \
	trainer/run/metrics.h \
	trainer/run/objective.c \
	trainer/run/objective.h \
	trainer/run/phase.c \
	trainer/run/phase.h \
	trainer/run/run_dir.c \
	trainer/run/run_dir.h \
	trainer/run/run_path.c \
	trainer/run/run_path.h \
	trainer/store/store.c \
	trainer/store/store.h \
	trainer/store/store_engine.h \
	trainer/store/store_rows.c \
	trainer/store/store_sqlite.c \
	trainer/store/store_sqlite.h \
	trainer/store/store_sqlite_phase.c \
	trainer/store/store_sqlite_queue.c \
	trainer/store/store_sqlite_row.c \
	trainer/tokenizer/tokenizer.c \
	trainer/tokenizer/tokenizer.h \
	trainer/tokenizer/tokenizer_bytes.c \
	trainer/tokenizer/tokenizer_internal.h \
	trainer/tokenizer/tokenizer_load.c \
	trainer/tokenizer/tokenizer_merge.c \
	trainer/tokenizer/tokenizer_model.c \
	trainer/tokenizer/tokenizer_regex.c \
	trainer/tokenizer/tokenizer_split.c \
	trainer/tokenizer/tokenizer_stage.c \
	trainer/tokenizer/tokenizer_table.c \
	trainer/tokenizer/tokenizer_vocab.c \
	trainer/tokenizer/vocabulary.c \
	trainer/tokenizer/vocabulary.h \
	trainer/tools/corpus.c \
	trainer/tools/corpus.h \
	trainer/tools/corpus_words.c \
	trainer/tools/corpus_words.h \
	trainer/tools/tool.c \
	trainer/tools/tool.h \
	trainer/tools/tool_corpus.c \
	trainer/tools/tool_exec.c \
	trainer/tools/tool_kind.h \
	trainer/tools/tool_schema.c \
	trainer/world/demo.c \
	trainer/world/demo.h \
	trainer/world/demo_internal.h \
	trainer/world/demo_main.c \
	trainer/world/demo_search.c \
	trainer/world/derive.c \
	trainer/world/facts.c \
	trainer/world/facts.h \
	trainer/world/page.c \
	trainer/world/question.c \
	trainer/world/question.h \
	trainer/world/substitute.c \
	trainer/world/substitute.h \
	trainer/world/template.c \
	trainer/world/text.c \
	trainer/world/text.h \
	trainer/world/world.c \
	trainer/world/world.h \
	trainer/world/write.c \
	trainer/world/write.h
trainer_libmgrpo_la_CPPFLAGS = $(mgrpo_cppflags)
trainer_libmgrpo_la_CFLAGS = $(mgrpo_cflags)
trainer_libmgrpo_la_LDFLAGS = $(base_ldflags)
trainer_libmgrpo_la_LIBADD = lib/libclgrpo.la $(OPENCL_LIBS) $(JANSSON_LIBS) $(SQLITE_LIBS) $(PCRE2_LIBS) $(CONFUSE_LIBS) \
	$(UV_LIBS) $(ZLIB_LIBS) -lm

mgrpo_SOURCES = trainer/cli/main.c
mgrpo_CPPFLAGS = $(mgrpo_cppflags)
mgrpo_CFLAGS = $(mgrpo_cflags)
mgrpo_LDFLAGS = $(base_ldflags)
mgrpo_LDADD = trainer/libmgrpo.la
