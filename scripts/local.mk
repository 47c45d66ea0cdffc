# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	scripts/build.sh \
	scripts/check \
	scripts/check-dist \
	scripts/check-sanitize \
	scripts/count-transactions \
	scripts/estimate-devices.tsv \
	scripts/fuzz \
	scripts/make-facts \
	scripts/make-tokenizer \
	scripts/make-tokenizer-golden \
	scripts/make-warm-start \
	scripts/packages \
	scripts/portability \
	scripts/profile-kernel \
	scripts/quickstart \
	scripts/static-devices.tsv \
	scripts/static-report \
	scripts/facts/__init__.py \
	scripts/facts/cldr.py \
	scripts/facts/countries.py \
	scripts/facts/entity.py \
	scripts/facts/fold.py \
	scripts/facts/places.py \
	scripts/facts/sources.py \
	scripts/facts/things.py \
	scripts/facts/wordnet.py \
	scripts/transactions/__init__.py \
	scripts/transactions/banks.py \
	scripts/transactions/cases.py \
	scripts/transactions/estimate.py \
	scripts/transactions/model.py

# Rebuilds the fact table from the Debian packages that it came from and compares; FACTS_ROOT is where they are unpacked.
FACTS_ROOT = /
.PHONY: check-sanitize count-transactions data-check format fuzz lib-suites portability static-report
data-check:
	$(srcdir)/scripts/make-facts --root $(FACTS_ROOT) atlas.check.gz
	cmp atlas.check.gz $(srcdir)/data/atlas.facts.gz
	rm -f atlas.check.gz

format:
	cd $(srcdir) && $(CLANG_FORMAT) -i lib/*.[ch] trainer/*/*.[ch] bench/*.[ch] bench/*/*.[ch] reference/*.[ch] names/*.[ch] tests/*/*.[ch] examples/*.c

# Every reader of foreign files under libFuzzer with sanitizers, FUZZ_SECONDS each; check-sanitize: before that, suites under the same ones.
FUZZ_SECONDS = 60
fuzz:
	CLGRPO_BUILD='$(abs_top_builddir)' $(srcdir)/scripts/fuzz $(FUZZ_SECONDS)

check-sanitize:
	CLGRPO_BUILD='$(abs_top_builddir)' $(srcdir)/scripts/check-sanitize $(FUZZ_SECONDS)

# The OpenCL suites on every implementation that is here; PORTABILITY_FLAGS = --fetch gets two more.
PORTABILITY_FLAGS =
lib-suites:
	@echo $(lib_suites)

portability: all $(check_PROGRAMS)
	OCLGRIND='$(OCLGRIND)' $(srcdir)/scripts/portability --obj $(abs_top_builddir) $(PORTABILITY_FLAGS)

# Registers, spills and occupancy of the simt kernels on GPUs that need not be here: clang with libclc, and ptxas from PATH or PTXAS=.
static-report:
	$(srcdir)/scripts/static-report

# What the simt kernels move, counted by Oclgrind against their models, bank conflicts of local memory, and estimates for GPUs.
count-transactions: all
	OCLGRIND='$(OCLGRIND)' $(srcdir)/scripts/count-transactions --lib $(abs_top_builddir)/lib/.libs/libclgrpo.so.0
