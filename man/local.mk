# SPDX-License-Identifier: Apache-2.0
dist_man_MANS = \
	man/clgrpo-bench.1 \
	man/clgrpo-info.1 \
	man/clgrpo-tune.1 \
	man/clgrpo-tuning.5 \
	man/clgrpo.3 \
	man/clgrpo_advantage.3 \
	man/clgrpo_attention.3 \
	man/clgrpo_context.3 \
	man/clgrpo_gemm.3 \
	man/clgrpo_layer.3 \
	man/clgrpo_linear_logprob.3 \
	man/clgrpo_optim.3 \
	man/clgrpo_policy_loss.3 \
	man/clgrpo_prepare.3 \
	man/clgrpo_profile.3 \
	man/clgrpo_sample.3 \
	man/clgrpo_tensor.3 \
	man/mgrpo-agent.1 \
	man/mgrpo-ask.1 \
	man/mgrpo-corpus.5 \
	man/mgrpo-demos.5 \
	man/mgrpo-eval.1 \
	man/mgrpo-export.1 \
	man/mgrpo-hosts.7 \
	man/mgrpo-judge.7 \
	man/mgrpo-model.5 \
	man/mgrpo-objectives.7 \
	man/mgrpo-questions.5 \
	man/mgrpo-replay.1 \
	man/mgrpo-report.1 \
	man/mgrpo-run.5 \
	man/mgrpo-sft.1 \
	man/mgrpo-show.1 \
	man/mgrpo-store.5 \
	man/mgrpo-tokenizer.5 \
	man/mgrpo-tool.1 \
	man/mgrpo-tools.7 \
	man/mgrpo-train.1 \
	man/mgrpo-world.1 \
	man/mgrpo.1 \
	man/mgrpo.conf.5

# Each function is found by its own name: pages of one line lead to the page that describes it.
EXTRA_DIST += tools/man-aliases.sh
man_aliases = pages=; for p in $(dist_man_MANS); do case $$p in *.3) pages="$$pages $(srcdir)/$$p" ;; esac; done; \
	$(SHELL) $(srcdir)/tools/man-aliases.sh $$pages
install-data-hook:
	$(AM_V_GEN)$(man_aliases) | while read -r name page; do \
	    echo ".so man3/$$page.3" >"$(DESTDIR)$(man3dir)/$$name.3" && chmod 644 "$(DESTDIR)$(man3dir)/$$name.3" || exit 1; done
uninstall-hook:
	$(AM_V_GEN)$(man_aliases) | while read -r name page; do rm -f "$(DESTDIR)$(man3dir)/$$name.3"; done
