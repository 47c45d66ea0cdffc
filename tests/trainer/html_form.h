/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MGRPO_TESTS_HTML_FORM_H
#define MGRPO_TESTS_HTML_FORM_H

/* Asserts that every element of a page that opens closes, in order; what needs no end has none. */
void html_is_well_formed(const char *text);

#endif
