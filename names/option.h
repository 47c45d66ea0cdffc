/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NAMES_OPTION_H
#define NAMES_OPTION_H

#include <getopt.h>

/*
 * Why getopt_long refused an argument, as a sentence without its end: "--jsn is not an option; did you mean --json?",
 * "--run lacks its value". To be asked at once after it gave `got`, '?' or ':'; opterr is 0 and the letters begin with
 * a colon. `options` are those that it was given, `argument` is argv[optind - 1], `letter` is optopt.
 */
struct names_refusal {
    char text[160];
};
struct names_refusal names_option_refused(const struct option *options, const char *argument, int got, int letter);

#endif
