/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_CONFIG_CASE_H
#define TESTS_CONFIG_CASE_H

#include "run/config.h"
#include "suite.h"

#define HEAD   "corpus = c.db\nquestions = q.jsonl\ntokenizer = /t.json\n"
#define ROOT   "agent main {\n model = m\n calls = {search}\n}\n"
#define MODELS ROOT "agent search {\n model = s\n}\n"

/* A configuration file in a folder of its own, which config_end() removes: nothing else may be left in it. */
extern char config_folder[64], config_file[96];
void config_begin(void);
void config_end(void);

/* Writes the file and reads it. */
enum mg_status config_load_bytes(const void *bytes, size_t len, struct mg_config *c);
void config_loads(const char *text, struct mg_config *c);
/* Must fail, and its sentence must hold the file with `place` behind it, and the other parts. */
void config_refuses(const char *text, const char *place, const char *what, const char *value);
/* The same of a line behind HEAD MODELS, which is named by its number. */
void config_refuses_line(const char *line, const char *what, const char *value);

#endif
