# SPDX-License-Identifier: Apache-2.0
# What programs say of a name that there is not: an option, a command, a key.
noinst_LTLIBRARIES += names/libnames.la
names_libnames_la_SOURCES = \
	names/nearest.c \
	names/nearest.h \
	names/option.c \
	names/option.h
