/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the page. */
#ifndef CLGRPO_BENCH_HTML_H
#define CLGRPO_BENCH_HTML_H

#include "measure/bench.h"

/* The text with markup characters escaped. */
void html_text(FILE *f, const char *text);

/* The charts, each an <svg> element that scales with the page, or nothing if there is nothing to draw. */
void html_roofline(FILE *f, const struct bench *b);
void html_bars(FILE *f, const struct bench *b, unsigned group);
void html_scaling(FILE *f, const struct bench *b);

#endif
