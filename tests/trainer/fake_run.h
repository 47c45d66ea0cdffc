/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_FAKE_RUN_H
#define MGRPO_TESTS_FAKE_RUN_H

#include <stddef.h>

/*
 * The folder of a run that never ran, on the tokenizer of fake_policy.h: an evaluation, FAKE_RUN_STEPS train steps, an
 * evaluation. Of its two held-out questions "Known?" is right before and after, the other is learnt: after, it has one
 * subtask.
 */
enum { FAKE_RUN_STEPS = 5 };

/* Makes folder/run and what it needs; asserts that it can. */
void fake_run_write(const char *folder);
/* Removes all of it, report.html included. */
void fake_run_remove(const char *folder);
/* folder/run/side/name */
void fake_run_path(char *path, size_t room, const char *folder, const char *side, const char *name);

#endif
