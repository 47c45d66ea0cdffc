# SPDX-License-Identifier: Apache-2.0
# Every kernel source is embedded into the library; kernels/units.tsv says which make up a unit.
EMBEDDED_UNITS = kernels/units.tsv
EMBEDDED_KERNELS = \
	kernels/common.cl

EXTRA_DIST += $(EMBEDDED_UNITS) $(EMBEDDED_KERNELS)
BUILT_SOURCES += kernels/sources.c
CLEANFILES += kernels/sources.c

kernels/sources.c: $(EMBEDDED_UNITS) $(EMBEDDED_KERNELS) tools/embed.sh
	$(AM_V_GEN)$(MKDIR_P) kernels && \
	list=; for f in $(EMBEDDED_KERNELS); do list="$$list $(srcdir)/$$f"; done; \
	sh $(srcdir)/tools/embed.sh $(srcdir)/$(EMBEDDED_UNITS) $$list >$@.tmp && mv $@.tmp $@
