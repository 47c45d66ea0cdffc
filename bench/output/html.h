/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLGRPO_BENCH_HTML_H
#define CLGRPO_BENCH_HTML_H

#include "measure/bench.h"

/* Text into a page: markup characters escaped. */
void bench_html_text(FILE *f, const char *text);

/* The charts, each an <svg> element that scales with the page; nothing is drawn where there is nothing to draw. */
void bench_html_roofline(FILE *f, const struct bench *b);
void bench_html_bars(FILE *f, const struct bench *b, unsigned group);
void bench_html_scaling(FILE *f, const struct bench *b);

#endif
