/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_DOING_H
#define MGRPO_DOING_H

/*
 * What a command is at, for people who wait: a line on standard error after two seconds, which on a terminal is written
 * anew each second, and elsewhere again after half a minute. A thread writes it, so that it comes while a kernel is
 * compiled, too. Before mg_doing_begin() and after mg_doing_end() the others do nothing.
 */
void mg_doing_begin(const char *command);
/* What it is at from now on. */
void mg_doing(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Nothing that needs a line, for the command prints by itself: the line is taken away. */
void mg_doing_hide(void);
void mg_doing_end(void);

#endif
